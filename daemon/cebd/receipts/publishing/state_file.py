"""`状态.txt` in each enterprise's folder: three lines on whether anything is wrong, since when, and what to do; with the time of writing.

For the operator: it names no command and no settings key, and says where the administrator must act. It is written when it changes and
every few minutes, so that its time tells whether cebd runs at all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.clock import Clock
from cebd.disk.entering import open_folder
from cebd.plain import one_line
from cebd.receipts.overdue import ALARM, OVERDUE
from cebd.receipts.publishing.book.remarks import NOT_REAL
from cebd.receipts.publishing.state_words import (
    IN_DOUBT,
    IN_SHORT,
    LISTS_HELD,
    MESSAGES_HELD,
    NO_RECEIPT,
    OF_CHANNELS,
    SLOW_RECEIPT,
    STOPPED,
    TO_BE_DECIDED,
    TO_DO,
    TO_WAIT,
    Texts,
    files_kept_back,
    waiting_for_the_card,
)
from cebd.records.states import MessageState
from cebd.store.across.counts import WaitingMessages, messages_waiting
from cebd.store.across.intervening.holding import HELD_BY_PERSON
from cebd.store.across.sending.order import WAITS_FOR_TURN
from cebd.store.conditions import PARTY_NAMES, PROGRESS, Condition, Conditions, Party
from cebd.store.safety.environment import environment_in
from cebd.store.store import Store
from cebd.store.tokens import holders, tokens_in_use

log = structlog.get_logger("cebd")

NAME = "状态.txt"
_WRITE_EVERY_SECONDS = 300.0
_LOOK_EVERY_SECONDS = 2.0
_OLD_MINUTES = 15
_OF_WAYS = (
    "signer:",
    "certificate:",
    "channel:",
    "client:",
)  # conditions that concern the enterprises which use that signer or channel


_FOLLOWS = "outbox:"  # receipts that cannot be written: of a folder that is not ours, or away, more is said itself


@dataclass(frozen=True, slots=True)
class Served:
    """An enterprise whose folder has a state file: `ways` are its signers and channels as conditions call them (`signer:a`).

    `previews`: how many files are kept back in its folder of previews; they are declared once they lie in the inbox's folder `way_on`, or
    in the inbox itself where that is None.
    """

    name: str
    folder: Path
    ways: frozenset[str]
    previews: int = 0
    way_on: str | None = None


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A trouble in the operator's words (Chinese, English)."""

    since: str  # ISO 8601
    what: Texts
    whose: Texts
    to_do: Texts


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
        self._looked = -_LOOK_EVERY_SECONDS
        self._stopped = False

    def write_changes(self) -> bool:
        """Write files that have changed or are a few minutes old. A folder that cannot be written is logged once.

        True when there is something left to be looked at or written.
        """
        if self._stopped:
            return False
        if time.monotonic() - self._looked < _LOOK_EVERY_SECONDS:
            return True
        self._looked = time.monotonic()
        served = self._served()
        wrong, note = self._asked(served)
        under_way = self._apart.in_turn({one.name: partial(self._write, one, wrong[one.name], note) for one in served})
        return bool(under_way or self._refused)

    def in_full(self, name: str) -> list[Texts]:
        """Every trouble of the enterprise, each in one line: what it is, since when, who deals with it, what to do. Raises StoreFault."""
        served = [one for one in self._served() if one.name == name]
        wrong, note = self._asked(served)
        lines = [
            (
                f"{entry.what[0]}　自：{_short(entry.since)}　由谁处理：{entry.whose[0]}　怎么办：{entry.to_do[0]}",
                f"{entry.what[1]}  Since: {_short(entry.since)}  Handled by: {entry.whose[1]}  To do: {entry.to_do[1]}",
            )
            for entry in wrong.get(name, [])
        ]
        more = [(files_kept_back(one.previews, one.way_on), self._progress(one)) for one in served]
        return (lines or [(f"一切正常{note}", f"All is well{note}")]) + [
            texts for both in more for texts in both if any(texts)
        ]

    def _progress(self, served: Served) -> Texts:
        """How far the enterprise's long work is; empty where there is none."""
        notes = [
            condition.problem
            for condition in self._conditions.current()
            if condition.key.startswith(PROGRESS) and _concerns(condition, served)
        ]
        return "".join(f"{note.zh}。" for note in notes), " ".join(f"{note.en}." for note in notes)

    def _asked(self, served: Collection[Served]) -> tuple[dict[str, list[_Wrong]], str]:
        """The troubles of each of them as of now, and the note that nothing is real here."""
        conditions = self._conditions.current()
        with self._store.read() as transaction:
            environment = environment_in(transaction)
            waiting = messages_waiting(transaction)
            holder_of = {f"signer:{name}": holder for name, holder in holders(tokens_in_use(transaction)).items()}
        wrong = {one.name: _wrong(one, conditions, waiting, holder_of) for one in served}
        return wrong, NOT_REAL.get(environment or "", "")

    def at_it(self) -> dict[str, float]:
        """The enterprises whose state files are being written, and for how many seconds."""
        return self._apart.at_it()

    def say_stopped(self) -> None:
        """Write that the daemon has stopped; nothing is written after that."""
        self._stopped = True
        at = _shown(self._clock.now())
        text = self._text([(zh.format(at=at), en.format(at=at)) for zh, en in STOPPED])
        self._apart.in_turn({served.name: partial(self._put, served, text) for served in self._served()})

    def _write(self, served: Served, wrong: list[_Wrong], note: str) -> None:
        zh, en = files_kept_back(served.previews, served.way_on)
        progress_zh, progress_en = self._progress(served)
        kept = zh + progress_zh, f"{en} {progress_en}".strip()
        state = repr((wrong, note, kept))
        written, at = self._written.get(served.name, ("", -_WRITE_EVERY_SECONDS))
        is_recent = time.monotonic() - at < _WRITE_EVERY_SECONDS
        if written == state and is_recent and os.path.lexists(served.folder / NAME):
            return
        if not self._stopped and self._put(served, self._text(_lines(wrong, note, kept, self._clock.now()))):
            self._written[served.name] = (state, time.monotonic())

    def _put(self, served: Served, text: str) -> bool:
        try:
            with open_folder(served.folder, served.folder) as folder:
                # With a mark and Windows line ends: every Notepad shows it as it is.
                folder.write(NAME, text.replace("\n", "\r\n").encode("utf-8-sig"))
        except OSError as error:
            if served.name not in self._refused:
                self._refused.add(served.name)
                log.warning("the state file cannot be written", enterprise=served.name, reason=str(error))
            return False
        self._refused.discard(served.name)
        return True

    def _text(self, texts: Collection[tuple[str, str]]) -> str:
        zh = "\n".join(one_line(text) for text, _ in texts) + "\n"
        en = "\n".join(one_line(text) for _, text in texts) + "\n"
        return {"zh": zh, "en": en}.get(self._language, zh + en)


