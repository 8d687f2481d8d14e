"""When a dropped file is complete.

| a file is complete when | because |
| --- | --- |
| its size and time have stood for `stable_seconds`, on a share for 10 s and 1 s for each 10 MB | it is being copied, or saved by rename |
| on a disk for as long where the system does not tell who writes | the file is another user's, as those of Samba's clients are |
| it is as large when opened as it was when listed | a share remembers sizes, and asks its server when a file is opened |
| no spreadsheet program has it open (`in_use`) | edits on the screen may not be in the file |
| it can be read, and no visible program has it open for writing | some programs write with long pauses |
| it ends as files of its kind end; a CSV without its last line end waits once more as long | a copy was interrupted and may go on |

A file that ends in the middle, or is empty, waits for 10 minutes, then it is handed on as it is; an empty one whose name asks for something
(`cebd.intake.inboxes.wishes`) is complete. Times are seconds of a steady clock.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from cebd.disk.files import open_plain
from cebd.documents.workbooks.whole import WHOLE, End, Ending, ending_of
from cebd.file_names import LEFT_OVERS
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.in_use import Inode, Writers, inode_of, locks_of, writers_of, written_now
from cebd.intake.inboxes.inbox import FileStamp, Inbox, look_into
from cebd.intake.inboxes.shares import is_share
from cebd.intake.inboxes.wishes import wish_in
from cebd.intake.waits import WAITS, Waits


class Why(Enum):
    """Why a file is not complete."""

    MOVING = "it has changed a moment ago"
    OPEN = "a spreadsheet program has it open"
    WRITTEN = "somebody has it open for writing"
    CUT = "it ends in the middle"
    CLOSED = "it cannot be read"
    STUCK = "it cannot be moved"


class Waiting(NamedTuple):
    """`since` is of the steady clock; `error` is set for a file that cannot be read or moved."""

    why: Why
    since: float
    error: Exception | None = None


class Complete(NamedTuple):
    """A file to be taken. `ending` tells whether it is truncated: then it has not changed for 10 minutes."""

    path: Path
    ending: Ending


@dataclass
class _Seen:
    stamp: FileStamp
    since: float
    ending: Ending | None = None
    held_back: dict[Why, float] = field(default_factory=dict)  # since when
    failed: Waiting | None = None  # the last try, and the time of the next try
    pause: float = 0.0
    next_try: float = 0.0


class Completeness:
    """Remembers the size and time of an inbox's files, and decides which are complete."""

    def __init__(self, stable_seconds: float, ignored: Ignored | None = None, waits: Waits = WAITS) -> None:
        self._stable = stable_seconds
        self._ignored = ignored or Ignored(LEFT_OVERS)
        self._waits = waits
        self._seen: dict[Path, _Seen] = {}
        self._locked: dict[Path, float] = {}  # lock files: since when we see them

    def complete(self, inbox: Path, now: float) -> list[Path]:
        """The files of the inbox that are complete at `now`."""
        taken, _ = self.judge(inbox, look_into(inbox, self._ignored), now)
        return [file.path for file in taken]

    def judge(
        self, inbox: Path, content: Inbox, now: float, today: float | None = None
    ) -> tuple[list[Complete], dict[Path, Waiting]]:
        """The complete files of an inbox just looked into, and why the others wait. `today`: the time that files are dated by."""
        today = time.time() if today is None else today
        gone = [path for path in self._seen if inbox in path.parents and path not in content.files]
        for path in gone:
            del self._seen[path]
        shared = is_share(inbox)
        complete: dict[Path, Complete] = {}
        waiting: dict[Path, Waiting] = {}
        self._note_locks(inbox, content, now)
        for path, stamp in content.files.items():
            why = self._moving(path, stamp, now, shared) or self._open(path, content, now, today)
            if why is None:
                seen = self._seen[path]
                why = seen.failed if now < seen.next_try else self._cut(path, now)
            if why is None:
                complete[path] = Complete(path, self._seen[path].ending or WHOLE)
            else:
                waiting[path] = why
        for path, why in self._written({path: content.files[path] for path in complete}, shared, now):
            del complete[path]
            if why is not None:
                waiting[path] = why
        return list(complete.values()), waiting

    def _moving(self, path: Path, stamp: FileStamp, now: float, shared: bool) -> Waiting | None:
        seen = self._seen.get(path)
        if seen is None or seen.stamp != stamp:
            self._seen[path] = seen = _Seen(stamp, now)
        wait = self._wait_for(stamp, shared)
        if seen.ending is not None and seen.ending.end is End.NO_LINE_END:
            wait = 2 * wait
        return Waiting(Why.MOVING, seen.since) if now - seen.since < wait else None

    def _wait_for(self, stamp: FileStamp, unseen: bool) -> float:
        """For how many seconds a file has to be still. `unseen`: where nobody tells us who writes."""
        return max(self._stable, self._waits.share + stamp.size / self._waits.share_each) if unseen else self._stable

    def _note_locks(self, inbox: Path, content: Inbox, now: float) -> None:
        there = {
            folder / name for folder, names in content.names.items() for name in names if name.startswith(("~$", ".~"))
        }
        for lock in [lock for lock in self._locked if inbox in lock.parents and lock not in there]:
            del self._locked[lock]
        for lock in there:
            self._locked.setdefault(lock, now)

    def _open(self, path: Path, content: Inbox, now: float, today: float) -> Waiting | None:
        names = content.names.get(path.parent, {})
        for lock in locks_of(path.name):
            if lock not in names:
                continue
            seen_for = now - self._locked.get(path.parent / lock, now)
            if max(seen_for, today - names[lock]) < self._waits.left_over:
                return self._held_back(path, Why.OPEN, now)
        self._seen[path].held_back.pop(Why.OPEN, None)
        return None

    def _cut(self, path: Path, now: float) -> Waiting | None:
        """Why its content keeps the file from being taken yet; computed once for each size and time."""
        seen = self._seen[path]
        if seen.ending is None:
            try:
                seen.ending = ending_of(path)
            except OSError as error:
                return self._cannot_be_read(path, error, now)
            except Exception:
                seen.ending = WHOLE  # so odd that its reader must name the problem
            seen.held_back.pop(Why.CLOSED, None)
            if seen.ending.end is End.NO_LINE_END and self._stable:
                return Waiting(Why.MOVING, seen.since)
        if seen.ending.end is End.CUT and now - seen.since < self._waits.cut and not _asks(path):
            return Waiting(Why.CUT, seen.since)
        return None

    def _written(self, stamps: Mapping[Path, FileStamp], shared: bool, now: float) -> list[tuple[Path, Waiting | None]]:
        """The files that a program is writing, or may be; None: the file is gone."""
        inodes: dict[Path, Inode] = {path: inode for path in stamps if (inode := inode_of(path)) is not None}
        written = written_now(set(inodes.values()))
        not_complete: list[tuple[Path, Waiting | None]] = []
        for path, stamp in stamps.items():
            if path not in inodes:
                not_complete.append((path, None))
                continue
            try:
                writers = Writers.SOME if inodes[path] in written else writers_of(path)
                has_grown = shared and size_when_opened(path) != stamp.size
            except OSError as error:
                not_complete.append((path, self._cannot_be_read(path, error, now)))
                continue
            seen = self._seen[path]
            if writers is Writers.SOME or has_grown:
                not_complete.append((path, self._held_back(path, Why.WRITTEN, now)))
                seen.ending = None  # it may end elsewhere when they are done, at the same size and time
                seen.since = now if has_grown else seen.since
                continue
            seen.held_back.pop(Why.WRITTEN, None)
            if writers is Writers.UNKNOWN and now - seen.since < self._wait_for(stamp, unseen=True):
                not_complete.append((path, Waiting(Why.MOVING, seen.since)))
        return not_complete

    def _cannot_be_read(self, path: Path, error: OSError, now: float) -> Waiting:
        if error.errno == errno.ENOENT:
            return Waiting(Why.MOVING, now)
        return self.put_off(path, Why.CLOSED, error, now)

    def put_off(self, path: Path, why: Why, error: Exception, now: float) -> Waiting:
        """A try at the file failed: the next try comes after a pause, twice as long as the last."""
        failed = self._held_back(path, why, now)._replace(error=error)
        if (seen := self._seen.get(path)) is not None:
            seen.pause = min(max(self._waits.first_pause, 2 * seen.pause), self._waits.longest_pause)
            seen.next_try, seen.failed = now + seen.pause, failed
        return failed

    def _held_back(self, path: Path, why: Why, now: float) -> Waiting:
        seen = self._seen.get(path)
        return Waiting(why, now if seen is None else seen.held_back.setdefault(why, now))


def size_when_opened(path: Path) -> int:
    """In bytes. Opening a file asks the server (nfs(5), close-to-open); until then a share may tell what it remembers. Raises OSError."""
    with open_plain(path) as file:
        return os.fstat(file.fileno()).st_size


def _asks(path: Path) -> bool:
    try:
        return wish_in(path) is not None
    except OSError:
        return False


__all__ = ["Complete", "Completeness", "Waiting", "Why"]
