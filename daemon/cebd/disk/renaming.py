"""Renaming that overwrites nothing, on any system."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_RENAME_NOREPLACE = 1  # renameat2(2)
_AT_FDCWD = -100


def rename_new(source: Path, target: Path, *, out: int | None = None, into: int | None = None) -> None:
    """Rename, overwriting nothing. Raises FileExistsError, other OSErrors.

    `out`, `into`: descriptors of the folders of the two files, where they are held open.
    """
    begin: str | Path = source if out is None else source.name
    end: str | Path = target if into is None else target.name
    if sys.platform == "linux":
        number = _renameat2(out, begin, into, end)
        if number == 0:
            return
        # These two: the file system, or the system, cannot refuse to overwrite.
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), str(source), None, str(target))
    # Looking first is all that is left; Windows refuses by itself.
    if _exists(end, into):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(begin, end, src_dir_fd=out, dst_dir_fd=into)


def _exists(name: str | Path, folder: int | None) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _renameat2(out: int | None, source: str | Path, into: int | None, target: str | Path) -> int:
    """The error number; 0 when it is done."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return errno.ENOSYS
    begin, end = (_AT_FDCWD if one is None else one for one in (out, into))
    done = renameat2(begin, os.fsencode(source), end, os.fsencode(target), _RENAME_NOREPLACE)
    return 0 if done == 0 else ctypes.get_errno()
