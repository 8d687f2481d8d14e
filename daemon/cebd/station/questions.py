"""Files of numbers in `inbox/查询/` are answered in the outbox and put away; nothing in them is ever declared.

| the file | then |
| --- | --- |
| holds numbers | `查询 NAME.xlsx` comes into the outbox, the file goes to `done/` |
| cannot be read, holds none, or breaks its reader each time | `查询 NAME.txt` and a word beside it in `error/` say why |
| cannot be answered now | it stays; `question:ENTERPRISE` (CEBD-1068), tried again after growing pauses |
| changes meanwhile | it is answered anew |

Killed before the answer has its name, the file is answered by the next look; killed after it, once more in another file. Nobody waits for
an answer: each enterprise's are made by a thread of its own, in a process of their own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import Apart
from cebd.child.failures import ChildBroke, ChildEnded, reason_of
from cebd.clock import CST, Clock
from cebd.disk.entering import open_folder
from cebd.disk.folder import Folder, temporary_name
from cebd.disk.system import sync_folder
from cebd.documents.workbooks.own_marks import signed_text
from cebd.file_names import QUESTIONS, fitting_stem, free_name, same_on_disk
from cebd.intake.asked.putting_away import put_away
from cebd.intake.inboxes.inbox import FileStamp
from cebd.intake.local_copy import NAME as READING
from cebd.intake.local_copy import brought
from cebd.intake.notices import text_of
from cebd.operations.inquiries.numbers.making import Question, answer_apart
from cebd.problems.problem import Problem, problem
from cebd.records.states import DropOutcome
from cebd.settings import Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_LONGEST_PAUSE_SECONDS = 600.0
_MAX_TRIES = 3  # with a file that makes its reader break
_KEY = "question:"


@dataclass(frozen=True, slots=True)
class _Failed:
    """Tries that failed in a row, `breaks` of them because the reader broke; `next_try` is of a steady clock."""

    times: int
    breaks: int
    next_try: float


class Questions:
    """The questions of a station. `saw` is called by whoever looks through the inboxes, `look` by another thread."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._store, self._clock, self._conditions, self._now = settings, store, clock, conditions, now
        self._seen: dict[str, Mapping[Path, FileStamp]] = {}
        self._answered: dict[Path, tuple[FileStamp, DropOutcome, Problem | None]] = {}  # and not put away yet
        self._failed: dict[Path, _Failed] = {}
        self._apart = Apart("answer questions", patience=0.0)

    def saw(self, enterprise: str, files: Mapping[Path, FileStamp]) -> None:
        """The complete files in the enterprise's folder of questions now."""
        self._seen[enterprise] = files

    def look(self, patience: float | None = None) -> None:
        """Answer what is not answered yet. `patience`: for how many seconds each enterprise is waited for."""
        works = {name: partial(self._answer_all, name, files) for name, files in list(self._seen.items()) if files}
        if works:
            self._apart.in_turn(works, patience=patience)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose questions are being answered, and for how many seconds."""
        return self._apart.at_it()

    def _answer_all(self, name: str, files: Mapping[Path, FileStamp]) -> None:
        for path, stamp in files.items():
            failed = self._failed.get(path)
            if failed is None or self._now() >= failed.next_try:
                self._try(name, path, stamp)
        for gone in [path for path in self._failed if path.is_relative_to(self._inbox(name)) and path not in files]:
            del self._failed[gone]
        if not any(path in files for path in self._failed) and self._conditions.end(_KEY + name):
            log.info("questions are answered again", enterprise=name)

    def _inbox(self, name: str) -> Path:
        return self._settings.folder(self._settings.enterprise_named(name)) / "inbox"

    def _try(self, name: str, path: Path, stamp: FileStamp) -> None:
        folder = self._inbox(name).parent
        try:
            answered = self._answered.get(path)
            if answered is None or answered[0] != stamp:
                if _stamp_of(path) != stamp:
                    return  # it changed, or is put away already: the next look through the inbox says
                said = self._answer(name, folder, path)
                answered = self._answered[path] = stamp, DropOutcome.DONE if said is None else DropOutcome.ERROR, said
            if _stamp_of(path) == stamp:
                self._put_away(folder, path, *answered[1:])
        except FileNotFoundError:
            self._answered.pop(path, None)  # taken back, or put away
        except Exception as error:
            self._note(name, path, error)
        else:
            self._answered.pop(path, None)
            self._failed.pop(path, None)

    def _answer(self, name: str, folder: Path, path: Path) -> Problem | None:
        """Write the answer; the problem of a file that has none. Raises OSError, ChildEnded, ChildBroke."""
        now, station = self._clock.now().astimezone(CST), self._settings.station
        below = folder / "outbox" / (f"{now:%Y-%m-%d}" if station.receipts_by_day else "")
        above = self._settings.store_dir / READING
        above.mkdir(mode=0o700, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=above, ignore_cleanup_errors=True) as own,
            brought(path, Path(own) / "question") as local,
            open_folder(below, folder) as outbox,
        ):
            taken = {same_on_disk(there) for there in outbox.names()}
            stem, temporary = f"{QUESTIONS} {fitting_stem(path.name)}", temporary_name()
            wanted = free_name(f"{stem}.xlsx", lambda free: same_on_disk(free) in taken)
            question = Question(
                name,
                local,
                path.name,
                f"{now:%Y-%m-%d %H:%M}",
                station.language,
                self._settings.figures.return_days,
            )
            try:
                said = self._made(outbox, temporary, wanted, question, path)
                if said is None:
                    outbox.give_name(temporary, wanted)
                else:
                    word = free_name(f"{stem}.txt", lambda free: same_on_disk(free) in taken)
                    outbox.write(word, signed_text(text_of([said]).decode()))
            finally:
                with suppress(OSError):
                    outbox.remove(temporary)
        sync_folder(below)
        log.info("answered a file of numbers", enterprise=name, file=path.name, id=said and said.id)
        return said

    def _made(self, outbox: Folder, temporary: str, wanted: str, question: Question, path: Path) -> Problem | None:
        """Have the answer made; a file that makes its reader break again and again is one that cannot be read."""
        try:
            return answer_apart(self._store.folder, outbox, temporary, wanted, question)
        except (ChildEnded, ChildBroke) as error:
            before = self._failed.get(path)
            if before is None or before.breaks + 1 < _MAX_TRIES:
                raise
            log.exception("a file of numbers makes its reader break", file=path.name, id="CEBD-1001")
            reason = reason_of(error)
            return problem(
                "CEBD-1001",
                reason_zh=f"每次读取都中断（{reason}）",
                reason_en=f"reading it broke off each time ({reason})",
            )

    def _put_away(self, folder: Path, path: Path, outcome: DropOutcome, said: Problem | None) -> None:
        place = folder / outcome
        if outcome is DropOutcome.DONE:
            place /= f"{self._clock.now():%Y-%m-%d}"
        name = put_away(folder, path, place)
        if name is not None and said is not None:
            with open_folder(place, folder) as errors:
                errors.write(f"{name}.problem.txt", text_of([said]))

    def _note(self, name: str, path: Path, error: Exception) -> None:
        before = self._failed.get(path)
        times, breaks = (0, 0) if before is None else (before.times, before.breaks)
        times, breaks = times + 1, breaks + isinstance(error, (ChildEnded, ChildBroke))
        self._failed[path] = _Failed(times, breaks, self._now() + min(_LONGEST_PAUSE_SECONDS, 2.0**times))
        if isinstance(error, OSError):
            reason, party = str(error.strerror or error), Party.ADMINISTRATOR
        else:
            reason, party = reason_of(error), Party.CEBD
        trouble = problem("CEBD-1068", value=path.name, reason=reason)
        if self._conditions.note(_KEY + name, trouble, party, name):
            log.warning(trouble.en, id=trouble.id, enterprise=name, exc_info=error if party is Party.CEBD else None)


def _stamp_of(path: Path) -> FileStamp:
    stats = path.lstat()
    return FileStamp(stats.st_size, stats.st_mtime_ns)
