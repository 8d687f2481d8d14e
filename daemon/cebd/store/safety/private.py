"""Files of the service's user alone, under any umask: the store holds people's identity numbers, the keys sign for an enterprise."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

_FOLDER, _FILE = 0o700, 0o600


def make_private_folder(folder: Path) -> None:
    """Make the folder; only its owner may enter a new folder (`tighten_all` handles existing folders). Raises OSError."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=_FOLDER, exist_ok=True)


def open_private(path: Path) -> IO[bytes]:
    """The file, made if need be, to be read and added to. Raises OSError."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), _FILE), "ab+")
    tighten(path)
    return file


def write_private(path: Path, content: bytes) -> None:
    """A new file of these bytes, on disk when this returns. Raises FileExistsError, other OSErrors."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def tighten(path: Path) -> None:
    """Remove the rights of other users that earlier versions granted. Files of another user are left as they are."""
    if os.name == "nt" or path.is_symlink():
        return
    with suppress(OSError):
        facts = path.stat()
        if facts.st_mode & 0o077:
            path.chmod(facts.st_mode & 0o700)


def tighten_all(folder: Path) -> None:
    """The folder, and every file and folder in it."""
    tighten(folder)
    for inside, folders, files in os.walk(folder):
        for name in (*folders, *files):
            tighten(Path(inside) / name)


def owner_of(path: Path) -> str | None:
    """The owner of the path, or of the first readable folder above it; None if unknown."""
    if sys.platform == "win32":
        return None
    import pwd

    for one in (path, *path.parents):
        with suppress(OSError):
            number = one.stat().st_uid
            try:
                return pwd.getpwuid(number).pw_name
            except KeyError:
                return f"#{number}"
    return None