def _lines(wrong: list[_Wrong], note: str, kept: Texts, now: datetime) -> list[tuple[str, str]]:
    at = _shown(now)
    old = (
        f"写于 {at}，每 5 分钟更新；时间停在 {_OLD_MINUTES} 分钟以前的，说明程序没有运行，请告知管理员。",
        f"Written {at}, updated every 5 minutes. If that is over {_OLD_MINUTES} minutes ago, cebd is not running: tell the administrator.",
    )
    if not wrong:
        return [
            (f"一切正常{note}", f"All is well{note}"),
            kept if any(kept) else ("没有要处理的事。", "Nothing to do."),
            old,
        ]
    first, more = wrong[0], len(wrong) - 1
    further = (f"（另有 {more} 件）", f" (and {more} more)") if more else ("", "")
    return [
        (f"有问题{note}：{first.what[0]}{further[0]}", f"Something is wrong{note}: {first.what[1]}{further[1]}"),
        (
            f"自：{_short(first.since)}　由谁处理：{first.whose[0]}　怎么办：{first.to_do[0]}{kept[0]}",
            f"Since: {_short(first.since)}  Handled by: {first.whose[1]}  To do: {first.to_do[1]} {kept[1]}".rstrip(),
        ),
        old,
    ]


def _wrong(
    served: Served, conditions: list[Condition], waiting: list[WaitingMessages], holder_of: Mapping[str, str]
) -> list[_Wrong]:
    """The troubles of the enterprise without notices, the most pressing first. `holder_of`: whose the card of each signer is."""
    of_served = [
        condition for condition in conditions if condition.problem.severity != "notice" and _concerns(condition, served)
    ]
    of_served.sort(key=_how_pressing)
    own = [messages for messages in waiting if messages.enterprise == served.name]
    unsigned = sum(messages.number for messages in own if messages.state is MessageState.READY)
    holder = next((holder_of[way] for way in sorted(served.ways) if holder_of.get(way)), "")
    card = waiting_for_the_card(unsigned, holder) if unsigned else IN_SHORT["signer:"]
    wrong = [_in_her_words(condition, card) for condition in of_served]
    texts = {entry.what for entry in wrong}
    return wrong + [entry for entry in _waiting(own, card) if entry.what not in texts]


