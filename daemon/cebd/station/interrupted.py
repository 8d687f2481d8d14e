"""Work that nobody does: a kill came before it was handed over, or a step broke and the engine gave it up. Our own rows tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog

from cebd.operations.in_flight import is_served
from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropState
from cebd.settings import Settings
from cebd.station.failures import Failures
from cebd.station.pauses import Pauses
from cebd.store.drops import open_drops
from cebd.store.messages import unsent_by_drop
from cebd.store.store import Store
from cebd.store.work import WorkKind

log = structlog.get_logger("cebd")

_PAUSES = (5.0, 300.0)  # seconds between the tries at a file that breaks each time: the first, the longest
_OFTEN = 3  # times in a row


class Watchers(Protocol):
    """Those of the signers and channels (`WaysOut`)."""

    def keep(self, message_id: MessageId) -> bool: ...


class StartDrop(Protocol):
    """Begins the work on a drop (`Pipeline.start_drop`)."""

    def __call__(self, drop_id: DropId, *, again: bool) -> None: ...


class Work(NamedTuple):
    """A drop that is not through, or one of its messages."""

    drop_id: DropId
    message_id: MessageId | None = None


class Interrupted:
    """Finds such work and resumes it: a file by its workflow, a message by the watcher of its signer or channel."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        watchers: Watchers,
        failures: Failures,
        start_drop: StartDrop,
        under_way: Callable[[], set[str]],
        tries_again: Callable[[DropId], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`under_way`: names of the work that the engine has. `tries_again`: whether somebody else, who keeps pauses, sees to a drop."""
        self._store = store
        self._settings = settings
        self._watchers = watchers
        self._failures = failures
        self._start_drop = start_drop
        self._under_way = under_way
        self._tries_again = tries_again
        self._pauses = Pauses[DropId](*_PAUSES, now)
        self._before: set[Work] = set()
        self._broke: dict[DropId, int] = {}  # how often in a row

    def resume_abandoned(self, *, at_start: bool = False) -> None:
        """Resume abandoned work.

        After the start, only work that two looks in a row find abandoned: a hand-over between threads is not disturbed.
        """
        open_work = self._open()
        self._pauses.keep_only({work.drop_id for work in open_work if work.message_id is None})
        under_way = self._under_way()
        abandoned = {work for work in open_work if not under_way & self._names(work)}
        if at_start and abandoned:
            log.info("interrupted work is resumed", count=len(abandoned))
        for work in sorted(abandoned, key=lambda work: (work.message_id is not None, work)):
            # Messages that a drop has not handed over yet go on with the drop: its file may have changed meanwhile.
            goes_with_its_drop = work.message_id is not None and Work(work.drop_id) in abandoned
            if goes_with_its_drop or not (at_start or work in self._before):
                continue
            if work.message_id is None:
                self._resume_drop(work.drop_id)
            else:
                self._resume_message(work.message_id)
        self._before = abandoned

    def drop_failed(self, drop_id: DropId, error: Exception) -> None:
        """Work on the drop broke; it is resumed."""
        self._broke[drop_id] = self._broke.get(drop_id, 0) + 1
        self._failures.note(f"drop {drop_id}", error)

    def drop_went_well(self, drop_id: DropId) -> None:
        """It did not break, this time."""
        self._broke.pop(drop_id, None)
        self._failures.over(f"drop {drop_id}")

    def message_failed(self, message_id: MessageId, error: Exception) -> None:
        """Work on the message broke; it is resumed."""
        self._failures.note(f"message {message_id}", error)

    def breaks_each_time(self, drop_id: DropId) -> bool:
        """Whether the drop broke so often that nobody need wait for it; it is tried again all the same."""
        return self._broke.get(drop_id, 0) >= _OFTEN

    def _resume_drop(self, drop_id: DropId) -> None:
        if not self._pauses.is_due(drop_id):
            return
        self._pauses.failed(drop_id)
        try:
            self._start_drop(drop_id, again=True)
        except Exception as error:
            self.drop_failed(drop_id, error)

    def _resume_message(self, message_id: MessageId) -> None:
        try:
            if self._watchers.keep(message_id):
                self._failures.over(f"message {message_id}")
        except Exception as error:
            self.message_failed(message_id, error)

    def _open(self) -> set[Work]:
        """Drops and messages that are not through, as far as the settings still have their enterprise."""
        with self._store.read() as transaction:
            drops = open_drops(transaction)
            unsent = unsent_by_drop(transaction)
        return {
            Work(drop.id)
            for drop in drops
            if drop.state is not DropState.CLAIMING
            and is_served(self._settings, drop.enterprise, drop.source)
            and not self._tries_again(drop.id)
        } | {Work(drop_id, message_id) for message_id, drop_id in unsent}

    def _names(self, work: Work) -> set[str]:
        if work.message_id is None:
            return {self._store.work_id(WorkKind.DROP, work.drop_id)}
        return self._store.work_of_message(work.drop_id, work.message_id)
