"""Growing pauses between tries after a failure, by a monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Pauses(Generic[K]):
    """After the first failure of a key `first` seconds, then twice as long each time, up to `longest`."""

    def __init__(self, first: float, longest: float, now: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._longest = longest
        self._now = now
        self._kept: dict[K, tuple[float, float]] = {}  # when it is due, the pause before that

    def failed(self, key: K) -> None:
        """It was tried now, in vain."""
        pause = self._first
        if key in self._kept:
            pause = min(self._kept[key][1] * 2, max(self._first, self._longest))
        self._kept[key] = (self._now() + pause, pause)

    def is_due(self, key: K) -> bool:
        """Whether its pause is over; true for a key that never failed."""
        kept = self._kept.get(key)
        return kept is None or self._now() >= kept[0]

    def over(self, key: K) -> None:
        """It failed no more."""
        self._kept.pop(key, None)

    def keep_only(self, keys: Container[K]) -> None:
        """All others failed no more."""
        self._kept = {key: kept for key, kept in self._kept.items() if key in keys}
