"""What the process that reads may use."""

from __future__ import annotations

from contextlib import AbstractContextManager

from cebd.child.limits import MIB, limited

MEMORY = 2048 * MIB  # beside what the process has when it begins; a gibibyte of sheets takes a quarter of it
# While an .xls is laid out: a number takes 6 bytes there and 64 in a table, a text 14 and more.
_XLS_MEMORY, _XLS_MEMORY_PER_BYTE = 256 * MIB, 12
_XLS_CPU_SECONDS, _XLS_BYTES_PER_CPU_SECOND = 5, 8 * MIB


def limits_of_xls(size: int) -> AbstractContextManager[None]:
    """As much memory and time as a sound .xls of that size could need, and no more: its reader trusts what stands in the file."""
    memory = min(_XLS_MEMORY + _XLS_MEMORY_PER_BYTE * size, MEMORY)
    return limited(memory, _XLS_CPU_SECONDS + size // _XLS_BYTES_PER_CPU_SECOND)
