"""A file on a network share is copied to the local disk before it is read: reading holds the store, and a share that
does not answer would block all other work.

| the share | what is read |
| --- | --- |
| gives the bytes that were claimed | the copy |
| gives other bytes, twice | the copy: the file has changed, and is held back behind it (`cebd.intake.changed`) |
| gives other bytes only this once, or fails | nothing: OSError, to be tried again |
| has no such file any more, or something else in its place | the path itself: whoever reads it says so |
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cebd.disk.files import open_plain
from cebd.intake.claim import sha256_of
from cebd.intake.inboxes.shares import is_share

NAME = "reading"  # the folder beside the store
_NOT_A_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EISDIR)


@contextmanager
def brought(path: Path, own: Path, sha256: str | None = None) -> Iterator[Path]:
    """Where to read the file: a copy in a folder of its own below `own`, gone at the end; the file itself where it lies on a disk of ours.
    `sha256`: of what was claimed; None for a file that was not.

    Raises OSError, see above; also where the disk of `own` is full. Looks into its folder: call it while nothing is held.
    """
    copy = own / path.name
    try:
        yield copy if is_share(path.parent) and _copy(path, copy, sha256) else path
    finally:
        if own.exists():
            with suppress(OSError):
                shutil.rmtree(own)


def _copy(path: Path, copy: Path, sha256: str | None) -> bool:
    """Whether there is a file to be copied. Raises OSError."""
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        source = open_plain(path)
    except OSError as error:
        if error.errno in _NOT_A_FILE:
            return False
        raise
    with source, os.fdopen(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.seek(0)
        digest = hashlib.file_digest(target, "sha256").hexdigest()
    if sha256 is not None and digest != sha256 and sha256_of(path) == sha256:
        raise OSError(errno.EIO, "the share gave other bytes than before and after", str(path))
    return True
