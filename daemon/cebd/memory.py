"""The memory of a process that runs for long.

What is free within it goes back to the system after large work. The C library keeps it otherwise: the pieces are scattered, and it gives
back only what lies at the end. Where it is not glibc, or there is no `/proc`, nothing is done.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Of glibc's mallopt (malloc.h): how much may lie free at the end of a pool, from which size on a piece is the system's own, how many pools.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_MOST_FREE = 4 * 1024**2  # bytes
_POOLS = 2
_BETWEEN_LOOKS = 10.0  # seconds
_AGAIN = 30.0  # seconds
_WORTH_IT = 16 * 1024**2  # bytes


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """What is imported meanwhile is never searched for cycles: it stays as long as the process. The searches took a sixth of the import,
    and each later one of all objects 70 ms.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def keep_little() -> None:
    """Have the C library keep little that is free. To be called before other threads are there.

    By itself it has a pool for each thread, and lets up to 64 MiB lie free at the end of each; `trim` frees only the end of the first.
    """
    mallopt = _of_the_c_library("mallopt")
    if mallopt is not None:
        mallopt(_ARENA_MAX, _POOLS)
        mallopt(_TRIM_THRESHOLD, _MOST_FREE)
        mallopt(_MMAP_THRESHOLD, _MOST_FREE)


def trim() -> None:
    """Give back what is free, and what only hangs together in cycles."""
    gc.collect()  # after large work it comes by itself only when the process has grown by a quarter
    malloc_trim = _of_the_c_library("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_the_c_library(name: str) -> Callable[..., int] | None:
    """A function of this process's C library; None where it has none of that name."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None


class FreeMemory:
    """Looks now and then whether the process has grown by enough since it last gave memory back. `let_go` gives up caches before.

    The first look gives back what the start left behind. What it gives back in the midst of large work is little: so it is asked again,
    until the process is near the least again. After large work it may never be: each asking that brings little doubles the time to the
    next, so that what lies free after the work has lain for no longer than the work took.
    """

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
        self._since = resident()  # the least since memory was last given back
        self._least: int | None = None  # after any time that memory was given back
        self._gave_back = self._looked = clock()
        self._wait = _AGAIN  # seconds from `_gave_back` until it is asked again

    def look(self) -> None:
        """To be called often; it looks each ten seconds, which costs nothing."""
        now = self._clock()
        if now - self._looked < _BETWEEN_LOOKS:
            return
        self._looked = now
        held = self._resident()
        if not held:
            return
        has_grown = self._least is None or held > self._since + _WORTH_IT
        if has_grown or self._is_to_be_asked_again(held, now):
            freed = held - self._give_back(now)
            self._wait = _AGAIN if has_grown or freed >= _WORTH_IT else 2 * self._wait
        else:
            self._since = min(self._since, held)

    def _is_to_be_asked_again(self, held: int, now: float) -> bool:
        return held > (self._least or 0) + _WORTH_IT and now - self._gave_back >= self._wait

    def _give_back(self, now: float) -> int:
        """The bytes held afterwards."""
        self._let_go()
        self._trim()
        self._since = self._resident()
        self._least = min(self._since, self._least or self._since)
        self._gave_back = now
        return self._since
