"""The reading of large files: one at a time, each in a process of its own; of small .xls, which need one as well, a few beside it.

When that process is killed, crashes or hangs, the file waits and is tried again; at last it is refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog

from cebd.clock import Clock, SystemClock
from cebd.documents.convert import OpenedAhead, goes_apart
from cebd.documents.drafting import Task
from cebd.documents.worker.choice import is_xls
from cebd.documents.worker.failures import MAX_TRIES
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.store.conditions import PROGRESS, Conditions, Party
from cebd.store.drops import Drop

log = structlog.get_logger("cebd")


_SMALL_XLS_BYTES = 4 << 20  # read in some seconds, with 300 MiB at most (`worker/limits.py`)
_SMALL_AT_ONCE = 3


class Readings:
    """Whose turn it is, and how often the reading of a file was interrupted in this run: after a restart it has all its tries again."""

    def __init__(self, conditions: Conditions, clock: Clock | None = None) -> None:
        self._conditions = conditions
        self._clock = clock or SystemClock()
        self._bytes_per_second: float | None = None  # of large files of late
        self._interrupted: dict[DropId, int] = {}
        # Taken before the store, never while it is held.
        self._turn = threading.Lock()
        self._small = threading.BoundedSemaphore(_SMALL_AT_ONCE)

    @contextmanager
    def opened(self, task: Task) -> Iterator[OpenedAhead | None]:
        """A large file or an .xls, opened before the store is held; None for any other.

        Large ones are read one after the other, for each takes memory. A small .xls does not wait for them.
        """
        if not goes_apart(task.path):
            yield None
            return
        if _is_small(task.path):
            with self._small, closing(OpenedAhead(task)) as ahead:
                yield ahead
            return
        with self._turn, self._told(task), closing(OpenedAhead(task)) as ahead:
            yield ahead

    @contextmanager
    def _told(self, task: Task) -> Iterator[None]:
        """Say meanwhile that the file is read, and when that ends, at the rate of those before it."""
        size, begin = 0, time.monotonic()
        with suppress(OSError):
            size = task.path.stat().st_size
        rate, key = self._bytes_per_second, f"{PROGRESS}file:{task.path.name}"
        ends = "" if rate is None else f"{self._clock.now() + timedelta(seconds=size / rate):%H:%M:%S}"
        ends_zh, ends_en = (f"，约 {ends} 完成", f", done at about {ends}") if ends else ("", "")
        said = problem("CEBD-2409", value=task.name, mb=round(size / 1e6, 1), ends_zh=ends_zh, ends=ends_en)
        self._conditions.note(key, said, Party.CEBD, task.enterprise.name)
        try:
            yield
            self._bytes_per_second = size / max(0.001, time.monotonic() - begin) or None
        finally:
            self._conditions.end(key)

    def is_tried_again(self, drop_id: DropId) -> bool:
        """Count an interruption. False when it was one too many."""
        times = self._interrupted.get(drop_id, 0) + 1
        self._interrupted[drop_id] = times
        return times < MAX_TRIES

    def waits(self, drop: Drop) -> None:
        """Have the status name the file that is tried again. Not while the store is being written."""
        found = problem("CEBD-1037", value=drop.name)
        if self._conditions.note(_key(drop.id), found, Party.CEBD, drop.enterprise):
            log.warning("reading was interrupted; the file is tried again", drop=drop.id, file=drop.name)

    def over(self, drop_id: DropId) -> None:
        """It was read, or refused."""
        if self._interrupted.pop(drop_id, None) is not None:
            self._conditions.end(_key(drop_id))


def _is_small(path: Path) -> bool:
    try:
        return is_xls(path) and path.stat().st_size < _SMALL_XLS_BYTES
    except OSError:
        return False


def _key(drop_id: DropId) -> str:
    return f"reading:{drop_id}"
