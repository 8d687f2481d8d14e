"""Scans the inboxes: takes complete files, leaves others in their place and reports them after a while.

No file delays another file, and no enterprise's folder delays another enterprise: each is scanned separately.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from cebd.apart import HUNG, Apart, NoAnswer
from cebd.clock import Clock
from cebd.disk.entering import make_folder
from cebd.documents.workbooks.kind import Kind
from cebd.documents.workbooks.whole import End, Ending
from cebd.file_names import kind_folder, path_as_text
from cebd.intake.asked.answering import Answer, Answering
from cebd.intake.asked.own_texts import OwnTexts
from cebd.intake.claim import claim
from cebd.intake.filing import Filing
from cebd.intake.inboxes.findings import Findings
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.inbox import FileStamp, look_into
from cebd.intake.inboxes.watch import Complete, Completeness, Waiting, Why
from cebd.intake.inboxes.wishes import is_question, wish_in
from cebd.intake.notices import reasons, shown
from cebd.intake.previews import KeptBack, OwnReceipts, is_declared, is_previewed, keep_back
from cebd.intake.unfinished import UnfinishedClaims
from cebd.intake.waits import WAITS, Waits
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed

log = structlog.get_logger("cebd")


class Inboxes:
    """All inboxes of a station. Times are seconds of a steady clock.

    `folders`: the folder of each served enterprise, by its name. `ignore`: patterns of ignored names (`cebd.intake.inboxes.ignored`).
    `begin` is called with the number of each claimed drop. Files in a subfolder for which `is_off` is true wait. `kept_back` is told what
    lies in an enterprise's folder of previews; the files of the enterprises that are `keeping_back` go there first. `answer` does what a
    file asks for that holds no rows; without it such files are drops. `asks` is told the complete files in an enterprise's folder of
    questions, which are never drops. `by_day`: receipts lie in folders by the day of the drop.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        store: Store,
        clock: Clock,
        conditions: Conditions,
        begin: Callable[[DropId], None],
        is_off: Callable[[str | None], bool] = lambda _: False,
        waits: Waits | None = None,
        kept_back: Callable[[str, KeptBack], None] = lambda _name, _kept: None,
        answer: Answer | None = None,
        asks: Callable[[str, Mapping[Path, FileStamp]], None] = lambda _name, _files: None,
        *,
        keeping_back: Collection[str] = (),
        by_day: bool = False,
        stable_seconds: float,
        ignore: Iterable[str],
    ) -> None:
        self._folders = dict(folders)
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._begin = begin
        self._is_off = is_off
        self._waits = waits or WAITS
        self._kept_back = kept_back
        self._keeping_back = frozenset(keeping_back)
        self._by_day = by_day
        self._asks = asks
        self._receipts = {name: OwnReceipts() for name in folders}
        self._texts = {name: OwnTexts() for name in folders}
        self._answering = None if answer is None else Answering(answer, clock)
        self._ignored = Ignored(ignore)
        self._complete = Completeness(stable_seconds, self._ignored, self._waits)
        self._findings = Findings(store, conditions, self._waits)
        self._claims = UnfinishedClaims(store, conditions, self._waits)
        self._looking = threading.Lock()
        self._apart = Apart("look for files")
        self._moving: dict[str, bool] = {}  # by enterprise: whether a file was not still yet
        self.filing = Filing(conditions, self._waits)

    def look(self, now: float, *, last: bool = False) -> None:
        """Take complete files. Trouble with a single enterprise never raises.

        `last`: this is the last scan, so waiting files are reported at once.
        """
        if not self._looking.acquire(blocking=False):
            return
        self._findings.is_last_look = last
        try:
            hung = self._apart.in_turn({name: partial(self._look, name, now) for name in self._folders})
            for name in (name for name, seconds in hung.items() if seconds >= HUNG):
                self._report_closed(name, NoAnswer())
        finally:
            self._looking.release()

    def finish_claims(self) -> None:
        """At the start, finish claims that a kill interrupted. No claim delays another or the start; failures are tried again.

        Their work is not begun here: the start itself resumes it.
        """
        self._apart.in_turn(
            {name: partial(self._claims.finish_all, name, folder) for name, folder in self._folders.items()}
        )

    def make_folders(self, name: str, names: Collection[str], *, at_start: bool) -> None:
        """Make these folders in the folder of the enterprise `name`. A failure concerns this enterprise only and does not stop the start.

        After the start, nothing is made when all of the folders are missing: an unmounted share leaves an empty place behind.
        """
        folder = self._folders[name]
        key = f"file:{name}:folders"
        if not at_start and not any(os.path.isdir(folder / inner) for inner in names):  # noqa: PTH112
            return
        for inner in names:
            try:
                make_folder(folder, inner)
            except OSError as error:
                self._note(key, problem("CEBD-1053", value=shown(Path(folder.name, inner)), **reasons(error)), name)
                return
        self._conditions.end(key)

    def at_it(self) -> dict[str, float]:
        """The enterprises whose folders are being scanned, and for how many seconds."""
        return self._apart.at_it()

    def settling(self) -> bool:
        """Whether the last scan saw a file worth waiting for: it changed recently, or the scan still runs."""
        return any(self._moving.values()) or bool(self.at_it())

    def tries_again(self, drop_id: DropId) -> bool:
        """Whether the file waits to be taken or put where it belongs, which the looks do by themselves: it is no work for the engine."""
        return self.filing.waits(drop_id) or self._claims.fails(drop_id)

    # One enterprise

    def _look(self, name: str, now: float) -> None:
        """All work in the folders of an enterprise."""
        folder = self._folders[name]
        for drop_id in self._claims.finish_due(name, folder, now):
            self._begin_work(drop_id)
        try:
            self._look_at(name, folder, now)
        except TransactionFailed:
            raise  # the store's trouble, not the folder's
        except OSError as error:
            self._report_closed(name, error)
        except Exception as error:
            if self._report_closed(name, error):
                log.exception("inbox cannot be scanned", enterprise=name)
        else:
            self._conditions.end(f"file:{name}:")
        self.filing.again(name, now)

    def _look_at(self, name: str, folder: Path, now: float) -> None:
        inbox = folder / "inbox"
        content = look_into(inbox, self._ignored)
        if inbox in content.closed and not os.path.isdir(folder):  # noqa: PTH112
            raise content.closed[inbox]
        receipts = self._receipts[name].sort_out(inbox, content)
        self._texts[name].sort_out(content)
        complete, waiting = self._complete.judge(inbox, content, now, self._clock.now().timestamp())
        self._moving[name] = any(file.why is Why.MOVING for file in waiting.values())
        to_preview: dict[Path, FileStamp] = {}
        questions: dict[Path, FileStamp] = {}
        for file in complete:
            place = file.path.relative_to(inbox)
            if is_question(place):
                questions[file.path] = content.files[file.path]
                continue
            granted = self._grant(name, folder, file.path, content.files[file.path], now)
            if granted is not False:
                if granted is not None:
                    waiting[file.path] = granted
                continue
            if self._is_off(kind_folder(place)):
                continue  # would be read wrongly: its mapping has a mistake, which is named by itself
            if is_previewed(place):
                to_preview[file.path] = content.files[file.path]
                continue
            keeps_back = name in self._keeping_back and not is_declared(place)
            failed = (self._keep_back if keeps_back else self._take)(name, folder, file, now)
            if failed is not None:
                waiting[file.path] = failed
        self._asks(name, questions)
        number = sum(is_previewed(path.relative_to(inbox)) for path in content.files)
        self._kept_back(name, KeptBack(to_preview, frozenset(content.files), receipts, number))
        self._findings.report(name, folder, content, waiting, now)

    def _grant(
        self, name: str, folder: Path, path: Path, stamp: FileStamp, now: float
    ) -> Waiting | Literal[False] | None:
        """Answer the file if it is a wish; False for a drop, why a wish has to wait instead."""
        if self._answering is None:
            return False
        try:
            wish = wish_in(path)
            if wish is None:
                return False
            self._answering.answer(name, folder, path, stamp, wish)
        except TransactionFailed:
            raise  # a later look answers it
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("a wish cannot be answered", enterprise=name)
            return self._complete.put_off(path, Why.STUCK, error, now)
        return None

    def _take(self, name: str, folder: Path, file: Complete, now: float) -> Waiting | None:
        """Claim the file; why it has to wait instead: a claim of it that is begun is not begun once more."""
        unfinished = self._claims.error_at(name, path_as_text(file.path.relative_to(folder)))
        if unfinished is not None:
            return self._complete.put_off(file.path, Why.STUCK, unfinished, now)
        try:
            claimed = claim(
                self._store, name, folder, file.path, self._clock, _refusal(file.ending), by_day=self._by_day
            )
        except TransactionFailed:
            raise  # a later scan finishes the begun claim
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("file cannot be claimed", file=shown(Path(file.path.name)))
            return self._complete.put_off(file.path, Why.STUCK, error, now)
        if claimed is not None:
            log.info("file claimed", file=shown(Path(file.path.name)), enterprise=name, drop=claimed.drop_id)
            self._begin_work(claimed.drop_id)
        return None

    def _keep_back(self, _name: str, folder: Path, file: Complete, now: float) -> Waiting | None:
        """Bring the file into the folder of previews; why it has to wait instead."""
        try:
            keep_back(folder / "inbox", file.path)
        except FileNotFoundError:
            return None  # it went away meanwhile
        except OSError as error:
            return self._complete.put_off(file.path, Why.STUCK, error, now)
        return None

    def _begin_work(self, drop_id: DropId) -> None:
        try:
            self._begin(drop_id)
        except Exception:
            # The file is ours by its row: work that nobody does is taken up again.
            log.exception("work on a file cannot begin yet", drop=drop_id)

    def _report_closed(self, name: str, error: Exception) -> bool:
        """The enterprise's folder cannot be looked through; whether that is new."""
        folder = self._folders[name]
        return self._note(f"file:{name}:", problem("CEBD-1053", value=shown(Path(folder.name)), **reasons(error)), name)

    def _note(self, key: str, closed: Problem, name: str) -> bool:
        is_new = self._conditions.note(key, closed, Party.ADMINISTRATOR, name)
        if is_new:
            log.warning(closed.en, enterprise=name, id=closed.id)
        return is_new


def _refusal(ending: Ending) -> Problem | None:
    """A truncated CSV would be declared without its rest; readers of other formats refuse a truncated file as a whole."""
    if ending.end is End.CUT and ending.kind is Kind.TEXT:
        return problem("CEBD-1045", line=ending.line or 1)
    return None


__all__ = ["Inboxes"]
