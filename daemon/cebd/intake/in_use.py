"""Whether somebody still has a file open: then it is not complete, however long it has been still.

| who | how it is seen |
| --- | --- |
| a program on this machine, as far as we may look | `/proc/PID/fd`, open for writing |
| any program on this machine, where the file is ours | a read lease (fcntl(2), F_SETLEASE), which is refused while one writes |
| Excel, WPS, LibreOffice, wherever they run | the file that they put beside the workbook: `~$NAME`, `.~NAME`, `.~lock.NAME#` |

On a share nobody sees who writes at another machine; there a file has to be still for longer.
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
_ACCESS = 0o3  # O_ACCMODE of Linux: the bits that say for what a file is open
_BUSY = (errno.EAGAIN, errno.ETXTBSY, errno.EBUSY)

Inode = tuple[int, int]  # device and number


def inode_of(path: Path) -> Inode | None:
    try:
        stats = path.lstat()
    except OSError:
        return None
    return stats.st_dev, stats.st_ino


def written_now(inodes: Collection[Inode]) -> set[Inode]:
    """Those that a process which we may look into has open for writing."""
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
    """Whether the system refuses a read lease because somebody writes. False also where that cannot be known. Raises OSError."""
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

        # Who opens the file for writing just now waits for us to let go; the signal that tells us is one that does no harm.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)  # type: ignore[attr-defined,unused-ignore]
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        return error.errno == errno.EAGAIN  # else: another's file, or a disk without leases
    except (ImportError, AttributeError):
        return False
    return False


def locks_of(name: str) -> tuple[str, ...]:
    """The names, in small letters, of what lies beside a workbook while it is open: Excel's, WPS's, LibreOffice's."""
    small = name.lower()
    return f"~${small}", f".~{small}", f".~lock.{small}#"
