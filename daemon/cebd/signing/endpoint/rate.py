"""How often the endpoint signs: the token is there for the station's own declarations first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Rate:
    """So many a minute, of whoever asks; a tenth of them at once."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: seconds that never go back."""
        self._per_second = per_minute / 60
        self._most = max(1.0, per_minute / 10)
        self._now = now
        self._left, self._at = self._most, now()
        self._lock = threading.Lock()

    def wait(self) -> float:
        """Take one; 0. Where there is none, the seconds until there is one again."""
        with self._lock:
            now = self._now()
            self._left = min(self._most, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                return (1 - self._left) / self._per_second
            self._left -= 1
            return 0.0
