"""The reading of large files: one at a time, each in a process of its own.

When that process is killed, crashes or hangs, the file waits and is tried again; at last it is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import structlog

from cebd.documents.convert import OpenedAhead, goes_apart
from cebd.documents.drafting import Task
from cebd.documents.worker.failures import MAX_TRIES
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import Drop

log = structlog.get_logger("cebd")


class Readings:
    """Whose turn it is, and how often the reading of a file was interrupted in this run: after a restart it has all its tries again."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._interrupted: dict[DropId, int] = {}
        self._turn = threading.Lock()  # taken before the store, never while it is held

    @contextmanager
    def opened(self, task: Task) -> Iterator[OpenedAhead | None]:
        """A large file, opened before the store is held; None for any other. They are read one after the other: each takes memory."""
        if not goes_apart(task.path):
            yield None
            return
        with self._turn, closing(OpenedAhead(task)) as ahead:
            yield ahead

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


def _key(drop_id: DropId) -> str:
    return f"reading:{drop_id}"
