"""When a dropped file is complete.

A file is complete when its size and time have not changed for `stable_seconds` and it can be opened. That covers copying over a
share, editors that save by rename, and programs that keep the file locked while they write; an empty file waits ten times as long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

IGNORED_PREFIXES = (".", "~$")
IGNORED_SUFFIXES = (".part", ".tmp", ".crdownload")


def is_left_alone(name: str) -> bool:
    """Whether a name says that the file is not for us (yet)."""
    return name.startswith(IGNORED_PREFIXES) or name.lower().endswith(IGNORED_SUFFIXES)


class Completeness:
    """Remembers what a folder's files looked like, and says which are complete."""

    def __init__(self, stable_seconds: float) -> None:
        self._stable = stable_seconds
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}

    def complete(self, inbox: Path, now: float) -> list[Path]:
        """The files of the inbox that are complete at `now` (seconds of a steady clock)."""
        present = dict(_files(inbox))
        for path in [path for path in self._seen if inbox in path.parents and path not in present]:
            del self._seen[path]
        return [path for path, looks in present.items() if self._is_complete(path, looks, now)]

    def _is_complete(self, path: Path, looks: tuple[int, int], now: float) -> bool:
        before = self._seen.get(path)
        if before is None or before[0] != looks:
            self._seen[path] = (looks, now)
            return self._stable == 0 and looks[0] > 0
        wait = self._stable if looks[0] else 10 * self._stable
        if now - before[1] < wait:
            return False
        try:
            with path.open("rb"):
                return True
        except OSError:
            return False


def _files(inbox: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Files of the inbox and its subfolders, with size and time of change."""
    for folder, folders, names in os.walk(inbox):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder) / name
            if is_left_alone(name) or path.is_symlink():
                continue
            try:
                looks = path.stat()
            except OSError:
                continue
            yield path, (looks.st_size, looks.st_mtime_ns)
