"""`状态.txt` in each enterprise's folder: in three lines whether anything is wrong, since when, and what to do; and when that was written.

For the operator: no command and no settings key stands in it. What is the administrator's matter is called so. It is written when it
changes and every few minutes, so that its time tells whether cebd runs at all.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, func, select

from cebd.apart import Apart
from cebd.clock import Clock
from cebd.disk import open_folder
from cebd.plain import one_line
from cebd.receipts.publishing.remarks import NOT_REAL
from cebd.receipts.publishing.state_words import IN_DOUBT, IN_SHORT, NO_RECEIPT, STOPPED, TO_BE_DECIDED, TO_DO, WHOSE
from cebd.store.conditions import Condition, Conditions, Party
from cebd.store.store import Store
from cebd.store.tables import about, messages
from cebd.store.undecided import ASKED

log = structlog.get_logger("cebd")

NAME = "状态.txt"
WRITTEN_EVERY = 300.0  # seconds
_LOOKED_EVERY = 2.0
_OLD = 15  # minutes
_BROUGHT_BY = ("signer:", "channel:")  # concern the enterprises that use them


@dataclass(frozen=True, slots=True)
class Served:
    """An enterprise whose folder has a state file: `ways` are its signers and channels as conditions call them (`signer:a`)."""

    name: str
    folder: Path
    ways: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """One thing that is not as it should be, in the operator's words (Chinese, English)."""

    since: str
    what: tuple[str, str]
    whose: tuple[str, str]
    to_do: tuple[str, str]


