"""Work that nobody does: a kill came before it was handed over, or a step broke and the engine gave it up. Our own rows tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from cebd.operations.in_flight import is_served
from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropState
from cebd.settings import Settings
from cebd.station.failures import Failures
from cebd.station.pauses import Pauses
from cebd.store.across.intervening.holding import forget_retries, wished_retries
from cebd.store.drops import open_drops
from cebd.store.messages import unsent_by_drop
from cebd.store.store import Store
from cebd.store.work import WorkKind

log = structlog.get_logger("cebd")

_PAUSES = (5.0, 300.0)  # seconds between the tries at a file that breaks each time: the first, the longest
_OFTEN = 3  # times in a row
_GO_ON = "hand messages to signers and channels"


class Watchers(Protocol):
    """Those of the signers and channels (`WaysOut`)."""

    def keep(self, message_ids: Sequence[MessageId]) -> int: ...

    def keeps(self, message_id: MessageId) -> bool: ...

    def try_now(self, message_ids: Sequence[MessageId]) -> None: ...


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
        broke = set(self._broke)
        open_work = self._open()
        self._pauses.keep_only({work.drop_id for work in open_work if work.message_id is None})
        for drop_id in broke - {work.drop_id for work in open_work if work.message_id is None}:
            if not self._tries_again(drop_id):
                self.drop_went_well(drop_id)  # its file is put away: what broke comes no more
        under_way = self._under_way()
        abandoned = {work for work in open_work if not under_way & self._names(work)}
        if at_start and abandoned:
            log.info("interrupted work is resumed", count=len(abandoned))
        due = abandoned if at_start else abandoned & self._before
        for drop_id in sorted(work.drop_id for work in due if work.message_id is None):
            self._resume_drop(drop_id)
        # Messages that a drop has not handed over yet go on with the drop: its file may have changed meanwhile.
        with_their_drop = {work.drop_id for work in abandoned if work.message_id is None}
        self.go_on([work.message_id for work in due if work.message_id and work.drop_id not in with_their_drop])
        self._before = abandoned
        self._try_what_a_person_wants()

    def _try_what_a_person_wants(self) -> None:
        """Killed before they are forgotten, the next start tries them at once, as it does anyway."""
        with self._store.read() as transaction:
            wished = wished_retries(transaction)
        if wished:
            self._watchers.try_now(wished)
            with self._store.write() as transaction:
                forget_retries(transaction, wished)

    def go_on(self, message_ids: Sequence[MessageId]) -> None:
        """Hand the messages to their watchers. Where that breaks, the next looks find them abandoned."""
        try:
            if message_ids:
                self._watchers.keep(message_ids)
        except Exception as error:
            self._failures.note(_GO_ON, error)
        else:
            self._failures.over(_GO_ON)

    def drop_failed(self, drop_id: DropId, error: Exception) -> None:
        """Work on the drop broke; it is resumed."""
        self._broke[drop_id] = self._broke.get(drop_id, 0) + 1
        self._failures.note(f"drop {drop_id}", error)

    def drop_went_well(self, drop_id: DropId) -> None:
        """It did not break, this time."""
        self._broke.pop(drop_id, None)
        self._failures.over(f"drop {drop_id}")

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

    def _open(self) -> set[Work]:
        """Drops that are not through, as far as the settings still have their enterprise, and messages that no watcher has."""
        with self._store.read() as transaction:
            drops = open_drops(transaction)
            unsent = unsent_by_drop(transaction)
        return {
            Work(drop.id)
            for drop in drops
            if drop.state is not DropState.CLAIMING
            and is_served(self._settings, drop.enterprise, drop.source)
            and not self._tries_again(drop.id)
        } | {Work(drop_id, message_id) for message_id, drop_id in unsent if not self._watchers.keeps(message_id)}

    def _names(self, work: Work) -> set[str]:
        if work.message_id is None:
            return {self._store.work_id(WorkKind.DROP, work.drop_id)}
        return self._store.work_of_message(work.drop_id, work.message_id)
