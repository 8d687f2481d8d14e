"""What the system says of folders and files, and whether it keeps their names."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NOT_TO_BE_HAD = (errno.EINVAL, errno.ENOTSUP)  # shares that cannot sync a folder


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