class StateFiles:
    """Keeps the state files of all enterprises, each apart."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        served: Callable[[], Collection[Served]],
        language: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._served = served
        self._language = language
        self._written: dict[str, tuple[str, float]] = {}
        self._refused: set[str] = set()
        self._apart = Apart("state file")
        self._looked = -_LOOKED_EVERY
        self._stopped = False

    def write_changes(self) -> None:
        """Write what has changed or is a few minutes old. A folder that cannot be written is said once."""
        if self._stopped or time.monotonic() - self._looked < _LOOKED_EVERY:
            return
        self._looked = time.monotonic()
        standing = self._conditions.current()
        with self._store.read() as connection:
            environment = connection.execute(select(about.c.value).where(about.c.name == "environment")).scalar()
            waiting = _waiting(connection)
        note = NOT_REAL.get(environment or "", "")
        self._apart.in_turn(
            {
                one.name: partial(self._write, one, _wrong(one, standing, waiting.get(one.name, [])), note)
                for one in self._served()
            }
        )

    def at_it(self) -> dict[str, float]:
        """The enterprises whose state files are being written, and for how many seconds."""
        return self._apart.at_it()

    def say_stopped(self) -> None:
        """The daemon ends: the last word, until it runs again."""
        self._stopped = True
        at = _shown(self._clock.now())
        text = self._text([(zh.format(at=at), en.format(at=at)) for zh, en in STOPPED])
        self._apart.in_turn({one.name: partial(self._put, one, text) for one in self._served()})

    def _write(self, one: Served, wrong: list[_Wrong], note: str) -> None:
        said = (repr(wrong), note)
        known, at = self._written.get(one.name, ("", -WRITTEN_EVERY))
        if known == repr(said) and time.monotonic() - at < WRITTEN_EVERY and os.path.lexists(one.folder / NAME):
            return
        if not self._stopped and self._put(one, self._text(_lines(wrong, note, self._clock.now()))):
            self._written[one.name] = (repr(said), time.monotonic())

    def _put(self, one: Served, text: str) -> bool:
        try:
            with open_folder(one.folder, one.folder) as folder:
                # With a mark and Windows line ends: every Notepad shows it as it is.
                folder.write(NAME, text.replace("\n", "\r\n").encode("utf-8-sig"))
        except OSError as error:
            if one.name not in self._refused:
                self._refused.add(one.name)
                log.warning("the state file cannot be written", enterprise=one.name, reason=str(error))
            return False
        self._refused.discard(one.name)
        return True

    def _text(self, texts: Collection[tuple[str, str]]) -> str:
        zh = "\n".join(one_line(text) for text, _ in texts) + "\n"
        en = "\n".join(one_line(text) for _, text in texts) + "\n"
        return {"zh": zh, "en": en}.get(self._language, zh + en)


def _lines(wrong: list[_Wrong], note: str, now: datetime) -> list[tuple[str, str]]:
    at = _shown(now)
    old = (
        f"写于 {at}，每 5 分钟更新；时间停在 {_OLD} 分钟以前的，说明程序没有运行，请告知管理员。",
        f"Written {at}, anew every 5 minutes: when that is over {_OLD} minutes ago, cebd does not run; tell the administrator.",
    )
    if not wrong:
        return [
            (f"一切正常{note}", f"All is well{note}"),
            ("没有要处理的事。", "Nothing is to be done."),
            old,
        ]
    first, more = wrong[0], len(wrong) - 1
    further = (f"（另有 {more} 件）", f" (and {more} more)") if more else ("", "")
    return [
        (f"有问题{note}：{first.what[0]}{further[0]}", f"Something is wrong{note}: {first.what[1]}{further[1]}"),
        (
            f"自：{_short(first.since)}　由谁处理：{first.whose[0]}　怎么办：{first.to_do[0]}",
            f"Since: {_short(first.since)}  Whose matter: {first.whose[1]}  To do: {first.to_do[1]}",
        ),
        old,
    ]


def _wrong(one: Served, standing: list[Condition], waiting: list[_Wrong]) -> list[_Wrong]:
    """What is wrong for the enterprise, notices left out; what she can end herself comes first, then the longest standing."""
    mine = [
        condition
        for condition in standing
        if condition.problem.severity != "notice"
        and (
            condition.enterprise == one.name
            or (
                condition.enterprise is None
                and (
                    not condition.key.startswith(_BROUGHT_BY)
                    or condition.key in one.ways
                    or condition.key.count(":") > 1
                )
            )
        )
    ]
    mine.sort(key=lambda condition: (condition.party is not Party.OPERATOR, condition.since))
    said = [_in_her_words(condition) for condition in mine]
    known = {found.what for found in said}
    return said + [found for found in waiting if found.what not in known]


def _in_her_words(condition: Condition) -> _Wrong:
    found, party = condition.problem, condition.party
    what = (found.zh, found.en)
    to_do = TO_DO.get(party, (found.fix_zh, found.fix_en))
    if party is not Party.OPERATOR:
        what = next((texts for begin, texts in IN_SHORT.items() if condition.key.startswith(begin)), what)
    return _Wrong(condition.since, what, WHOSE[party], to_do)


def _waiting(connection: Connection) -> dict[str, list[_Wrong]]:
    """By enterprise what its messages wait for, where that is no condition of its own."""
    query = (
        select(messages.c.enterprise, messages.c.state, messages.c.waiting, func.min(messages.c.created).label("since"))
        .where(messages.c.waiting.is_not(None))
        .group_by(messages.c.enterprise, messages.c.state, messages.c.waiting)
    )
    found: dict[str, dict[tuple[str, str], _Wrong]] = {}
    for row in connection.execute(query):
        id_ = json.loads(row.waiting)["id"]
        if row.state == "ready":
            party, what = Party.TOKEN, IN_SHORT["signer:"]
        elif row.state == "signed":
            party, what = Party.NETWORK, IN_SHORT["channel:"]
        elif id_ == "CEBD-1703":
            party, what = Party.CUSTOMS, NO_RECEIPT
        elif row.state == ASKED:
            party, what = Party.ADMINISTRATOR, TO_BE_DECIDED
        else:
            party, what = Party.CEBD, IN_DOUBT
        before = found.setdefault(row.enterprise, {}).get(what)
        since = min(row.since, before.since) if before is not None else row.since
        found[row.enterprise][what] = _Wrong(since, what, WHOSE[party], TO_DO[party])
    return {name: list(some.values()) for name, some in found.items()}


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _short(since: str) -> str:
    return since[:16].replace("T", " ")
