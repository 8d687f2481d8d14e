"""Files that are there wholly or not at all, and names that survive a power cut."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NOT_TO_BE_HAD = (errno.EINVAL, errno.ENOTSUP)  # shares that cannot sync a folder


def write_file(path: Path, content: bytes) -> None:
    """Publish bytes under the name by rename, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def sync_folder(folder: Path) -> None:
    """Names given in the folder are on disk when this returns, where the system can promise it (not on Windows, not on all shares).

    Raises OSError when the disk says that it could not.
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
