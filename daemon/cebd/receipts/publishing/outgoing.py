"""What is behind in the outboxes is written, again and again; what fails keeps nothing else waiting and is named in `status`.

| what fails | what follows |
| --- | --- |
| the outbox cannot be entered, or a file not written | `outbox:ENTERPRISE` (CEBD-1742); tried again after growing pauses |
| both workbooks of a drop are open | `outbox:ENTERPRISE` (CEBD-1749), the operator's matter |
| anything else about one drop | `outbox:ENTERPRISE` (CEBD-1743); logged with its traceback once |
| the outbox does not answer | it alone waits; after half a minute `outbox:ENTERPRISE` (CEBD-1742) |
| the enterprise is in the settings no more | left as it is: its work is named elsewhere |
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import select

from cebd.apart import HUNG, Apart, NoAnswer
from cebd.clock import Clock
from cebd.disk import open_folder
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.outbox import Books, BothInUse, set_aside, written_of
from cebd.receipts.publishing.publish import MarksOf, ReadSheets, changed_drops, publish
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.tables import drops

log = structlog.get_logger("cebd")

FolderOf = Callable[[str], Path | None]  # of an enterprise by name; None when it is in the settings no more
_LONGEST_PAUSE = 60.0  # seconds
_SWAPPED_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class _Tried:
    at: float
    took: float
    failures: int = 0

    def is_due(self, now: float) -> bool:
        """A large workbook is not written more often than it is worth; what fails, less and less often."""
        pause = min(_LONGEST_PAUSE, 2.0**self.failures) if self.failures else max(1.0, 10 * self.took)
        return now - self.at >= pause


class Outgoing:
    """Keeps the outbox files of all enterprises up to date, each enterprise's apart. Called by one thread at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        folder_of: FolderOf,
        read_sheets: ReadSheets,
        marks_of: MarksOf,
    ) -> None:
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._folder_of = folder_of
        self._read_sheets = read_sheets
        self._marks_of = marks_of
        self._tried: dict[int, _Tried] = {}
        self._failing: dict[int, tuple[str, Problem, Party]] = {}  # by drop: its enterprise, and what is said of it
        self._logged: set[tuple[int, str]] = set()
        self._blocked: dict[str, Problem] = {}  # by enterprise: why its outbox cannot be entered
        self._apart = Apart("publish")
        self._swapped = 0.0

    def publish_changes(
        self, *, at_once: bool = False, stop: threading.Event | None = None, patience: float | None = None
    ) -> None:
        """Write what is behind, and swap what was put aside. `stop` ends it between two drops.

        `patience`: seconds for which the others wait for one whose outbox does not answer, or takes long.
        """
        behind = self._enterprises(changed_drops(self._store))
        for drop_id in self._failing.keys() - behind.keys():
            self._failing.pop(drop_id, None)
        waiting: dict[int, str] = {}
        if at_once or time.monotonic() - self._swapped > _SWAPPED_EVERY:
            self._swapped = time.monotonic()
            with self._store.read() as connection:
                waiting = self._enterprises(set_aside(connection))
        works = {}
        for enterprise in dict.fromkeys((*behind.values(), *waiting.values())):
            written = [drop_id for drop_id, whose in behind.items() if whose == enterprise]
            swapped = [drop_id for drop_id, whose in waiting.items() if whose == enterprise and drop_id not in behind]
            works[enterprise] = partial(
                self._publish_all, enterprise, written, swapped, at_once, stop.is_set if stop is not None else bool
            )
        for enterprise in self._blocked.keys() - works.keys():
            self._blocked.pop(enterprise, None)
        self._apart.in_turn(works, patience=patience)
        self._name()

    def at_it(self) -> dict[str, float]:
        """The enterprises whose outboxes are being written, and for how many seconds."""
        return self._apart.at_it()

    def _publish_all(
        self, enterprise: str, written: list[int], swapped: list[int], at_once: bool, is_over: Callable[[], bool]
    ) -> None:
        """Everything in the outbox of one enterprise."""
        if not self._can_be_entered(enterprise):
            return
        for drop_id in written:
            if is_over():
                return
            tried = self._tried.get(drop_id)
            if tried is None or at_once or tried.is_due(time.monotonic()):
                self._publish(drop_id, enterprise)
        for drop_id in swapped:
            if is_over():
                return
            if self._may_be_swapped(drop_id, enterprise):
                self._publish(drop_id, enterprise)

    def _publish(self, drop_id: int, enterprise: str) -> None:
        folder = self._folder_of(enterprise)
        if folder is None:
            return
        began = time.monotonic()
        before = self._tried.get(drop_id)
        try:
            receipt = publish(self._store, drop_id, folder, self._read_sheets, self._clock, self._marks_of)
        except BothInUse as error:
            said = problem("CEBD-1749", value=str(error))
            self._failing[drop_id] = (enterprise, said, Party.OPERATOR)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
            said = problem("CEBD-1742", value=str(folder / "outbox"), reason=reason)
            self._failing[drop_id] = (enterprise, said, Party.ADMINISTRATOR)
        except Exception as error:
            said = problem("CEBD-1743", value=self._file_of(drop_id), reason=type(error).__name__)
            self._failing[drop_id] = (enterprise, said, Party.CEBD)
            if (drop_id, repr(error)) not in self._logged:
                self._logged.add((drop_id, repr(error)))
                log.exception("receipt cannot be made; the others go on", drop=drop_id, id=said.id)
        else:
            self._failing.pop(drop_id, None)
            self._tried[drop_id] = _Tried(time.monotonic(), time.monotonic() - began)
            log.info("receipt published", file=receipt["file"], final=receipt["final"], **receipt["counts"])
            return
        self._tried[drop_id] = _Tried(time.monotonic(), 0.0, before.failures + 1 if before is not None else 1)

    def _can_be_entered(self, enterprise: str) -> bool:
        """Where it cannot, nothing of that enterprise's needs to be tried."""
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

    def _name(self) -> None:
        """One condition for each enterprise: what is wrong with all of its outbox, else with the first drop that fails."""
        said = {enterprise: (found, party) for enterprise, found, party in reversed(list(self._failing.values()))}
        said |= {enterprise: (found, Party.ADMINISTRATOR) for enterprise, found in list(self._blocked.items())}
        at_it = self.at_it()
        for enterprise, seconds in at_it.items():
            folder = self._folder_of(enterprise)
            if seconds >= HUNG and folder is not None:
                reason = str(NoAnswer().strerror)
                found = problem("CEBD-1742", value=str(folder / "outbox"), reason=reason)
                said[enterprise] = (found, Party.ADMINISTRATOR)
        for enterprise, (found, party) in said.items():
            if self._conditions.note(f"outbox:{enterprise}", found, party, enterprise):
                log.warning(found.en, id=found.id, enterprise=enterprise)
        stands = {f"outbox:{enterprise}" for enterprise in (*said, *at_it)}
        for key in self._conditions.end_others("outbox:", stands):
            log.info("outbox can be written again", enterprise=key.removeprefix("outbox:"))

    def _may_be_swapped(self, drop_id: int, enterprise: str) -> bool:
        folder = self._folder_of(enterprise)
        if folder is None:
            return False
        with self._store.read() as connection:
            drop = connection.execute(select(drops.c.stem, drops.c.published_at).where(drops.c.id == drop_id)).one()
            written = written_of(connection, drop_id)
        try:
            with open_folder(folder / "outbox", folder) as opened:
                return Books(opened, drop.stem, written, drop.published_at, self._clock.now()).can_be_swapped()
        except OSError:
            return False

    def _enterprises(self, drop_ids: list[int]) -> dict[int, str]:
        """The enterprise of each of these drops, in the order given."""
        if not drop_ids:
            return {}
        found: dict[int, str] = {}
        with self._store.read() as connection:
            for start in range(0, len(drop_ids), 500):
                query = select(drops.c.id, drops.c.enterprise).where(drops.c.id.in_(drop_ids[start : start + 500]))
                found |= {row.id: row.enterprise for row in connection.execute(query)}
        return {drop_id: found[drop_id] for drop_id in drop_ids if drop_id in found}

    def _file_of(self, drop_id: int) -> str:
        with self._store.read() as connection:
            return str(connection.execute(select(drops.c.name).where(drops.c.id == drop_id)).scalar_one())
