"""Work that nobody does: a kill came before it was handed over, or a step broke and the engine gave it up. Our own rows tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog
from sqlalchemy import select

from cebd import pipeline
from cebd.operations.in_flight import is_served
from cebd.settings import Settings
from cebd.station.failures import Failures
from cebd.station.pauses import Pauses
from cebd.station.ways_out import UNSENT, WaysOut
from cebd.store.store import Store
from cebd.store.tables import IS_OPEN, drops, messages
from cebd.store.work import under_way

log = structlog.get_logger("cebd")

_PAUSES = (5.0, 300.0)  # seconds between the tries at a file that breaks each time: the first, the longest
_OFTEN = 3  # times in a row


class Work(NamedTuple):
    """A drop or message that is not through; `drop_id` is its own number for a drop."""

    what: str
    number: int
    drop_id: int


class Interrupted:
    """Finds such work and takes it up again: a file by its workflow, a message by the watcher of what it waits for."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        ways_out: WaysOut,
        failures: Failures,
        tries_again: Callable[[int], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tries_again`: whether a drop is tried again by somebody else, who keeps pauses of their own."""
        self._store = store
        self._settings = settings
        self._ways_out = ways_out
        self._failures = failures
        self._tries_again = tries_again
        self._pauses = Pauses[int](*_PAUSES, now)
        self._before: set[Work] = set()
        self._broke: dict[int, int] = {}  # drops, and how often in a row

    def take_up(self, *, at_start: bool = False) -> None:
        """Take up what nobody does.

        Later than at the start, only what two looks in a row find so: what is just being handed over is not taken from anybody.
        """
        open_work = self._open()
        self._pauses.keep_only({work.number for work in open_work if work.what == "drop"})
        alive = under_way(self._settings.store_dir) or set()
        abandoned = {work for work in open_work if not alive & self._names(work)}
        if at_start and abandoned:
            log.info("work is taken up again", pieces=len(abandoned))
        for work in sorted(abandoned):
            # What a drop has not handed over yet goes with the drop, whenever that goes on: its file may have changed meanwhile.
            goes_with_its_drop = work.what == "message" and Work("drop", work.drop_id, work.drop_id) in abandoned
            if goes_with_its_drop or not (at_start or work in self._before):
                continue
            try:
                self._take_up(work)
            except Exception as error:
                self.failed(work.what, work.number, error)
        self._before = abandoned

    def failed(self, what: str, number: int, error: Exception) -> None:
        """Work broke; it is taken up again."""
        if what == "drop":
            self._broke[number] = self._broke.get(number, 0) + 1
        self._failures.note(f"{what} {number}", error)

    def went_well(self, what: str, number: int) -> None:
        """It did not break, this time."""
        if what == "drop":
            self._broke.pop(number, None)
        self._failures.over(f"{what} {number}")

    def breaks_each_time(self, drop_id: int) -> bool:
        """Whether the drop broke so often that nobody need wait for it; it is tried again all the same."""
        return self._broke.get(drop_id, 0) >= _OFTEN

    def _take_up(self, work: Work) -> None:
        if work.what == "message":
            if self._ways_out.keep(work.number):
                self.went_well(work.what, work.number)
        elif self._pauses.is_due(work.number):
            self._pauses.failed(work.number)
            pipeline.start_drop(work.number, again=True)

    def _open(self) -> set[Work]:
        """Drops and messages that are not through, as far as the settings still have their enterprise."""
        with self._store.read() as connection:
            query = select(drops.c.id, drops.c.enterprise, drops.c.source)
            found = {
                Work("drop", row.id, row.id)
                for row in connection.execute(query.where(IS_OPEN, drops.c.state != "claiming"))
                if is_served(self._settings, row.enterprise, row.source) and not self._tries_again(row.id)
            }
            unsent = select(messages.c.id, messages.c.drop_id).where(messages.c.state.in_(UNSENT))
            return found | {Work("message", number, drop_id) for number, drop_id in connection.execute(unsent)}

    def _names(self, work: Work) -> set[str]:
        ways = ("sign", "send") if work.what == "message" else ()
        named = self._store.work_id
        return {named("drop", work.drop_id), *(named(way, work.number) for way in ways)}
