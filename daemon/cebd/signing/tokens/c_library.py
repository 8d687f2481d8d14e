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
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, chdir, contextmanager
from pathlib import Path

from cebd.signing.signer import TokenAway
from cebd.signing.tokens.driver import Declined, DeviceFault

_NUMBER_MASK = 0xFFFFFFFF
_OK = 0


class LibraryCode(Exception):
    """A function answered this code, which says that it failed. `word`: what the standard calls it."""

    def __init__(self, function: str, code: int, word: str) -> None:
        super().__init__(f"{function}: {word} {code:#010x}")
        self.code = code


class CLibrary:
    """See the table."""

    def __init__(self, path: str, codes: Mapping[int, str], *, stdcall: bool = False) -> None:
        """`codes`: the standard's words for them. Raises DeviceFault."""
        self._codes = codes
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

    def do(self, function: str, *arguments: object) -> None:
        """Raises LibraryCode, and DeviceFault where the library lacks the function."""
        code = self.call(function, *arguments)
        if code != _OK:
            raise LibraryCode(function, code, self._codes.get(code, "code"))


@contextmanager
def said(token: str, away: Collection[int], declined: Collection[int]) -> Iterator[None]:
    """In this block a code is said as a TokenError, by what it means: the token is away, it declined, or anything else."""
    try:
        yield
    except LibraryCode as error:
        kind = TokenAway if error.code in away else Declined if error.code in declined else DeviceFault
        raise kind(f"{token}: {error}", f"{token}：{error}") from None


def load(path: Path, *, stdcall: bool = False) -> ctypes.CDLL:
    """Raises OSError. `stdcall`: as the functions of Windows itself are called, where that is a difference."""
    if sys.platform == "win32" and stdcall:
        return ctypes.WinDLL(str(path))
    return ctypes.CDLL(str(path))


def texts_in(structure: bytes, begin: int, lengths: Sequence[int]) -> Iterator[bytes]:
    """Fields of these lengths that follow each other; each text ends with a zero, if it does not fill its field."""
    for length in lengths:
        yield structure[begin : begin + length].partition(b"\0")[0]
        begin += length


def number(value: int = 0) -> ctypes.c_uint64:
    """A number that the library is given by reference."""
    return ctypes.c_uint64(value)


def read(answer: ctypes.c_uint64) -> int:
    """The number that the library has put there."""
    return answer.value & _NUMBER_MASK
