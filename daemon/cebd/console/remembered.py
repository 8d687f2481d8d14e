"""What is worked out once for all who ask: as long as its key stays the same, whoever asks gets what was made. What takes long is not
made anew at once although the key has changed: at most a tenth of the time goes into it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


_RESTS = 10  # times as long as it takes


class Remembered(Generic[Value]):
    """The latest value; safe for several threads: who comes while it is made waits for it. `now` in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._until = 0.0
        self._kept: tuple[Hashable, Value] | None = None

    def of(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of that key, made now unless it is there."""
        with self._lock:
            began = self._now()
            if self._kept is None or (self._kept[0] != key and began >= self._until):
                self._kept = (key, make())
                ended = self._now()
                self._until = ended + _RESTS * (ended - began)
            return self._kept[1]
