"""A maker's library with an interface in plain C, called by ctypes: in the process of its token, never in the daemon.

| what makers do differently | what holds for all |
| --- | --- |
| numbers (ULONG) have 4 bytes or 8 | by reference: 8 bytes of zeros, of which 4 are read; by value: as wide as a register |
| structures are packed or not, and of several lengths | the library writes into zeros that go on behind any of them |
| functions are called by another convention on Windows of 32 bits | `stdcall` |
| functions are left out | `has` says so before |
| it looks for its own settings and further libraries beside itself | it is loaded, and opens its device, in its folder (`at_home`) |
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager, chdir
from pathlib import Path

from cebd.signing.tokens.driver import DeviceFault

_NUMBER_MASK = 0xFFFFFFFF


class CLibrary:
    """See the table."""

    def __init__(self, path: str, *, stdcall: bool = False) -> None:
        """Raises DeviceFault."""
        self.path = Path(path).absolute()
        try:
            with self.at_home():
                self._library = load(self.path, stdcall=stdcall)
        except OSError as error:
            raise DeviceFault(f"{path}: {error}") from None

    def at_home(self) -> AbstractContextManager[None]:
        """In this block the folder of the process is the library's."""
        return chdir(self.path.parent)

    def has(self, function: str) -> bool:
        """Whether the library has the function."""
        return hasattr(self._library, function)

    def call(self, function: str, *arguments: object) -> int:
        """The code that it answers. Raises DeviceFault where the library lacks the function."""
        if not self.has(function):
            raise DeviceFault(f"{self.path.name} lacks {function}", f"{self.path.name} 缺少函数 {function}")
        called = getattr(self._library, function)
        called.restype = ctypes.c_uint32
        return int(called(*arguments))


def load(path: Path, *, stdcall: bool = False) -> ctypes.CDLL:
    """Raises OSError. `stdcall`: as the functions of Windows itself are called, where that is a difference."""
    if sys.platform == "win32" and stdcall:
        return ctypes.WinDLL(str(path))
    return ctypes.CDLL(str(path))


def number(value: int = 0) -> ctypes.c_uint64:
    """A number that the library is given by reference."""
    return ctypes.c_uint64(value)


def read(answer: ctypes.c_uint64) -> int:
    """The number that the library has put there."""
    return answer.value & _NUMBER_MASK
