"""Entering folders that other people can write to, too.

A person who can write to a shared folder can plant traps: a link under the name that we are about to write, a link in the
place of the folder. So names cannot be guessed, files are made new or not at all, and below the enterprise's folder (`within`) every
folder is entered without following a link, and held on to while we work in it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cebd.disk.folder import NO_LINK, Folder, hands_on_its_acl

_BY_DESCRIPTOR = {os.open, os.mkdir, os.rename, os.unlink, os.stat} <= os.supports_dir_fd  # not on Windows
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class NotOurFolder(OSError):
    """A link stands in the place of a folder of ours: files written there would go to another person's target."""


def make_folder(outer: Path, name: str) -> None:
    """Make a folder below an enterprise's folder, with the same rights; nothing is made through a link in the way. Raises OSError."""
    outer.mkdir(parents=True, exist_ok=True)
    with suppress(NotOurFolder), open_folder(outer / name, outer):
        pass


@contextmanager
def open_folder(path: Path, within: Path | None = None, *, make: bool = True) -> Iterator[Folder]:
    """The folder, held open: even if another is put in its place, we work in this folder. Raises OSError.

    `make`: make it if it is missing; but never `within` itself.
    """
    if not _BY_DESCRIPTOR:
        _check_by_path(path, within, make)
        yield Folder(path, None)
        return
    if within is None:
        if make:
            path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, _FOLDER)
    else:
        descriptor = os.open(within, _FOLDER)  # not made here: a share that is away must not become a folder of ours
    try:
        for name in path.relative_to(within).parts if within is not None else ():
            inner = _enter(descriptor, name, path, make)
            os.close(descriptor)
            descriptor = inner
        folder = Folder(path, descriptor)
        if within is not None:
            folder.tidy()
        yield folder
    finally:
        os.close(descriptor)


def _enter(outer: int, name: str, path: Path, make: bool) -> int:
    """Open a folder inside an open folder, no link followed; `make`: make it if it is missing."""
    made = False
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, 0o777, dir_fd=outer)
            made = True
    try:
        inner = os.open(name, _FOLDER | NO_LINK, dir_fd=outer)
    except FileNotFoundError as error:
        error.filename = str(path)
        raise
    except OSError as error:
        about = os.stat(name, dir_fd=outer, follow_symlinks=False)
        if error.errno in (errno.ENOTDIR, errno.ELOOP) and stat.S_ISLNK(about.st_mode):
            raise NotOurFolder(errno.ELOOP, f"{name} is a link, not a folder of ours", str(path)) from None
        error.filename = str(path)
        raise
    if sys.platform != "win32" and made and not hands_on_its_acl(outer):
        rights = stat.S_IMODE(os.fstat(inner).st_mode) | (stat.S_IMODE(os.fstat(outer).st_mode) & 0o077)
        with suppress(OSError):
            os.fchmod(inner, rights)
    return inner


def _check_by_path(path: Path, within: Path | None, make: bool) -> None:
    """On systems that cannot hold folders open: no folder below `within` may be a link at this moment."""
    if within is not None and not within.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(within))
    if make:
        path.mkdir(parents=True, exist_ok=True)
    inner = path
    while within is not None and inner != within and within in inner.parents:
        if inner.is_symlink() or stat.S_IFMT(inner.lstat().st_mode) != stat.S_IFDIR:
            raise NotOurFolder(errno.ELOOP, f"{inner.name} is a link, not a folder of ours", str(inner))
        inner = inner.parent
