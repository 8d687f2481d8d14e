"""Whether a program still has a file open: then it is not complete, however long it has not changed.

| who | how it is seen |
| --- | --- |
| a program on this machine, as far as we may look | `/proc/PID/fd`, open for writing |
| any program on this machine, if the file is ours | a read lease (fcntl(2), F_SETLEASE), which is refused while a program writes |
| Excel, WPS, LibreOffice on any machine | the lock file beside the workbook: `~$NAME`, `.~NAME`, `.~lock.NAME#` |

On a network share, writers on other machines are invisible; there a file must stay unchanged for longer.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from cebd.disk import open_plain

_PROCESSES = Path("/proc")
_ACCESS = 0o3  # O_ACCMODE of Linux: the bits of the access mode
_BUSY = (errno.EAGAIN, errno.ETXTBSY, errno.EBUSY)

Inode = tuple[int, int]  # device and number


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


def is_written(path: Path) -> bool:
    """Whether the system refuses a read lease because a program writes. False also when the system cannot tell. Raises OSError."""
    try:
        with open_plain(path) as file:
            return _lease_refused(file.fileno())
    except OSError as error:
        if error.errno in _BUSY:
            return True
        raise


def _lease_refused(descriptor: int) -> bool:
    try:
        import fcntl

        # A program that opens the file for writing now waits until we release the lease; the signal about it is harmless.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        return error.errno == errno.EAGAIN  # else: another's file, or a disk without leases
    except (ImportError, AttributeError):
        return False
    return False


def locks_of(name: str) -> tuple[str, ...]:
    """The lock files, in small letters, of an open workbook: those of Excel, WPS and LibreOffice."""
    small = name.lower()
    return f"~${small}", f".~{small}", f".~lock.{small}#"
