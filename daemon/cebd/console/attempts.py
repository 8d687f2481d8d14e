"""Attempts to log in that failed: after some, an account and an address wait."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_FREE = 5  # for each name, and ten times as many for each address
_FOR_AN_ADDRESS = 10
_WINDOW = 600.0  # seconds
_MOST = 10_000  # names and addresses remembered


class Attempts:
    """Counts failures of the last ten minutes, of a name and of an address; safe for several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait(self, name: str, address: str) -> int:
        """Seconds until the next attempt is heard; 0: now."""
        with self._lock:
            return max(self._wait(("name", name), _FREE), self._wait(("address", address), _FREE * _FOR_AN_ADDRESS))

    def failed(self, name: str, address: str) -> None:
        """One more that failed."""
        with self._lock:
            for key in (("name", name), ("address", address)):
                self._failed.setdefault(key, []).append(self._now())
                self._failed.move_to_end(key)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """The name's failures are forgotten."""
        with self._lock:
            self._failed.pop(("name", name), None)

    def _wait(self, key: tuple[str, str], free: int) -> int:
        since = self._now() - _WINDOW
        times = [moment for moment in self._failed.get(key, ()) if moment > since][-free:]
        if key in self._failed:
            self._failed[key] = times
        return int(times[0] - since) + 1 if len(times) >= free else 0
