"""Statements are kept up to date: of a month as its tax bills come, of a day once, after it has ended.

| failure | result |
| --- | --- |
| the outbox cannot be written, or does not answer | `statements:ENTERPRISE` (CEBD-1742); tried again after growing pauses |
| both workbooks are open | `statements:ENTERPRISE` (CEBD-1749), for the operator |
| it cannot be made | `statements:ENTERPRISE` (CEBD-1743); tried again after growing pauses |
| the settings lack the enterprise | left as it is until they have it again |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.child.failures import reason_of
from cebd.clock import CST, Clock
from cebd.disk.system import where_and_why
from cebd.problems.problem import problem
from cebd.receipts.publishing.outbox import BothInUse
from cebd.receipts.statements.taking_bills import take_up_bills
from cebd.receipts.statements.turns import Turns
from cebd.receipts.statements.writing import may_be_written, place_of, write_statement
from cebd.store.conditions import Conditions, Party
from cebd.store.statements.books import (
    StatementId,
    StatementKind,
    days_with_files,
    latest_closed,
    statements_behind,
    want_statement,
)
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_AFTER_MIDNIGHT = timedelta(minutes=30)  # the last receipts of a day come after it
_DAYS_BACK = 31  # a station that stood still for longer gives up on what was before
_REST_FOR_WORK = 10  # a workbook that takes a second to write is written every ten seconds at most
_KEY = "statements:"


class Statements:
    """Keeps the statements of all enterprises, each apart. Called by a single thread at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        folders: Mapping[str, Path],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folders` by enterprise."""
        self._store = store
        self._clock = clock
        self._folders = folders
        self._now = now
        self._apart = Apart("write statements", patience=0.0)
        self._asked_before = ""
        self._turns = Turns(_KEY, conditions, now)

    def look(self, patience: float | None = None) -> bool:
        """Take up new tax bills, ask for the statements of days that have ended, write what is behind; whether something is left.

        `patience`: for how many seconds the others wait for an outbox that takes long.
        """
        more = take_up_bills(self._store)
        self._want_days()
        with self._store.read() as transaction:
            behind = [one for one in statements_behind(transaction) if one.enterprise in self._folders]
        due = [one for one in behind if self._turns.is_due(one)]
        by_enterprise: dict[str, list[StatementId]] = {}
        for one in due:
            by_enterprise.setdefault(one.enterprise, []).append(one)
        works = {name: partial(self._write_all, some) for name, some in by_enterprise.items()}
        under_way = self._apart.in_turn(works, patience=patience)
        for gone in set(self._turns.wrong()) - set(behind):
            self._turns.forget(gone)
        self._turns.note_conditions()
        return bool(more or behind or under_way)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose statements are being written, and for how many seconds."""
        return self._apart.at_it()

    def _want_days(self) -> None:
        """Ask for the statement of every day that has ended since the last one, once.

        Killed before the day is asked for, the next look asks; killed after it, the statement is behind and is written.
        """
        now = self._clock.now().astimezone(CST)
        before = f"{(now - _AFTER_MIDNIGHT).date()}"
        if before == self._asked_before:
            return
        first = f"{now.date() - timedelta(days=_DAYS_BACK)}"
        before_yesterday = f"{now.date() - timedelta(days=2)}"  # of a station that begins with it
        wanted = []
        with self._store.read() as transaction:
            for enterprise in self._folders:
                kind = StatementKind.RECONCILIATION
                latest = latest_closed(transaction, enterprise, kind)
                after = max(first, latest if latest is not None else before_yesterday)
                days = days_with_files(transaction, enterprise, after, before)
                wanted += [StatementId(enterprise, kind, day) for day in days]
        if wanted:
            with self._store.write() as transaction:
                for one in wanted:
                    want_statement(transaction, one, closed=True)
        self._asked_before = before

    def _write_all(self, statements: list[StatementId]) -> None:
        for one in statements:
            self._write(one)

    def _write(self, wanted: StatementId) -> None:
        folder = self._folders[wanted.enterprise]
        began = self._now()
        name = "/".join(place_of(wanted)) + ".xlsx"
        try:
            if not may_be_written(self._store, wanted, folder, self._clock):
                return
            path = write_statement(self._store, wanted, folder, self._clock)
        except BothInUse:
            self._turns.failed(wanted, problem("CEBD-1749", value=name), Party.OPERATOR)
        except OSError as error:
            failure = problem("CEBD-1742", value=str(folder / "outbox"), reason=where_and_why(error))
            self._turns.failed(wanted, failure, Party.ADMINISTRATOR)
        except Exception as error:
            log.exception("statement cannot be written; receipts are not affected", statement=name, id="CEBD-1743")
            self._turns.failed(wanted, problem("CEBD-1743", value=name, reason=reason_of(error)), Party.CEBD)
        else:
            self._turns.succeeded(wanted, _REST_FOR_WORK * (self._now() - began))
            log.info("statement published", enterprise=wanted.enterprise, file=str(path))
