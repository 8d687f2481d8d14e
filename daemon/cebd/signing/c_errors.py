"""What a library in C prints to the standard error, kept away where it says nothing that its answer does not say.

GmSSL prints a line of its source for each signature that does not hold. Only C's own stream is exchanged, not the descriptor: what Python
writes meanwhile, the log, is written.
"""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_exchanged = threading.Lock()


@contextmanager
def unheard() -> Iterator[None]:
    """In this block C prints nothing to its standard error, in no thread. Where C's library is not glibc, it still does."""
    with _exchanged:
        stream, nowhere = _streams()
        if stream is None:
            yield
            return
        before = stream.value
        stream.value = nowhere
        try:
            yield
        finally:
            stream.value = before


@cache
def _streams() -> tuple[ctypes.c_void_p | None, int | None]:
    """The variable that holds C's standard error, and a stream that leads nowhere."""
    if platform.libc_ver()[0] != "glibc":  # elsewhere the variable may be a constant
        return None, None
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    nowhere: int | None = library.fopen(os.devnull.encode(), b"w")
    return (ctypes.c_void_p.in_dll(library, "stderr"), nowhere) if nowhere else (None, None)
