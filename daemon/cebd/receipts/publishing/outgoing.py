"""Outgoing: outbox files that are behind the store are written; a failure delays nothing else, and `status` names it.

| failure | result |
| --- | --- |
| the outbox cannot be entered, or a file not written | `outbox:ENTERPRISE` (CEBD-1742); tried again after growing pauses |
| both workbooks of a drop are open | `outbox:ENTERPRISE` (CEBD-1749), for the operator |
| the process that makes a large receipt ends before its time | `outbox:ENTERPRISE` (CEBD-1743); tried again after growing pauses |
| anything else about one drop | the same; logged with its traceback once |
| the outbox does not answer | it alone waits; after half a minute `outbox:ENTERPRISE` (CEBD-1742) |
| the settings lack the enterprise | left as it is: its work is reported elsewhere |

A receipt is written as soon as there is one, and again when there is news. While messages of its drop are being signed and sent, each of
which is news, that is now and then. A large receipt is made in a process of its own (`apart/`), one at a time, and keeps no small one
waiting: not even of its own enterprise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import HUNG, Apart, NoAnswer
from cebd.child.failures import ChildEnded, reason_of
from cebd.clock import Clock
from cebd.disk.entering import open_folder
from cebd.disk.system import where_and_why
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.making import ReadSheets
from cebd.receipts.publishing.outbox import Books, BothInUse, open_folders
from cebd.receipts.publishing.places import place_of
from cebd.receipts.publishing.publish import MarksOf, publish
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import load_drop
from cebd.store.published import Owner, drops_behind, drops_with_a_book_aside, owners_of, published_books_of
from cebd.store.store import Store

log = structlog.get_logger("cebd")

FolderOf = Callable[[str], Path | None]  # an enterprise's folder, by its name; None when the settings lack it
LARGE_RECORDS = 3_000  # a receipt of so many is made apart; of fewer it takes less time than to start a process
_LONGEST_PAUSE_SECONDS = 60.0
_SWAPPING_EVERY_SECONDS = 2.0
_REST_UNDER_WAY_SECONDS = 30.0
_REST_FOR_WORK = 10  # a workbook that takes a second to write is written every ten seconds at most


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The latest attempt to publish a drop: when it ended and how long it took, in seconds; and how many failed in a row."""

    ended: float
    took: float
    failures: int = 0

    def is_due(self, now: float, is_under_way: bool, is_large: bool) -> bool:
        """A large workbook is written less often than a small one; after failures the pauses grow.

        The first one after a start takes long on a slow machine, whatever its size: it loads what makes workbooks.
        """
        for_work = _REST_FOR_WORK * self.took
        if not is_large:
            for_work = min(for_work, _REST_UNDER_WAY_SECONDS)
        rest = max(_REST_UNDER_WAY_SECONDS if is_under_way else 1.0, for_work)
        return now - self.ended >= (min(_LONGEST_PAUSE_SECONDS, 2.0**self.failures) if self.failures else rest)


