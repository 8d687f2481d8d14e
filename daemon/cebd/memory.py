"""Memory that is free within the process goes back to the system after large work. The C library keeps it otherwise: the pieces are
scattered, and it gives back only what lies at the end. Where it is not glibc, or there is no `/proc`, nothing is done.
"""

from __future__ import annotations

import ctypes
import mmap
import time
from collections.abc import Callable
from pathlib import Path

_BETWEEN_LOOKS = 10.0  # seconds
_WORTH_IT = 16 * 1024**2  # bytes


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def trim() -> None:
    """Give back what is free."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


class FreeMemory:
    """Looks now and then whether the process has grown by enough since it last gave memory back. `let_go` gives up caches before."""

    def __init__(
        self,
        let_go: Callable[[], None],
        *,
        resident: Callable[[], int] = resident,
        trim: Callable[[], None] = trim,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._let_go = let_go
        self._resident = resident
        self._trim = trim
        self._clock = clock
        self._since = resident()
        self._looked = clock()

    def look(self) -> None:
        """To be called often; it looks each ten seconds, which costs nothing."""
        if self._clock() - self._looked < _BETWEEN_LOOKS:
            return
        self._looked = self._clock()
        if self._resident() > self._since + _WORTH_IT:
            self._let_go()
            self._trim()
            self._since = self._resident()
