"""An open folder: its files are written whole or not at all, with the rights of the folder, and it is looked at without following links."""

from __future__ import annotations

import errno
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

from cebd.disk.renaming import rename_new

NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK | getattr(os, "O_BINARY", 0)
_OURS = re.compile(r"\.cebd-[0-9a-f]{16}\.tmp")
_DEFAULT_ACL = "system.posix_acl_default"
_PAUSES_ON_WINDOWS = (0.05, 0.1, 0.2)  # seconds
_FOR_PEOPLE = stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP

_tidied: set[tuple[int, int]] = set()  # folders searched for leftovers of an earlier run: device and inode


def temporary_name() -> str:
    """A name that nobody can guess, of a file that is being made; one that a killed run has left is removed by the next."""
    return f".cebd-{secrets.token_hex(8)}.tmp"


def hands_on_its_acl(folder: int) -> bool:
    """Whether a new file in the open folder gets rights by the folder's default ACL."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(os.getxattr(folder, _DEFAULT_ACL))
    except OSError:
        return False


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
            flags = os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
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
        rename_new(self.path / name, other.path / new, out=self.descriptor, into=other.descriptor)

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
        if self.descriptor is not None and hands_on_its_acl(self.descriptor):
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
        if not hands_on_its_acl(self.descriptor) and stat.S_IMODE(mine.st_mode) != mode:
            with suppress(OSError):  # shares that know no rights
                os.fchmod(descriptor, mode)