class Outgoing:
    """Keeps the outbox files of all enterprises up to date, each separately. Called by a single thread at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        folder_of: FolderOf,
        read_sheets: ReadSheets,
        marks_of: MarksOf,
        large_records: int = LARGE_RECORDS,
        now: Callable[[], float] = time.monotonic,
        language: Language = "zh",
    ) -> None:
        self._store = store
        self._language = language
        self._clock = clock
        self._conditions = conditions
        self._folder_of = folder_of
        self._read_sheets = read_sheets
        self._marks_of = marks_of
        self._attempts: dict[DropId, _Attempt] = {}
        self._failing: dict[
            DropId, tuple[str, Problem, Party]
        ] = {}  # by drop: its enterprise, the problem, the party that deals with it
        self._logged: set[tuple[DropId, str]] = set()
        self._blocked: dict[str, Problem] = {}  # by enterprise: why its outbox cannot be entered
        self._large_records = large_records
        self._now = now
        self._small = Apart("publish")
        self._large = Apart("publish large receipts", patience=0.0)
        self._turn = threading.Lock()
        self._swapped = -_SWAPPING_EVERY_SECONDS

    def publish_changes(
        self, *, at_once: bool = False, stop: threading.Event | None = None, patience: float | None = None
    ) -> bool:
        """Write files that are behind, and swap workbooks that were set aside. `stop` ends it between two drops.

        Returns True when there were files to write; there may be more.

        `patience`: for how many seconds the other enterprises wait for an outbox that does not answer, or takes long.
        """
        swapping = at_once or self._now() - self._swapped > _SWAPPING_EVERY_SECONDS
        if swapping:
            self._swapped = self._now()
        with self._store.read() as transaction:
            behind = owners_of(transaction, drops_behind(transaction))
            waiting = owners_of(transaction, drops_with_a_book_aside(transaction)) if swapping else {}
        for drop_id in self._failing.keys() - behind.keys():
            self._failing.pop(drop_id, None)
        owners = waiting | behind
        for enterprise in self._blocked.keys() - {owner.enterprise for owner in owners.values()}:
            self._blocked.pop(enterprise, None)
        is_over = stop.is_set if stop is not None else bool
        under_way: dict[str, float] = {}
        for apart, is_large in ((self._large, True), (self._small, False)):
            works = {}
            for enterprise in dict.fromkeys(owner.enterprise for owner in owners.values()):
                drops = [drop_id for drop_id, owner in owners.items() if self._is_among(owner, enterprise, is_large)]
                to_write = {drop_id: behind[drop_id].is_under_way for drop_id in drops if drop_id in behind}
                to_swap = [drop_id for drop_id in drops if drop_id not in behind]
                if drops or not is_large:  # whether its outbox can be entered is asked in any case
                    works[enterprise] = partial(
                        self._publish_all, enterprise, to_write, to_swap, is_large, at_once, is_over
                    )
            under_way |= apart.in_turn(works, patience=patience)
        self._note_conditions()
        return bool(owners or under_way or not swapping)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose outboxes are being written, and for how many seconds."""
        small, large = self._small.at_it(), self._large.at_it()
        return {name: max(small.get(name, 0.0), large.get(name, 0.0)) for name in small | large}

    def _is_among(self, owner: Owner, enterprise: str, is_large: bool) -> bool:
        return owner.enterprise == enterprise and (owner.records >= self._large_records) == is_large

    def _publish_all(
        self,
        enterprise: str,
        to_write: dict[DropId, bool],
        to_swap: list[DropId],
        is_large: bool,
        at_once: bool,
        is_over: Callable[[], bool],
    ) -> None:
        """All work in an enterprise's outbox on its large receipts, or on the others. `to_write` says of each whether it is under way."""
        if not self._can_be_entered(enterprise):
            return
        began = self._now()

        def ends() -> bool:
            """Many receipts take long, too: the others come at the next look, so that only a folder without an answer keeps it at it."""
            return is_over() or self._now() - began > HUNG / 3

        for drop_id, is_under_way in to_write.items():
            if ends():
                return
            attempt = self._attempts.get(drop_id)
            if attempt is None or at_once or attempt.is_due(self._now(), is_under_way, is_large):
                self._publish(drop_id, enterprise, is_large)
        for drop_id in to_swap:
            if ends():
                return
            if self._may_be_swapped(drop_id, enterprise):
                self._publish(drop_id, enterprise, is_large)

    def _publish(self, drop_id: DropId, enterprise: str, is_large: bool) -> None:
        folder = self._folder_of(enterprise)
        if folder is None:
            return
        before = self._attempts.get(drop_id)
        try:
            with self._one_at_a_time() if is_large else nullcontext():
                began = self._now()
                how = self._read_sheets, self._clock, self._marks_of, is_large, self._language
                receipt = publish(self._store, drop_id, folder, *how)
                took = self._now() - began
        except BothInUse as error:
            self._failing[drop_id] = (enterprise, problem("CEBD-1749", value=str(error)), Party.OPERATOR)
        except OSError as error:
            failure = problem("CEBD-1742", value=str(folder / "outbox"), reason=where_and_why(error))
            self._failing[drop_id] = (enterprise, failure, Party.ADMINISTRATOR)
        except Exception as error:
            failure = _cannot_be_made(self._file_of(drop_id), error)
            self._failing[drop_id] = (enterprise, failure, Party.CEBD)
            if (drop_id, repr(error)) not in self._logged:
                self._logged.add((drop_id, repr(error)))
                log.exception("receipt cannot be written; other receipts are not affected", drop=drop_id, id=failure.id)
        else:
            self._failing.pop(drop_id, None)
            self._attempts[drop_id] = _Attempt(self._now(), took)
            log.info("receipt published", file=receipt.file, final=receipt.final, **receipt.counts)
            return
        self._attempts[drop_id] = _Attempt(self._now(), 0.0, before.failures + 1 if before is not None else 1)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Large receipts need much memory. One that takes very long, as in a folder without an answer, is not waited for."""
        mine = self._turn.acquire(timeout=HUNG)
        try:
            yield
        finally:
            if mine:
                self._turn.release()

    def _can_be_entered(self, enterprise: str) -> bool:
        """Whether the enterprise's outbox can be entered; otherwise none of its files is tried."""
        folder = self._folder_of(enterprise)
        if folder is None:
            return False
        try:
            with open_folder(folder / "outbox", folder):
                pass
        except OSError as error:
            reason = str(error.strerror or error)
            self._blocked[enterprise] = problem("CEBD-1742", value=str(folder / "outbox"), reason=reason)
            return False
        self._blocked.pop(enterprise, None)
        return True

    def _note_conditions(self) -> None:
        """Note a condition for each enterprise: the problem of its whole outbox, else of its first failing drop."""
        wrong = {enterprise: (failure, party) for enterprise, failure, party in reversed(list(self._failing.values()))}
        wrong |= {enterprise: (reason, Party.ADMINISTRATOR) for enterprise, reason in list(self._blocked.items())}
        for enterprise, seconds in self._small.at_it().items():  # a large one may take long, and has limits of its own
            folder = self._folder_of(enterprise)
            if seconds >= HUNG and folder is not None:
                no_answer = problem("CEBD-1742", value=str(folder / "outbox"), reason=str(NoAnswer().strerror))
                wrong[enterprise] = (no_answer, Party.ADMINISTRATOR)
        for enterprise, (failure, party) in wrong.items():
            if self._conditions.note(f"outbox:{enterprise}", failure, party, enterprise):
                log.warning(failure.en, id=failure.id, enterprise=enterprise)
        unfinished = {f"outbox:{enterprise}" for enterprise in (*wrong, *self.at_it())}
        for key in self._conditions.end_others("outbox:", unfinished):
            log.info("outbox can be written again", enterprise=key.removeprefix("outbox:"))

    def _may_be_swapped(self, drop_id: DropId, enterprise: str) -> bool:
        folder = self._folder_of(enterprise)
        if folder is None:
            return False
        with self._store.read() as transaction:
            drop = load_drop(transaction, drop_id)
            written = published_books_of(transaction, drop_id)
        try:
            with open_folders(folder / "outbox", drop.stem, folder) as opened:
                name = place_of(drop.stem).name
                return Books(opened.books, name, written, drop.published_at, self._clock.now()).can_be_swapped()
        except OSError:
            return False

    def _file_of(self, drop_id: DropId) -> str:
        with self._store.read() as transaction:
            return load_drop(transaction, drop_id).name


def _cannot_be_made(file: str, error: Exception) -> Problem:
    """The problem of a receipt that broke, or whose process ended."""
    reason = reason_zh = reason_of(error)
    if isinstance(error, ChildEnded):
        reason, reason_zh = f"the process that makes it {error.how}", f"制作它的进程中断：{error.how}"
    return problem("CEBD-1743", value=file, reason=reason, reason_zh=reason_zh)
