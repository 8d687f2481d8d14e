"""Whether a daemon has a store open now, seen from outside without taking its lock."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from cebd.store.safety.lock import LOCK


@dataclass(frozen=True, slots=True)
class Holder:
    """`runs`: None on a system that cannot tell. `pid`: 0 or None if unknown (a daemon in another container)."""

    runs: bool | None
    pid: int | None = None


def holder_of(store_dir: Path) -> Holder:
    """Who holds the lock of the store. Linux lists the locks of all processes; elsewhere the lock is tried for a moment."""
    path = store_dir / LOCK
    try:
        about = path.stat()
    except FileNotFoundError:
        return Holder(False)
    except OSError:
        return Holder(None)
    if sys.platform == "win32":
        return _tried_on_windows(path)
    try:
        listed = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return _tried(path)
    here = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    for line in listed.splitlines():
        words = line.split()
        if len(words) >= 6 and "FLOCK" in words and "->" not in words and words[5] == here:
            return Holder(True, int(words[4]) or None)
    # Some file systems (overlays) list their locks under another device: then only trying tells.
    return _tried(path)


def _tried(path: Path) -> Holder:
    """A shared lock, let go of at once: a daemon that starts in that very moment would be refused once."""
    if sys.platform == "win32":
        return Holder(None)
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Holder(True)
    except OSError:
        return Holder(None)
    return Holder(False)


def _tried_on_windows(path: Path) -> Holder:
    if sys.platform != "win32":
        return Holder(None)
    import msvcrt

    try:
        with path.open("r+b") as file:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    except OSError:
        return Holder(True)
    return Holder(False)
