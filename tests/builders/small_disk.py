"""A disk of a few megabytes, to be filled by a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class CannotMount(Exception):
    """A small disk can only be made by root, with the right to mount."""


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own at `place`, which is made. Raises CannotMount."""
    place.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        raise CannotMount(CannotMount.__doc__)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, but: int = 0) -> Path:
    """A file that takes all the room there is, but for so many bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        with suppress(OSError):
            while True:
                out.write(b"x" * 65536)
        with suppress(OSError):
            while True:
                out.write(b"x" * 4096)
        out.truncate(out.tell() - but)
    return filler
