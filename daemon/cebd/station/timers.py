"""Repeated tasks: each in a thread of its own, so that none delays another, after pauses that no clock change shortens.

`threading.Event.wait` measures by the monotonic clock: setting the machine's clock moves nothing here (`docs/decisions/own-timers.md`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from cebd.station.failures import Failures

log = structlog.get_logger("cebd")

Wait = Callable[[threading.Event, float], bool]


def _wait(stop: threading.Event, seconds: float) -> bool:
    return stop.wait(seconds)


class Timers:
    """Things that are done again and again until `end`, or until `stop` is set."""

    def __init__(self, stop: threading.Event, failures: Failures, wait: Wait = _wait) -> None:
        """`wait(stop, seconds)` lets so many seconds pass; true when `stop` was set meanwhile."""
        self._stop = stop
        self._failures = failures
        self._wait = wait
        self._threads: list[threading.Thread] = []
        self._bells: list[threading.Event] = []
        self._busy_since: dict[str, float] = {}

    def every(self, seconds: float, name: str, act: Callable[[], object]) -> None:
        """Do it now, and again when so many seconds have passed since it ended."""

        def again_and_again() -> None:
            while not self._stop.is_set():
                self._run(name, act)
                if self._wait(self._stop, seconds):
                    return

        self._begin(name, again_and_again)

    def when(self, bell: threading.Event, least: float, name: str, act: Callable[[bool], float]) -> None:
        """Do the task now, and again when the bell has rung, or after the seconds that it returned; at least `least` after it ended.

        The task is called with whether the bell has rung.
        """
        seconds = least

        def look() -> None:
            nonlocal seconds
            has_rung = bell.is_set()
            bell.clear()  # before the look: a ring meanwhile is for the next look
            seconds = least  # where it raises
            seconds = act(has_rung)

        def again_and_again() -> None:
            while not self._stop.is_set():
                self._run(name, look)
                if self._stop.wait(least):
                    return
                bell.wait(max(0.0, seconds - least))

        self._bells.append(bell)
        self._begin(name, again_and_again)

    def end(self) -> None:
        """Let all tasks end after their present run."""
        self._stop.set()
        for bell in self._bells:
            bell.set()

    def busy_for(self, name: str) -> float:
        """For how many seconds the task's present run has lasted; 0 between two runs."""
        since = self._busy_since.get(name)
        return 0.0 if since is None else time.monotonic() - since

    def _run(self, name: str, act: Callable[[], object]) -> None:
        self._busy_since[name] = time.monotonic()
        guarded(act, name, self._failures)
        self._busy_since.pop(name, None)

    def _begin(self, name: str, again_and_again: Callable[[], None]) -> None:
        thread = threading.Thread(target=again_and_again, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, seconds: float) -> list[str]:
        """Wait for all to end, at most that many seconds in total; returns the names of tasks that still run."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]


def guarded(act: Callable[[], object], name: str, failures: Failures) -> None:
    """The last safety net: an uncaught error is logged once and counted, and the task runs again at its next time."""
    try:
        act()
    except Exception as error:
        with suppress(Exception):  # not even its own note may end a thread
            failures.note(name, error)
    else:
        failures.over(name)