def _how_pressing(condition: Condition) -> tuple[bool, bool, str]:
    """Those that the operator can end come first, then a cause before what follows from it, then the oldest."""
    return condition.party is not Party.OPERATOR, condition.key.startswith(_FOLLOWS), condition.since


def _concerns(condition: Condition, served: Served) -> bool:
    """Whether the condition concerns the enterprise, everybody, or users of its signer or channel."""
    if condition.enterprise is not None:
        return condition.enterprise == served.name
    key = condition.key.removeprefix(PROGRESS)
    way = key.replace("certificate:", "signer:", 1).replace("client:", "channel:", 1)
    return not key.startswith(_OF_WAYS) or way in served.ways or key.count(":") > 1


def _in_her_words(condition: Condition, card: Texts) -> _Wrong:
    """`card`: what is said of a signer that cannot be used."""
    problem, party = condition.problem, condition.party
    what = (problem.zh, problem.en)
    to_do = TO_DO.get(party, (problem.fix_zh, problem.fix_en))
    if party is not Party.OPERATOR:
        words = {**IN_SHORT, "signer:": card}
        what = next((texts for begin, texts in words.items() if condition.key.startswith(begin)), what)
        if condition.key.startswith("channel:"):
            _, what = OF_CHANNELS.get(problem.id, (party, what))
    return _Wrong(condition.since, what, PARTY_NAMES[party], to_do)


def _waiting(waiting: list[WaitingMessages], card: Texts) -> list[_Wrong]:
    """The reasons why the messages of an enterprise wait, where these are no conditions."""
    by_reason: dict[Texts, _Wrong] = {}
    for messages in waiting:
        if messages.reason in WAITS_FOR_TURN:
            continue  # all is well: their turn comes
        if messages.state is MessageState.READY:
            party, what = Party.TOKEN, card
        elif messages.state is MessageState.HELD:
            by_person = messages.reason == HELD_BY_PERSON
            party, what = Party.ADMINISTRATOR, MESSAGES_HELD if by_person else LISTS_HELD
        elif messages.state is MessageState.SIGNED:
            party, what = OF_CHANNELS.get(messages.reason, (Party.NETWORK, IN_SHORT["channel:"]))
        elif messages.reason == ALARM:
            party, what = Party.CUSTOMS, NO_RECEIPT
        elif messages.reason == OVERDUE:
            party, what = Party.E_PORT, SLOW_RECEIPT
        elif messages.state is MessageState.ASKED:
            party, what = Party.ADMINISTRATOR, TO_BE_DECIDED
        else:
            party, what = Party.CEBD, IN_DOUBT
        since = min(messages.since, by_reason[what].since) if what in by_reason else messages.since
        to_do = TO_WAIT if what is SLOW_RECEIPT else TO_DO[party]
        by_reason[what] = _Wrong(since, what, PARTY_NAMES[party], to_do)
    return list(by_reason.values())


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _short(since: str) -> str:
    return since[:16].replace("T", " ")
