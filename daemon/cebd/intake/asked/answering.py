"""Answers a wish: what is asked is done, the answer written into the outbox, and the wish put away among the processed files.

| killed | then |
| --- | --- |
| before the answer is written | the wish lies in the inbox, and is answered by the next look |
| between the answer and the move | it is answered once more, in another file: nothing that a wish asks for does harm twice |
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from cebd.clock import Clock
from cebd.disk.entering import open_folder
from cebd.documents.workbooks.own_marks import signed_text
from cebd.file_names import fitting_stem, free_name
from cebd.intake.asked.putting_away import put_away
from cebd.intake.inboxes.inbox import FileStamp
from cebd.intake.inboxes.wishes import Wish
from cebd.records.states import DropOutcome

log = structlog.get_logger("cebd")

Answer = Callable[[str, Wish], str]
"""Does what the wish of that enterprise asks, and says what came of it, in the words of its people. Raises TransactionFailed."""


class Answering:
    """Answers the wishes of all enterprises."""

    def __init__(self, answer: Answer, clock: Clock) -> None:
        self._answer = answer
        self._clock = clock
        self._answered: dict[Path, FileStamp] = {}  # and not put away yet

    def answer(self, enterprise: str, folder: Path, path: Path, stamp: FileStamp, wish: Wish) -> None:
        """Answer the wish in that file of the enterprise's inbox. Raises OSError, TransactionFailed: it is for a later look then."""
        if self._answered.get(path) != stamp:
            self._write(folder, path, self._answer(enterprise, wish))
            self._answered[path] = stamp
            log.info("answered a wish", enterprise=enterprise, asked=wish.asked.name.lower())
        self._put_away(folder, path)
        self._answered.pop(path, None)

    def _write(self, folder: Path, path: Path, text: str) -> None:
        wanted = f"{fitting_stem(path.name)} {self._clock.now():%Y-%m-%d %H%M%S}.txt"
        with open_folder(folder / "outbox", folder) as outbox:
            name = free_name(wanted, lambda free: outbox.stat(free) is not None)
            outbox.write(name, signed_text(text))

    def _put_away(self, folder: Path, path: Path) -> None:
        put_away(folder, path, folder / DropOutcome.DONE / f"{self._clock.now():%Y-%m-%d}")
