"""Files by their path: published whole or not at all, and opened without falling into a trap (see `entering.py`).

| `write_file(path, ..)` | owner of the file | rights |
| --- | --- | --- |
| `within=FOLDER` | people's, below their folder | those of the folder it lies in: its group, its read and write rights, its default ACL |
| `private=True` | the service's own: keys, store | 0600 |
| neither | the caller, at a place of its choice | as for any program: 0666 less the umask |
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cebd.disk.entering import open_folder
from cebd.disk.folder import NO_LINK, temporary_name


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


def open_plain(path: Path) -> io.BufferedReader:
    """Open a plain file for reading, and nothing else: no link is followed, no pipe waited for. Raises OSError."""
    flags = os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no plain file", str(path))
    return open(descriptor, "rb")  # noqa: PTH123
