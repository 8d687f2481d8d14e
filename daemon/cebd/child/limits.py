"""What a process that works for another one may use. Where the system knows no such limit there is none."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

MIB = 1 << 20


def limit_memory(most: int) -> None:
    """From now on MemoryError, or the end of the process, beyond so many bytes beside those that it has.

    No core dump either, which would hold the data of files.
    """
    if sys.platform != "win32":
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit(resource.RLIMIT_AS, _address_space() + most)


def without_limit() -> None:
    """There may be something to say when the memory is full."""
    if sys.platform != "win32":
        _limit(resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1])


@contextmanager
def limited(memory: int, cpu_seconds: int) -> Iterator[None]:
    """So many bytes and seconds of the processor beside what it has used before, for the block."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        before = [(kind, resource.getrlimit(kind)[0]) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
        _limit(resource.RLIMIT_AS, _address_space() + memory)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds)
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
