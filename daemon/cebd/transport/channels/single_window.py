"""The folders of the Single Window's client for cross-border imports, which signs and sends by itself.

| folder | what lies there | what cebd does |
| --- | --- | --- |
| `OutBox` | messages to be sent; the client takes any `*.xml` | puts messages there, by a rename from a folder beside it |
| `SentBox` | what the client has sent | looks there, removes nothing |
| `FailBox` | what the server's check refused | looks there, removes nothing; such a message is refused |
| `InBox` | receipts, and the client's notes about messages (`Failed_NAME`, `Successed_NAME`) | takes them |
| `TempBox` | the client's work | leaves it alone |

A message that has vanished from the OutBox and stands in the SentBox or FailBox was taken. In neither, nobody knows; nor where a copy of
an earlier hand-over may stand there, after a person had the message sent once more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cebd.client_notes import NO_REASON, failure_note, marked
from cebd.transport.channel import ASLEEP, ChannelError, Found, Handover
from cebd.transport.channels.folder import FolderInbound, FolderOutbound, channel_error, files_in
from cebd.transport.complete_receipts import StableReceipts, is_left_alone

ASLEEP_SECONDS = 300.0
_NOTE_SECONDS = 60.0  # so long a note may take that says why a message is in the FailBox


class ClientOutbound(FolderOutbound):
    """Hands messages to the client."""

    def __init__(self, out_box: Path, taken: Sequence[Path], staging: Path) -> None:
        """`taken`: the folders where the client keeps what it took from its OutBox."""
        super().__init__(out_box, staging)
        self._taken = taken

    def find(self, handover: Handover) -> Found:
        found = super().find(handover)
        if found != "unknown" or handover.was_sent:
            return found
        for folder in self._taken:
            try:
                if (folder / handover.name).is_file():
                    return "arrived"
            except OSError as error:
                raise channel_error(error, folder) from None
        return found


class ClientInbound(FolderInbound):
    """Takes what the client puts into its InBox, reads its FailBox, and sees whether it takes anything from its OutBox."""

    def __init__(
        self,
        in_box: Path,
        out_box: Path,
        fail_box: Path,
        receipts: StableReceipts | None = None,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(in_box, receipts)
        self._out_box = out_box
        self._fail_box = fail_box
        self._clock = steady_clock
        self._failed = StableReceipts(_NOTE_SECONDS, steady_clock)
        self._noted: set[str] = set()  # messages in the FailBox about which there is a note
        self._standing: set[str] = set()  # in the OutBox at the last look
        self._awake = steady_clock()  # the last time that nothing stood there, or something had been taken

    def waiting(self) -> list[str]:
        waiting = super().waiting()
        self._look_into_out_box()
        failed = {failure_note(name): stamp for name, stamp in files_in(self._fail_box).items()}
        self._noted = (self._noted | set(waiting)) & failed.keys()
        return [*waiting, *(note for note in self._failed.ready(failed) if note not in self._noted)]

    def fetch(self, name: str) -> bytes:
        return marked(name, NO_REASON if self._is_silent(name) else super().fetch(name))

    def remove(self, name: str) -> None:
        if self._is_silent(name):
            self._noted.add(name)  # the FailBox is the client's: it stays there, and is told once
        else:
            super().remove(name)

    def left(self) -> dict[str, list[str]]:
        left = super().left()
        if self._standing and self._clock() - self._awake >= ASLEEP_SECONDS:
            left[ASLEEP] = sorted(self._standing)
        return left

    def _is_silent(self, name: str) -> bool:
        """Whether the message stands in the FailBox and the client has not said why."""
        return name not in self._paths and name.startswith(failure_note(""))

    def _look_into_out_box(self) -> None:
        try:
            standing = {name for name in files_in(self._out_box) if not is_left_alone(name)}
        except ChannelError:
            return  # who hands over says so
        if not standing or self._standing - standing or not self._standing:
            self._awake = self._clock()
        self._standing = standing
