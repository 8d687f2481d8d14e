"""Which files want a preview, and when it is made. Nobody waits for one: each enterprise's are made in a thread of their own.

| the file | then |
| --- | --- |
| is new, or was saved again | it is previewed |
| was previewed by an earlier run | it is previewed anew: settings may have changed since, and a kill may have left half a receipt |
| is gone: moved on, or removed | its receipt is removed once it is not open |
| cannot be previewed now | it is tried again after growing pauses, and `status` says why |
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.clock import Clock
from cebd.file_names import PREVIEWED
from cebd.intake.inboxes.inbox import FileStamp
from cebd.intake.previews import KeptBack, stems_of
from cebd.problems.problem import problem
from cebd.receipts.publishing.outbox import BothInUse
from cebd.settings import Enterprise, Settings
from cebd.station.previews.making import NAME, PreviewMaker
from cebd.station.previews.tidying import tidied
from cebd.station.work.readings import Readings
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")

_LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Failed:
    """Tries that failed in a row; `next_try` is of a steady clock."""

    times: int
    next_try: float


@dataclass(frozen=True, slots=True)
class _Made:
    """The state of a file that the receipts of that stem tell of."""

    stamp: FileStamp
    stem: str


class Previews:
    """The previews of a station. `saw` is called by whoever looks through the inboxes, `look` by another thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        conditions: Conditions,
        readings: Readings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._conditions = conditions
        self._maker = PreviewMaker(settings, clock, readings)
        self._now = now
        self._seen: dict[str, KeptBack] = {}
        self._done: dict[str, KeptBack] = {}  # by enterprise: what was worked off wholly
        self._made: dict[Path, _Made] = {}
        self._failed: dict[Path, _Failed] = {}
        self._apart = Apart("preview", patience=0.0)

    def saw(self, enterprise: str, kept: KeptBack) -> None:
        """What lies in the enterprise's folder of previews now."""
        if self._seen.get(enterprise) != kept:
            self._seen[enterprise] = kept

    def look(self, patience: float | None = None) -> None:
        """Preview what is not previewed yet. `patience`: for how many seconds each enterprise is waited for."""
        works = {
            name: partial(self._work_off, name, kept)
            for name, kept in list(self._seen.items())
            if self._done.get(name) is not kept
        }
        self._apart.in_turn(works, patience=patience)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose files are being previewed, and for how many seconds."""
        return self._apart.at_it()

    def throw_away(self) -> None:
        """Remove what a kill has left, at the start."""
        shutil.rmtree(self._settings.store_dir / NAME, ignore_errors=True)

    # One enterprise

    def _work_off(self, name: str, kept: KeptBack) -> None:
        enterprise, stems = self._settings.enterprise_named(name), stems_of(kept.files)
        inbox = self._settings.folder(enterprise) / "inbox"
        for gone in [path for path in self._made.keys() | self._failed.keys() if inbox in path.parents]:
            if gone not in kept.files:
                self._made.pop(gone, None)
                self._failed.pop(gone, None)
        is_done = tidied(inbox, kept, stems, self._clock.now())
        for path, stamp in kept.complete.items():
            if not self._stands(path, stamp, stems[path]):
                is_done = self._try(enterprise, inbox, path, stamp, stems[path]) and is_done
        failing = any(inbox in path.parents for path in self._failed)
        if not failing and self._conditions.end(_key(name)):
            log.info("files can be previewed again", enterprise=name)
        if is_done:
            self._done[name] = kept

    def _stands(self, path: Path, stamp: FileStamp, stem: str) -> bool:
        """Whether this run made the receipt beside the file, and it tells of these bytes."""
        if self._made.get(path) != _Made(stamp, stem):
            return False
        try:
            return all(path.with_name(f"{stem}.{PREVIEWED}.{ending}").is_file() for ending in ("json", "xlsx"))
        except OSError:
            return False

    def _try(self, enterprise: Enterprise, inbox: Path, path: Path, stamp: FileStamp, stem: str) -> bool:
        """Preview the file, unless it failed a moment ago; whether that is done."""
        before = self._failed.get(path)
        if before is not None and self._now() < before.next_try:
            return False
        try:
            self._maker.make(enterprise, inbox, path, stem)
            if _stamp_of(path) != stamp:
                return False  # it changed meanwhile, and is looked at anew
        except FileNotFoundError:
            return False
        except Exception as error:
            self._note(enterprise.name, path, error)
            times = 1 if before is None else before.times + 1
            self._failed[path] = _Failed(times, self._now() + min(_LONGEST_PAUSE_SECONDS, 2.0**times))
            return False
        self._failed.pop(path, None)
        self._made[path] = _Made(stamp, stem)
        log.info("file previewed", file=path.name, enterprise=enterprise.name)
        return True

    def _note(self, name: str, path: Path, error: Exception) -> None:
        if isinstance(error, BothInUse):
            trouble, party = problem("CEBD-1749", value=str(error)), Party.OPERATOR
        elif isinstance(error, OSError):
            reason = str(error.strerror or error)
            trouble, party = problem("CEBD-1057", value=path.name, reason=reason), Party.ADMINISTRATOR
        else:
            trouble, party = problem("CEBD-1057", value=path.name, reason=type(error).__name__), Party.CEBD
        if self._conditions.note(_key(name), trouble, party, name):
            log.warning(trouble.en, id=trouble.id, enterprise=name, exc_info=error if party is Party.CEBD else None)


def _stamp_of(path: Path) -> FileStamp:
    stats = path.lstat()
    return FileStamp(stats.st_size, stats.st_mtime_ns)


def _key(enterprise: str) -> str:
    return f"preview:{enterprise}"
