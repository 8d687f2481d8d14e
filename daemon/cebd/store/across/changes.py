"""Looks at the store that are left out while nothing is written to it, found out without asking it."""

from __future__ import annotations

import time
from collections.abc import Callable

from cebd.store.store import Store


class Changes:
    """For one who looks at the store again and again."""

    def __init__(self, store: Store, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """`seconds`: after so many a look is due in any case, for what time alone brings about and for what is tried again."""
        self._database = store.database
        self._seconds = seconds
        self._now = now
        self._mark: object = None
        self._looked: float | None = None

    def look(self, act: Callable[[], object]) -> None:
        """Look, unless nothing was written since the last time. `act` returns what is true when something is left: it is due again then."""
        mark, now = self._database.mark(), self._now()  # before the look: what is written meanwhile is for the next one
        if self._looked is not None and mark == self._mark and now - self._looked < self._seconds:
            return
        self._looked = None  # also where it raises
        if not act():
            self._mark, self._looked = mark, now


__all__ = ["Changes"]
