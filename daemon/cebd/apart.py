"""Work in folders that may not answer: every enterprise's in a thread of its own, waited for a little and then left to itself.

A share whose server is gone blocks its reader, without an error and without an end; no call can be cancelled. So no thread that
works for all enterprises opens an enterprise's folder itself.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 1.0  # seconds
HUNG = 30.0  # seconds after which work that others do in a moment is said not to be answered


class NoAnswer(TimeoutError):
    """An OSError: the folder has not answered within the time given."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "the folder does not answer")


@dataclass
class _Work:
    thread: threading.Thread
    began: float
    error: BaseException | None = None


class Apart:
    """Work of a kind, by the names of its owners (enterprises). Safe to use from several threads."""

    def __init__(self, what: str, patience: float = PATIENCE) -> None:
        """`what`: in the names of the threads. `patience`: seconds that the others wait, once, for an owner's work that hangs."""
        self._what = what
        self._patience = patience
        self._lock = threading.Lock()
        self._works: dict[str, _Work] = {}

    def in_turn(
        self, works: Mapping[str, Callable[[], object]], seconds: float | None = None, patience: float | None = None
    ) -> dict[str, float]:
        """Do the works in turn. A work that takes longer than the patience goes on beside the next; it is not begun again meanwhile.

        Returns the owners whose work still runs, and for how many seconds. `seconds`: the total limit; `patience`: another
        patience for this call. Raises the first error of ended works, after all had their turn; the next call raises later errors.
        """
        each = self._patience if patience is None else patience
        end = None if seconds is None else time.monotonic() + seconds
        for name, act in works.items():
            begun = self._begin(name, act)
            if begun is not None:
                begun.thread.join(each if end is None else min(each, max(0.0, end - time.monotonic())))
        self._raise_first()
        return self.at_it(works)

    def at_it(self, names: Iterable[str] | None = None) -> dict[str, float]:
        """The owners whose work is under way, and for how many seconds; among these names, or all."""
        now = time.monotonic()
        with self._lock:
            wanted = list(self._works if names is None else names)
            return {
                name: now - work.began
                for name in wanted
                if (work := self._works.get(name)) is not None and work.thread.is_alive()
            }

    def _begin(self, name: str, act: Callable[[], object]) -> _Work | None:
        with self._lock:
            before = self._works.get(name)
            if before is not None and (before.thread.is_alive() or before.error is not None):
                return None

            def do() -> None:
                try:
                    act()
                except BaseException as error:
                    work.error = error

            work = _Work(threading.Thread(target=do, name=f"{self._what} of {name}", daemon=True), time.monotonic())
            self._works[name] = work
            work.thread.start()
            return work

    def _raise_first(self) -> None:
        with self._lock:
            ended = {name: work for name, work in self._works.items() if not work.thread.is_alive()}
            for name in ended:
                del self._works[name]
        first = next((work.error for work in ended.values() if work.error is not None), None)
        if first is not None:
            raise first


_unanswered: dict[Path, threading.Thread] = {}  # by folder: whoever waits for it still


def answered(act: Callable[[], T], folder: Path, seconds: float = 2.0) -> T:
    """Call `act`, which opens `folder`, and return its result or raise its error.

    Raises NoAnswer when it has not ended by then; it is left to itself. Raises at once while an earlier call still waits for that folder.
    """
    before = _unanswered.get(folder)
    if before is not None and before.is_alive():
        raise NoAnswer
    results: list[T] = []
    failed: list[BaseException] = []

    def do() -> None:
        try:
            results.append(act())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=do, name="look into a folder", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not results:
        _unanswered[folder] = thread
        raise NoAnswer
    return results[0]


__all__ = ["HUNG", "PATIENCE", "Apart", "NoAnswer", "answered"]
