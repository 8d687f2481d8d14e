"""A file on a network share is copied to the local disk before it is read: reading holds the store, and a share that
does not answer would block all other work.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cebd.disk import open_plain
from cebd.intake.shares import is_share

NAME = "reading"  # the folder beside the store


@contextmanager
def brought(path: Path, own: Path) -> Iterator[Path]:
    """Where to read the file: a copy in a folder of its own below `own`, gone at the end; the file itself where it lies on a disk of ours.

    Also where it cannot be copied: whoever reads it finds out why. Looks into its folder: call it while nothing is held.
    """
    copy = own / path.name
    try:
        if is_share(path.parent):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with open_plain(path) as source, os.fdopen(os.open(copy, flags, 0o600), "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            local = copy
        else:
            local = path
    except OSError:
        local = path
    try:
        yield local
    finally:
        if own.exists():
            with suppress(OSError):
                shutil.rmtree(own)
