"""Which waiting receipts may be fetched, and in what order.

| a receipt that ... | is |
| --- | --- |
| begins with `.` or ends in `.part`, `.tmp`, `.filepart`, `.crdownload` | left alone |
| changed since the last look, or is seen for the first time, in a folder | left for the next look |
| does not end like XML | left until it has not changed for a minute: its writer may be slow |
| could not be fetched | tried after all others: it must not hold them up |
| is left: not ours, or not to be removed | not handed out again while it looks the same |
| is left, as it may not be removed | one of them is tried again each half minute; once it goes, so are the others |
| is a folder | left: it may be an archive, and fetched files are removed |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from cebd.file_names import UNFINISHED
from cebd.transport.channel import FOLDERS, NOT_REMOVED, ChannelError

ReceiptStamp = tuple[int | None, float | None]  # size and time of change, as far as the other side tells them

LARGEST = 64 * 1024**2
_SLOW_WRITER = 60.0
_TRY_AGAIN_SECONDS = 30.0


def is_left_alone(name: str) -> bool:
    """Whether a name says that the file is not finished, or not for us."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def readable(name: bytes) -> str:
    """A file name as text, in whatever encoding the other side writes names (UTF-8, GBK): an odd name must not stop the rest."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("ascii", errors="backslashreplace")


def readable_names(names: Iterable[bytes]) -> dict[bytes, str]:
    """The names as texts. If two names become the same text (in UTF-8 and in GBK), the later name shows its bytes."""
    names_given: dict[str, bytes] = {}
    for name in sorted(names):
        text = readable(name)
        names_given[name.decode("ascii", errors="backslashreplace") if text in names_given else text] = name
    return {name: text for text, name in names_given.items()}


class StableReceipts:
    """Remembers the size and time of waiting receipts. `still`: for how many seconds a receipt must not have changed."""

    def __init__(self, still: float, steady_clock: Callable[[], float] = time.monotonic) -> None:
        self._still = still
        self._clock = steady_clock
        self._seen: dict[str, tuple[ReceiptStamp, float]] = {}
        self._failed: set[str] = set()
        self._left: dict[str, tuple[ReceiptStamp, str]] = {}
        self._next_trial = 0.0
        self._trial: str | None = None  # the one that is tried again
        self._folders: list[str] = []

    def ready(self, present: Mapping[str, ReceiptStamp], folders: Collection[str] = ()) -> list[str]:
        """The names that may be fetched now, in order. `folders`: the names of folders there."""
        now = self._clock()
        self._folders = sorted(folders)
        before = self._seen
        self._seen = {name: before.get(name, (stamp, now)) for name, stamp in present.items()}
        for name, stamp in present.items():
            if self._seen[name][0] != stamp:
                self._seen[name] = (stamp, now)
        self._failed &= present.keys()
        self._left = {name: left for name, left in self._left.items() if present.get(name) == left[0]}
        self._let_go(now)
        ready = [
            name for name, (_, since) in self._seen.items() if now - since >= self._still and name not in self._left
        ]
        return sorted(ready, key=lambda name: (name in self._failed, name))

    def _let_go(self, now: float) -> None:
        """Hand out again what the other side may let us remove by now."""
        stuck = [name for name, (_, problem) in sorted(self._left.items()) if problem == NOT_REMOVED]
        if self._trial is not None and self._trial not in self._seen:
            for name in stuck:
                del self._left[name]
            self._trial = None
        elif stuck and now >= self._next_trial:
            self._trial, self._next_trial = stuck[0], now + _TRY_AGAIN_SECONDS
            del self._left[stuck[0]]

    def stamp(self, name: str) -> ReceiptStamp:
        """The size and time of the receipt; None for a receipt that was never listed."""
        return self._seen.get(name, ((None, None), 0.0))[0]

    def leave(self, name: str, problem: str) -> None:
        """Hand it out no more, for that problem, while it looks as it did at the last look."""
        if problem == NOT_REMOVED and name not in self._left:
            self._next_trial = self._clock() + _TRY_AGAIN_SECONDS
            self._trial = None if name == self._trial else self._trial
        self._left[name] = (self.stamp(name), problem)

    def left(self) -> dict[str, list[str]]:
        """Names by problem, in order, with the names of folders."""
        by_problem: dict[str, list[str]] = {FOLDERS: self._folders} if self._folders else {}
        for name, (_, problem) in sorted(self._left.items()):
            by_problem.setdefault(problem, []).append(name)
        return by_problem

    def cannot_fetch(self, name: str, reason: str) -> ChannelError:
        """The error that says so; from now on this receipt comes last."""
        self._failed.add(name)
        return ChannelError("CEBD-1604", f"{name}: {reason}")

    def check_size(self, name: str, size: int | None) -> None:
        """Raises ChannelError when that many bytes are no receipt."""
        if size is not None and size > LARGEST:
            raise self.cannot_fetch(name, f"{size} bytes are no receipt")

    def check_whole(self, name: str, content: bytes) -> None:
        """Raises ChannelError while the content looks cut off and the file may still be growing."""
        if content.rstrip(b" \t\r\n\0").endswith(b">"):
            return
        _, since = self._seen.get(name, ((None, None), self._clock()))
        if self._clock() - since < _SLOW_WRITER:
            raise self.cannot_fetch(name, "it does not end like XML and may still be written")
