"""The files that clients of the simulated customs side see: those of `in/` and `out/`, and nothing else."""

from __future__ import annotations

import errno
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import paramiko
from paramiko.sftp import SFTP_OK

_SEEN = ("in", "out")


class BeingWritten:
    """Which files clients have open for writing; asked before one is taken up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[Path] = Counter()

    def __call__(self, path: Path) -> bool:
        with self._lock:
            return self._open[path] > 0

    def begin(self, path: Path) -> None:
        """A client opened it."""
        with self._lock:
            self._open[path] += 1

    def end(self, path: Path) -> None:
        """A client closed it, or went away."""
        with self._lock:
            self._open[path] -= 1
            if self._open[path] <= 0:
                del self._open[path]


class _Handle(paramiko.SFTPHandle):
    """An open file; tells when it is no longer written."""

    def __init__(self, flags: int, file: Any, closed: Callable[[], None]) -> None:
        super().__init__(flags)
        self._file = file
        self._closed: Callable[[], None] | None = closed
        self.readfile = self.writefile = file

    def close(self) -> None:
        super().close()
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._file.fileno()))


class Files(paramiko.SFTPServerInterface):
    """The file operations of one connection. What is not here (symlinks, folders, attributes) is not supported."""

    def __init__(self, server: paramiko.ServerInterface, *, root: Path, being_written: BeingWritten) -> None:
        super().__init__(server)
        self._root = root
        self._being_written = being_written

    def list_folder(self, path: str) -> Any:
        try:
            real = self._seen(path)
            names = list(_SEEN) if real == self._root else sorted(entry.name for entry in real.iterdir())
        except OSError as error:
            return _refusal(error)
        entries = []
        for name in names:
            try:
                entries.append(paramiko.SFTPAttributes.from_stat((real / name).stat(), name))
            except FileNotFoundError:
                continue  # taken up meanwhile
        return entries

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._seen(path).stat())
        except OSError as error:
            return _refusal(error)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        del attr
        writing = flags & (os.O_WRONLY | os.O_RDWR)
        try:
            real = self._file(path)
            if writing:
                self._being_written.begin(real)
            try:
                descriptor = os.open(real, flags | getattr(os, "O_BINARY", 0), 0o600)
                mode = "ab" if flags & os.O_APPEND else "wb" if flags & os.O_WRONLY else "r+b" if writing else "rb"
                file = os.fdopen(descriptor, mode, buffering=0)
            except OSError:
                if writing:
                    self._being_written.end(real)
                raise
        except OSError as error:
            return _refusal(error)
        return _Handle(flags, file, (lambda: self._being_written.end(real)) if writing else (lambda: None))

    def remove(self, path: str) -> int:
        return _done(lambda: self._file(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        def without_overwriting() -> None:
            old, new = self._file(oldpath), self._file(newpath)
            new.hardlink_to(old)  # fails where the name is taken, as SFTP version 3 wants it
            old.unlink()

        return _done(without_overwriting)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _done(lambda: self._file(oldpath).replace(self._file(newpath)))

    def _seen(self, path: str) -> Path:
        """The real path of the root, of a folder that is seen, or of a file in it. Raises FileNotFoundError."""
        parts = [part for part in PurePosixPath(self.canonicalize(path)).parts if not part.startswith("/")]
        # A backslash or a colon leads elsewhere on Windows, a NUL nowhere.
        strange = any(sign in part for part in parts for sign in "\\:\0")
        if len(parts) > 2 or strange or (parts and parts[0] not in _SEEN):
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return self._root.joinpath(*parts)

    def _file(self, path: str) -> Path:
        """The real path of a file. Raises FileNotFoundError, and PermissionError for the folders themselves."""
        real = self._seen(path)
        if self._root in (real, real.parent):
            raise PermissionError(errno.EACCES, "a folder", path)
        return real


def _done(act: Callable[[], object]) -> int:
    try:
        act()
    except OSError as error:
        return _refusal(error)
    return SFTP_OK


def _refusal(error: OSError) -> int:
    return int(paramiko.SFTPServer.convert_errno(error.errno or errno.EIO))
