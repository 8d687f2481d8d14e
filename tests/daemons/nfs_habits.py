"""A folder as an NFS client shows it: a FUSE file system over SERVER, with the habits that nfs(5) describes and a test asks for.

| habit | always, or while there is a file of that name in CONTROL |
| --- | --- |
| no event tells of what others do on the server | always |
| sizes, times and absent names are remembered for some seconds | `late` (seconds); opening a file asks the server (close-to-open) |
| what was written reaches the server when the file is closed or synced | always |
| a file that is removed while it is open gets a name `.nfsXXXX` until it is closed | always |
| a file that the server has no more is stale for whoever has it open | always |
| a rename cannot be told to overwrite nothing | always |
| ESTALE for each path that ends so | `stale` (a line for each ending) |
| any call fails | `broken` (the error's name, such as EIO) |
| a full disk is told when a file is closed or synced | `full` |
| a rename is done, its answer is lost, and made again it finds no file | `lost answer` (how its new name ends) |
| no rename at all | `no rename` |

python tests/daemons/nfs_habits.py SERVER FOLDER CONTROL
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import mfusepy

SERVER, FOLDER, CONTROL = map(Path, sys.argv[1:4])
_CALLS = frozenset("getattr open create read write readdir mkdir unlink rename statfs".split())  # noqa: SIM905
_STATS = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_ino")


def told(name: str) -> str | None:
    """What the test says about a habit; None: nothing."""
    try:
        return (CONTROL / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def fail(number: int) -> OSError:
    return mfusepy.FuseOSError(number)


def _failing(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, which fails for each path where the test says so."""

    @wraps(call)
    def made(path: str, *more: Any) -> Any:
        broken, stale = told("broken"), told("stale")
        if broken:
            raise fail(getattr(errno, broken))
        if any(path.endswith(ending) for ending in (stale or "").splitlines() if ending):
            raise fail(errno.ESTALE)
        return call(path, *more)

    return made


@dataclass
class Opened:
    """`content`: what this machine has written, and the server has not yet; None: nothing."""

    path: str
    content: bytearray | None = None


@dataclass
class Remembered:
    until: float
    about: dict[str, Any] | None  # None: there is no such name


@dataclass
class NfsHabits(mfusepy.Operations):
    use_ns = True
    opened: dict[int, Opened] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return _failing(found) if name in _CALLS else found

    # What is remembered

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        written = [one.content for one in self.opened.values() if one.path == path and one.content is not None]
        if fh is not None and fh in self.opened and not os.fstat(fh).st_nlink:
            raise fail(errno.ESTALE)
        known = self.remembered.get(path)
        if known is None or time.monotonic() >= known.until:
            known = self._ask(path)
        if known.about is None:
            raise fail(errno.ENOENT)
        return {**known.about, "st_size": len(written[-1])} if written else known.about

    def _ask(self, path: str) -> Remembered:
        try:
            stats = os.lstat(_on_server(path))
        except FileNotFoundError:
            about = None
        else:
            about = {name: getattr(stats, name) for name in _STATS}
            about |= {"st_atime": stats.st_atime_ns, "st_mtime": stats.st_mtime_ns, "st_ctime": stats.st_ctime_ns}
        self.remembered[path] = Remembered(time.monotonic() + float(told("late") or 0), about)
        return self.remembered[path]

    def _forget(self, *paths: str) -> None:
        for path in paths:
            self.remembered.pop(path, None)

    # Files

    def open(self, path: str, flags: int) -> int:
        number = os.open(_on_server(path), flags & ~(os.O_CREAT | os.O_EXCL))
        self.opened[number] = Opened(path, bytearray() if flags & os.O_TRUNC else None)
        self._ask(path)
        return number

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        number = os.open(_on_server(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        self.opened[number] = Opened(path, bytearray())
        self._ask(path)
        return number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        if not os.fstat(fh).st_nlink:
            raise fail(errno.ESTALE)
        content = self.opened[fh].content
        return os.pread(fh, size, offset) if content is None else bytes(content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        opened = self.opened[fh]
        if opened.content is None:
            opened.content = bytearray(os.pread(fh, os.fstat(fh).st_size, 0))
        opened.content[offset : offset + len(data)] = data
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        os.truncate(_on_server(path), length)
        self._forget(path)

    def flush(self, path: str, fh: int) -> None:
        content = self.opened[fh].content
        if content is None:
            return
        if told("full") is not None:
            raise fail(errno.ENOSPC)
        os.pwrite(fh, bytes(content), 0)
        os.ftruncate(fh, len(content))
        self.opened[fh].content = None
        self._ask(self.opened[fh].path)

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        self.flush(path, fh)

    def release(self, path: str, fh: int) -> None:
        gone = self.opened.pop(fh)
        os.close(fh)
        if Path(gone.path).name.startswith(".nfs") and not self._is_open(gone.path):
            _on_server(gone.path).unlink(missing_ok=True)

    # Names

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *(inner.name for inner in _on_server(path).iterdir())]

    def mkdir(self, path: str, mode: int) -> None:
        _on_server(path).mkdir(mode)
        self._forget(path)

    def rmdir(self, path: str) -> None:
        _on_server(path).rmdir()
        self._forget(path)

    def unlink(self, path: str) -> None:
        if not self._is_open(path):
            _on_server(path).unlink()
            self._forget(path)
            return
        silly = str(Path(path).with_name(f".nfs{time.monotonic_ns():016x}"))
        self._move(path, silly)

    def rename(self, old: str, new: str) -> None:
        if told("no rename") is not None:
            raise fail(errno.EPERM)
        if self._is_open(new):
            self.unlink(new)
        if new.endswith(told("lost answer") or "\0"):
            (CONTROL / "lost answer").unlink()
            _on_server(old).rename(_on_server(new))
            self.remembered[old] = Remembered(time.monotonic() + 60, None)
            raise fail(errno.ENOENT)
        self._move(old, new)

    def _move(self, old: str, new: str) -> None:
        _on_server(old).rename(_on_server(new))
        self._forget(old, new)
        for opened in self.opened.values():
            if opened.path == old:
                opened.path = new

    def _is_open(self, path: str) -> bool:
        return any(opened.path == path for opened in self.opened.values())

    # The rest

    def chmod(self, path: str, mode: int) -> None:
        _on_server(path).chmod(mode)
        self._forget(path)

    def chown(self, path: str, uid: int, gid: int) -> None:
        raise fail(errno.EPERM)  # root is nobody on a server

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        os.utime(_on_server(path), ns=times)
        self._forget(path)

    def statfs(self, path: str) -> dict[str, int]:
        disk = os.statvfs(_on_server(path))
        names = (
            "f_bavail",
            "f_bfree",
            "f_blocks",
            "f_bsize",
            "f_files",
            "f_ffree",
            "f_favail",
            "f_frsize",
            "f_namemax",
        )
        return {name: getattr(disk, name) for name in names}


def _on_server(path: str) -> Path:
    return SERVER / path.lstrip("/")


class Client(mfusepy.FUSE):
    def rename_fuse_3(self, old: bytes, new: bytes, flags: int) -> int:
        return -errno.EINVAL if flags else super().rename_fuse_3(old, new, flags)


if __name__ == "__main__":
    cached = dict.fromkeys(
        ("attr_timeout", "entry_timeout", "negative_timeout"), 0
    )  # what is remembered is ours to say
    Client(
        NfsHabits(),
        str(FOLDER),
        foreground=True,
        nothreads=True,
        direct_io=True,
        hard_remove=True,
        subtype="nfs_habits",
        **cached,
    )
