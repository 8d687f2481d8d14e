"""Ledgers are kept up to date: `台账.xlsx` in each enterprise's folder, and `台账/2026-08.xlsx` for the months that it does not hold.

| the workbook | then |
| --- | --- |
| nothing became of its files since it was written | it is left as it is, and not looked at |
| is open | it stays, and is written at a later look; no other name is used meanwhile |
| was changed by a person | theirs becomes `台账/台账 (修改于 11-26 0930).xlsx`; the new one takes the name |
| cannot be written, or made | `ledger:ENTERPRISE` (CEBD-1760); tried again after growing pauses |

One is written at most every twenty times as long as it took; a large one is made in a process of its own (`apart/`). Killed before the name
is given, the next look writes it again; killed after it, its digest is known already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.child.failures import reason_of
from cebd.clock import CST, Clock
from cebd.disk.entering import open_folder
from cebd.disk.folder import temporary_name
from cebd.disk.system import sync_folder, where_and_why
from cebd.problems.problem import problem
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.outbox import Books, InUse
from cebd.receipts.statements.ledger_scope import count_rows, latest_marks, month_marks
from cebd.receipts.statements.making import LARGE_ROWS, StatementTask, make_apart, make_here
from cebd.receipts.statements.turns import Turns
from cebd.store.conditions import Conditions, Party
from cebd.store.published import PublishedBooks
from cebd.store.statements.books import LATEST, StatementId, StatementKind
from cebd.store.statements.ledger import NEVER_WRITTEN, remember_ledger, written_ledgers
from cebd.store.store import Store

log = structlog.get_logger("cebd")

LEDGER = "台账"
_MONTHS_EVERY_SECONDS = 3600.0  # what came long ago changes seldom
_REST_FOR_WORK = 20
_LEAST_REST_SECONDS = 10.0
_OPEN_SECONDS = 30.0
_KEY = "ledger:"


@dataclass(frozen=True)
class LedgerWish:
    """How the ledgers of a station are put (`ledger_book.LedgerForm`); `large_rows`: from so many on they are made apart."""

    language: Language = "zh"
    return_days: int = 30
    large_rows: int = LARGE_ROWS


class Ledgers:
    """Keeps the ledgers of all enterprises, each apart. Called by a single thread at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        folders: Mapping[str, Path],
        wish: LedgerWish | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folders` by enterprise."""
        self._store, self._clock, self._folders = store, clock, folders
        self._wish = wish or LedgerWish()
        self._now = now
        self._apart = Apart("write ledgers", patience=0.0)
        self._months_at: dict[str, float] = {}
        self._turns = Turns(_KEY, conditions, now)

    def look(self, patience: float | None = None) -> bool:
        """Write the ledgers that are behind; whether something is left. `patience`: see `Statements.look`."""
        if not self._folders:
            return False
        works, waiting = {}, False
        with self._store.read() as transaction:
            latest = latest_marks(transaction, self._today())
        for enterprise in self._folders:
            behind = self._behind(enterprise, latest.get(enterprise, 0))
            due = {one: mark for one, mark in behind.items() if self._turns.is_due(one)}
            waiting = waiting or bool(behind)
            if due:
                works[enterprise] = partial(self._write_all, due)
        under_way = self._apart.in_turn(works, patience=patience)
        self._turns.note_conditions()
        return waiting or bool(under_way)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose ledgers are being written, and for how many seconds."""
        return self._apart.at_it()

    def _today(self) -> date:
        return self._clock.now().astimezone(CST).date()

    def _behind(self, enterprise: str, latest: int) -> dict[StatementId, int]:
        """The ledgers of the enterprise of which the store knows more than they say, each with its mark; `latest`: of the latest."""
        of_months = self._now() >= self._months_at.get(enterprise, 0.0)
        with self._store.read() as transaction:
            others = month_marks(transaction, enterprise, self._today()) if of_months else {}
            written = written_ledgers(transaction, enterprise)
        wanted = {LATEST: latest} | others
        behind = {
            StatementId(enterprise, StatementKind.LEDGER, period): mark
            for period, mark in wanted.items()
            if mark and written.get(period, NEVER_WRITTEN).mark != mark
        }
        if of_months and behind.keys() <= {StatementId(enterprise, StatementKind.LEDGER, LATEST)}:
            self._months_at[enterprise] = self._now() + _MONTHS_EVERY_SECONDS
        for one in self._turns.wrong():
            if one.enterprise == enterprise and one.period in wanted and one not in behind:
                self._turns.forget(one)
        return behind

    def _write_all(self, behind: Mapping[StatementId, int]) -> None:
        for wanted, mark in behind.items():
            self._write(wanted, mark)

    def _write(self, wanted: StatementId, mark: int) -> None:
        folder, began = self._folders[wanted.enterprise], self._now()
        name = f"{LEDGER}.xlsx" if wanted.period == LATEST else f"{LEDGER}/{wanted.period}.xlsx"
        try:
            is_written = self._write_into(folder, wanted, mark)
        except OSError as error:
            failure = problem("CEBD-1760", value=name, reason=where_and_why(error))
            self._turns.failed(wanted, failure, Party.ADMINISTRATOR)
        except Exception as error:
            log.exception("ledger cannot be written; receipts are not affected", ledger=name, id="CEBD-1760")
            self._turns.failed(wanted, problem("CEBD-1760", value=name, reason=reason_of(error)), Party.CEBD)
        else:
            took = self._now() - began
            rest = max(_LEAST_REST_SECONDS, _REST_FOR_WORK * took) if is_written else _OPEN_SECONDS
            self._turns.succeeded(wanted, rest)
            if is_written:
                log.info("ledger written", enterprise=wanted.enterprise, file=name)

    def _write_into(self, folder: Path, wanted: StatementId, mark: int) -> bool:
        """Write the ledger; False where it is open. Raises OSError, ChildEnded, ChildBroke."""
        now = self._clock.now().astimezone(CST)
        with self._store.read() as transaction:
            written = written_ledgers(transaction, wanted.enterprise).get(wanted.period, NEVER_WRITTEN)
            rows = count_rows(transaction, wanted, now.date())
        path, stem = (folder, LEDGER) if wanted.period == LATEST else (folder / LEDGER, wanted.period)
        with open_folder(path, folder) as opened:
            books = Books(opened, stem, PublishedBooks(written.digests), None, now, word="")
            if books.is_open(books.name) or not opened.may_be_replaced(books.name):
                return False
            how = f"{now:%Y-%m-%d %H:%M}", self._wish.language, self._wish.return_days
            task = StatementTask(wanted, temporary_name(), books.name, *how)
            try:
                is_large = rows >= self._wish.large_rows
                made = make_apart(self._store, opened, task, rows) if is_large else make_here(self._store, opened, task)
                digests = PublishedBooks((*written.digests, made.digest))
                self._remember(wanted, written.mark, digests)  # killed after this, the file is still known as ours
                if books.is_open(books.name):
                    return False
                self._keep_changed(folder, books)
                opened.give_name(task.temporary, books.name)
            except (InUse, PermissionError, FileExistsError):
                if not self._is_open_elsewhere(books):
                    raise
                return False
            finally:
                with suppress(OSError):
                    opened.remove(task.temporary)
        sync_folder(path)
        self._remember(
            wanted, mark, PublishedBooks((made.digest,))
        )  # killed here, the same workbook is written once more
        return True

    def _remember(self, wanted: StatementId, mark: int, digests: PublishedBooks) -> None:
        with self._store.write() as transaction:
            remember_ledger(transaction, wanted, mark, digests)

    def _keep_changed(self, folder: Path, books: Books) -> None:
        """Bring a workbook that a person changed into the folder of ledgers. Raises OSError."""
        kept = books.kept_as(books.name)
        if kept is None:
            return
        with open_folder(folder / LEDGER, folder) as ledgers:
            books.folder.move_to(ledgers, books.name, kept)

    def _is_open_elsewhere(self, books: Books) -> bool:
        """Whether the system's refusal is that of a workbook in use: Windows gives it no other name."""
        return not books.folder.may_be_replaced(books.name)


__all__ = ["LEDGER", "LedgerWish", "Ledgers"]
