"""Unforeseen failures: the traceback is logged once, repeats are counted, and `status` names the failing task until it works again."""

from __future__ import annotations

import threading
import traceback

import structlog

from cebd.disk.full import is_for_want_of_room
from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")

PREFIX = "work:"


class Failures:
    """The failing tasks and the number of their failures. Safe to use from several threads."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._lock = threading.Lock()
        self._times: dict[str, int] = {}
        self._logged: set[str] = set()

    def note(self, task: str, error: BaseException, **fields: object) -> None:
        """The task failed; it will run again. `fields` go into the log beside the first traceback."""
        kind = _kind(error)
        with self._lock:
            times = self._times[task] = self._times.get(task, 0) + 1
            is_new = kind not in self._logged
            self._logged.add(kind)
        if is_new:
            log.error("task failed; it will run again", task=task, exc_info=error, **fields)
        elif times == 1:
            log.warning("task failed for a reason seen before; it will run again", task=task, reason=kind, **fields)
        if _is_round(times):
            if is_for_want_of_room(error):
                self._conditions.note(PREFIX + task, problem("CEBD-1914", value=task), Party.ADMINISTRATOR)
                return
            trouble = problem("CEBD-1910", value=task, times=times, reason=type(error).__name__)
            self._conditions.note(PREFIX + task, trouble, Party.CEBD)

    def failing(self) -> list[str]:
        """The failing tasks."""
        with self._lock:
            return sorted(self._times)

    def over(self, task: str) -> None:
        """The task succeeded. Costs nothing where it never failed."""
        if task not in self._times:
            return
        with self._lock:
            times = self._times.pop(task, 0)
        if times:
            self._conditions.end(PREFIX + task)
            log.info("task succeeded after failures", task=task, times=times)


def _kind(error: BaseException) -> str:
    """Equal for failures of the same cause: the error's type and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__


def _is_round(times: int) -> bool:
    """1, 2, 5, 10, 20, 50 ...: the text that `status` shows changes with the count, but not each time."""
    while times >= 10 and times % 10 == 0:
        times //= 10
    return times in (1, 2, 5)
