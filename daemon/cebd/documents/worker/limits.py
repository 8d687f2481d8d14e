"""What the process that reads may use. Where the system knows no such limit there is none."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

MIB = 1 << 20
MEMORY = 2048 * MIB  # beside what the process has when it begins; a gibibyte of sheets takes a quarter of it
# While an .xls is laid out: a number takes 6 bytes there and 64 in a table, a text 14 and more.
_XLS_MEMORY, _XLS_MEMORY_PER_BYTE = 256 * MIB, 12
_XLS_CPU_SECONDS, _XLS_BYTES_PER_CPU_SECOND = 5, 8 * MIB


def limit_memory() -> None:
    """From now on MemoryError, or the end of the process, beyond MEMORY; and no core dump, which would hold the file's data."""
    if sys.platform != "win32":
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit(resource.RLIMIT_AS, _address_space() + MEMORY)


def without_limit() -> None:
    """There may be something to say when the memory is full."""
    if sys.platform != "win32":
        _limit(resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1])


@contextmanager
def limits_of_xls(size: int) -> Iterator[None]:
    """As much memory and time as a sound .xls of that size could need, and no more: its reader trusts what stands in the file."""
    if sys.platform != "win32":
        memory = min(_XLS_MEMORY + _XLS_MEMORY_PER_BYTE * size, MEMORY)
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + _XLS_CPU_SECONDS + size // _XLS_BYTES_PER_CPU_SECOND
        before = [(kind, resource.getrlimit(kind)[0]) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
        _limit(resource.RLIMIT_AS, _address_space() + memory)
        _limit(resource.RLIMIT_CPU, seconds)
        try:
            yield
        finally:
            for kind, most in before:
                _limit(kind, most)
    else:
        yield


def _limit(kind: int, most: int) -> None:
    if sys.platform != "win32":
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _address_space() -> int:
    """Bytes that the process has mapped; where that is not told, more than it has at the beginning."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    except OSError:
        return 1024 * MIB
