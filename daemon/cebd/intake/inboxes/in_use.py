"""Whether a program still has a file open: then it is not complete, however long it has not changed.

| who | how it is seen |
| --- | --- |
| a program on this machine, as far as we may look | `/proc/PID/fd`, open for writing |
| any program on this machine, if the file is ours or we are root | a read lease (fcntl(2), F_SETLEASE): refused while a program writes |
| Excel, WPS, LibreOffice on any machine | the lock file beside the workbook: `~$NAME`, `.~NAME`, `.~lock.NAME#` |

Where neither can be asked, writers are invisible: at other machines on a network share; and on our own disk where the file belongs to
another user, as all do that Samba writes for its clients. Such a file must stay unchanged for longer.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Collection
from contextlib import suppress
from enum import Enum
from pathlib import Path

from cebd.disk.files import open_plain

_PROCESSES = Path("/proc")
_ACCESS = 0o3  # O_ACCMODE of Linux: the bits of the access mode
_BUSY = (errno.EAGAIN, errno.ETXTBSY, errno.EBUSY)

Inode = tuple[int, int]  # device and number


class Writers(Enum):
    """What the system says about programs that write to a file."""

    SOME = "a program has it open for writing"
    NONE = "no program has"
    UNKNOWN = "the system does not tell us"


def inode_of(path: Path) -> Inode | None:
    try:
        stats = path.lstat()
    except OSError:
        return None
    return stats.st_dev, stats.st_ino


def written_now(inodes: Collection[Inode]) -> set[Inode]:
    """The files that a process has open for writing, among the processes that we may inspect."""
    written: set[Inode] = set()
    if not inodes or not (_PROCESSES / "self" / "fd").is_dir():
        return written
    for process in os.listdir(_PROCESSES):  # noqa: PTH208
        if not process.isdecimal():
            continue
        # The process is gone, or not ours to look into.
        with suppress(OSError):
            for number in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208
                with suppress(OSError):
                    stats = os.stat(f"/proc/{process}/fd/{number}")  # noqa: PTH116
                    inode = (stats.st_dev, stats.st_ino)
                    if inode in inodes and _writes(process, number):
                        written.add(inode)
    return written


def _writes(process: str, number: str) -> bool:
    flags = (_PROCESSES / process / "fdinfo" / number).read_text(encoding="ascii").partition("flags:")[2].split()[0]
    return int(flags, 8) & _ACCESS != os.O_RDONLY


def writers_of(path: Path) -> Writers:
    """Whether the system refuses a read lease because a program writes. Raises OSError."""
    try:
        with open_plain(path) as file:
            return _by_lease(file.fileno())
    except OSError as error:
        if error.errno in _BUSY:
            return Writers.SOME
        raise


def _by_lease(descriptor: int) -> Writers:
    try:
        import fcntl

        # A program that opens the file for writing now waits until we release the lease; the signal about it is harmless.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        return (
            Writers.SOME if error.errno == errno.EAGAIN else Writers.UNKNOWN
        )  # another's file, or a disk without leases
    except (ImportError, AttributeError):
        return Writers.NONE  # systems without leases refuse to open a file that another writes (Windows), or never told
    return Writers.NONE


def locks_of(name: str) -> tuple[str, ...]:
    """The lock files, in small letters, of an open workbook: those of Excel, WPS and LibreOffice."""
    small = name.lower()
    return f"~${small}", f".~{small}", f".~lock.{small}#"
