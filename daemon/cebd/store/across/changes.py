"""Whether anything was written to the store since it was looked at last, found out without a query."""

from __future__ import annotations

import time
from collections.abc import Callable

from cebd.store.store import Store


class Changes:
    """Repeats a look at the store, but leaves it out while nothing was written."""

    def __init__(self, store: Store, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """`seconds`: a look is due after so many in any case, as some work becomes due by time alone."""
        self._database = store.database
        self._seconds = seconds
        self._now = now
        self._mark: object = None
        self._looked: float | None = None

    def look(self, act: Callable[[], object]) -> None:
        """Call `act`, unless nothing was written since its last call. A true result says that work is left: the next look is due then."""
        mark, now = self._database.mark(), self._now()  # before the look: what is written meanwhile is for the next one
        if self._looked is not None and mark == self._mark and now - self._looked < self._seconds:
            return
        self._looked = None  # also where it raises
        if not act():
            self._mark, self._looked = mark, now
