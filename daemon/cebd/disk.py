"""Files that exist wholly or not at all, names that survive a power cut, and folders that other people can write to, too.

A person who can write to a shared folder can plant traps: a link under the name that we are about to write, a link in the
place of the folder. So names cannot be guessed, files are made new or not at all, and below the enterprise's folder (`within`) every
folder is entered without following a link, and held on to while we work in it.

| `write_file(path, ..)` | owner of the file | rights |
| --- | --- | --- |
| `within=FOLDER` | people's, below their folder | those of the folder it lies in: its group, its read and write rights, its default ACL |
| `private=True` | the service's own: keys, store | 0600 |
| neither | the caller, at a place of its choice | as for any program: 0666 less the umask |
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_NOT_TO_BE_HAD = (errno.EINVAL, errno.ENOTSUP)  # shares that cannot sync a folder
_BY_DESCRIPTOR = {os.open, os.mkdir, os.rename, os.unlink, os.stat} <= os.supports_dir_fd  # not on Windows
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0)
_OURS = re.compile(r"\.cebd-[0-9a-f]{16}\.tmp")
_DEFAULT_ACL = "system.posix_acl_default"
_RENAME_NOREPLACE = 1  # renameat2(2)
_AT_FDCWD = -100
_PAUSES_ON_WINDOWS = (0.05, 0.1, 0.2)  # seconds
_FOR_PEOPLE = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP

_tidied: set[tuple[int, int]] = set()  # folders searched for leftovers of an earlier run: device and inode


class NotOurFolder(OSError):
    """A link stands in the place of a folder of ours: files written there would go to another person's target."""


def write_file(path: Path, content: bytes, *, within: Path | None = None, private: bool = False) -> None:
    """Publish bytes under the name by rename, whole or not at all; an existing file is replaced, a link is never followed.

    `within` is the folder of the enterprise that the file is for: see above. Missing folders are made. Raises OSError; NotOurFolder.
    """
    with open_folder(path.parent, within) as folder:
        folder.write(path.name, content, for_people=within is not None, private=private)


@contextmanager
def new_file(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """A file that is written bit by bit, and has its name once all of it is there; nothing is left of one that fails. Raises OSError."""
    with open_folder(path.parent) as folder:
        temporary = temporary_name()
        with folder.prepared(temporary, path.name, for_people=False, private=private) as out:
            yield out
        folder.give_name(temporary, path.name)


def temporary_name() -> str:
    """A name that nobody can guess, of a file that is being made; one that a killed run has left is removed by the next."""
    return f".cebd-{secrets.token_hex(8)}.tmp"


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


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder. Names are those of files in it; without a descriptor (Windows) they go by path."""

    path: Path
    descriptor: int | None

    def write(self, name: str, content: bytes, *, for_people: bool = True, private: bool = False) -> None:
        """As `write_file`."""
        temporary = temporary_name()
        self.prepare(temporary, name, content, for_people=for_people, private=private)
        self.give_name(temporary, name)

    def write_new(self, name: str, content: bytes) -> None:
        """The same for people, where no file has that name. Raises FileExistsError, other OSErrors."""
        temporary = temporary_name()
        self.prepare(temporary, name, content)
        with self._or_removed(temporary, name):
            self.move_to(self, temporary, name)

    def prepare(
        self, temporary: str, name: str, content: bytes, *, for_people: bool = True, private: bool = False
    ) -> None:
        """Write the file under a `temporary_name`, safe on the disk, so that it only wants its name. Raises OSError."""
        with self.prepared(temporary, name, for_people=for_people, private=private) as out:
            out.write(content)

    @contextmanager
    def prepared(
        self, temporary: str, name: str, *, for_people: bool = True, private: bool = False
    ) -> Iterator[IO[bytes]]:
        """The same for what is written bit by bit. Raises OSError."""
        mode = 0o600 if private else self._mode_for_people() if for_people else 0o666
        with self._or_removed(temporary, name):
            descriptor = os.open(self._at(temporary), _NEW, mode, dir_fd=self.descriptor)
            with open(descriptor, "w+b") as out:  # noqa: PTH123
                if for_people and not private:
                    self._share(descriptor, mode)
                yield out
                out.flush()
                os.fsync(out.fileno())

    def give_name(self, temporary: str, name: str) -> None:
        """Have a prepared file take the place of that name's file. Raises OSError."""
        with self._or_removed(temporary, name):
            source, target = self._at(temporary), self._at(name)
            for pause in _PAUSES_ON_WINDOWS if os.name == "nt" else ():
                # A virus scanner or an indexer has it open for a moment; a person's program has it for longer: see `publishing/outbox.py`.
                with suppress(PermissionError):
                    Path(source).replace(target)
                    return
                time.sleep(pause)
            os.replace(source, target, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    @contextmanager
    def _or_removed(self, temporary: str, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            with suppress(OSError):
                self.remove(temporary)
            if (
                isinstance(error, OSError) and error.filename is not None
            ):  # errors carry the final name, which people know
                error.filename, error.filename2 = str(self.path / name), None
            raise

    def read(self, name: str) -> bytes | None:
        """The bytes of a plain file; None for a missing file, a link, a folder or a pipe. Raises OSError."""
        try:
            flags = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            descriptor = os.open(self._at(name), flags, dir_fd=self.descriptor)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
                return None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with open(descriptor, "rb") as content:  # noqa: PTH123
            return content.read()

    def stat(self, name: str) -> os.stat_result | None:
        """The entry under the name itself, no link followed; None if there is no entry. Raises OSError."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def rename(self, name: str, new: str) -> None:
        """Give the file another name, which must be free. Raises OSError."""
        os.rename(self._at(name), self._at(new), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def move_to(self, other: Folder, name: str, new: str) -> None:
        """Bring the file into another open folder; nothing is overwritten there. Raises FileExistsError, other OSErrors."""
        _rename_new(self, name, other, new)

    def remove(self, name: str) -> None:
        """Raises OSError."""
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def names(self) -> list[str]:
        """The names in the folder."""
        return os.listdir(self.path if self.descriptor is None else self.descriptor)  # noqa: PTH208

    def may_be_replaced(self, name: str) -> bool:
        """Whether the system lets us: Windows does not while a program has the file open. Elsewhere only a lock file beside it tells."""
        if os.name != "nt":
            return True
        try:
            with (self.path / name).open("r+b"):
                return True
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def tidy(self) -> None:
        """Remove temporary files of an earlier, killed run. Once in each run: such a folder belongs to a single station."""
        if self.descriptor is None:
            return
        about = os.fstat(self.descriptor)
        if (about.st_dev, about.st_ino) in _tidied:
            return
        _tidied.add((about.st_dev, about.st_ino))
        for name in self.names():
            if _OURS.fullmatch(name):
                with suppress(OSError):
                    self.remove(name)

    def _at(self, name: str) -> str | Path:
        return name if self.descriptor is not None else self.path / name

    def _mode_for_people(self) -> int:
        """May be read and written by whom the folder lets in; its owner and group may read at least."""
        about = os.fstat(self.descriptor) if self.descriptor is not None else self.path.stat()
        if self.descriptor is not None and _hands_on_its_acl(self.descriptor):
            return 0o666  # of which the ACL leaves what it gives
        return _FOR_PEOPLE | (stat.S_IMODE(about.st_mode) & 0o066)

    def _share(self, descriptor: int, mode: int) -> None:
        """Give a new file the folder's group and rights, under any umask; a folder with a default ACL has done so already."""
        if sys.platform == "win32" or self.descriptor is None:
            return
        folder, mine = os.fstat(self.descriptor), os.fstat(descriptor)
        if mine.st_gid != folder.st_gid:
            with suppress(OSError):  # we are not of that group; a folder that hands on its group (setgid) needs no help
                os.fchown(descriptor, -1, folder.st_gid)
        if not _hands_on_its_acl(self.descriptor) and stat.S_IMODE(mine.st_mode) != mode:
            with suppress(OSError):  # shares that know no rights
                os.fchmod(descriptor, mode)


def rename_new(source: Path, target: Path) -> None:
    """Rename, overwriting nothing. Raises FileExistsError, other OSErrors."""
    _rename_new(Folder(source.parent, None), source.name, Folder(target.parent, None), target.name)


def _rename_new(out: Folder, name: str, into: Folder, new: str) -> None:
    source, target = out._at(name), into._at(new)
    if sys.platform == "linux":
        number = _renameat2(out.descriptor, source, into.descriptor, target)
        if number == 0:
            return
        if number not in (
            errno.EINVAL,
            errno.ENOSYS,
        ):  # these: the file system, or the system, cannot refuse to overwrite
            raise OSError(number, os.strerror(number), str(out.path / name), None, str(into.path / new))
    # Looking first is all that is left; Windows refuses by itself.
    if into.stat(new) is not None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(into.path / new))
    os.rename(source, target, src_dir_fd=out.descriptor, dst_dir_fd=into.descriptor)


def _renameat2(out: int | None, source: str | Path, into: int | None, target: str | Path) -> int:
    """The error number; 0 when it is done."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return errno.ENOSYS
    begin, end = (_AT_FDCWD if one is None else one for one in (out, into))
    done = renameat2(begin, os.fsencode(source), end, os.fsencode(target), _RENAME_NOREPLACE)
    return 0 if done == 0 else ctypes.get_errno()


def open_plain(path: Path) -> io.BufferedReader:
    """Open a plain file for reading, and nothing else: no link is followed, no pipe waited for. Raises OSError."""
    flags = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no plain file", str(path))
    return open(descriptor, "rb")  # noqa: PTH123


def where_and_why(error: OSError) -> str:
    """The file that an error names, and the system's reason."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False, too, where its disk or share answers with an error (`Path.is_dir` raises it)."""
    try:
        return path.is_dir()
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Make new names in the folder durable, if the system can promise it (not on Windows, not on all shares).

    Raises OSError when the disk reports a failure.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_TO_BE_HAD:
            raise
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
        inner = os.open(name, _FOLDER | _NO_LINK, dir_fd=outer)
    except FileNotFoundError as error:
        error.filename = str(path)
        raise
    except OSError as error:
        about = os.stat(name, dir_fd=outer, follow_symlinks=False)
        if error.errno in (errno.ENOTDIR, errno.ELOOP) and stat.S_ISLNK(about.st_mode):
            raise NotOurFolder(errno.ELOOP, f"{name} is a link, not a folder of ours", str(path)) from None
        error.filename = str(path)
        raise
    if sys.platform != "win32" and made and not _hands_on_its_acl(outer):
        rights = stat.S_IMODE(os.fstat(inner).st_mode) | (stat.S_IMODE(os.fstat(outer).st_mode) & 0o077)
        with suppress(OSError):
            os.fchmod(inner, rights)
    return inner


def _hands_on_its_acl(folder: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(os.getxattr(folder, _DEFAULT_ACL))
    except OSError:
        return False


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
