"""Documents judged as the file that they would become: by the check of files, in a store that stays open and keeps nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from cebd.cell_names import column_index
from cebd.clock import Clock
from cebd.documents.workbooks.entered import Cell, EnteredSheet, entered
from cebd.operations.check import FileOnTrial, Verdict, convert_in
from cebd.operations.console.page_words import Page, on_page
from cebd.problems.problem import Problem, problem
from cebd.settings import Enterprise, Settings
from cebd.store.across.judged import JudgedRecord, judged_records
from cebd.store.store import Store
from cebd.store.transaction import Transaction

_FILE = "entered.json"
_FOLDER = "judging"  # beside the store


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, and where in the documents; None for one of the whole."""

    problem: Problem
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the file would become: `ready` of its documents would be declared."""

    found: tuple[Found, ...]
    ready: int
    repeats: int

    @property
    def may_go(self) -> bool:
        """Whether everything in it would be declared."""
        return self.ready > 0 and not any(one.problem.severity == "error" for one in self.found)


class Judge:
    """Judges for the console; safe for several threads, which wait for each other.

    To make a store for each judgement takes four times as long as the judgement: it is made once, and each judgement is undone.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        """`store`: the station's, with what was declared before."""
        self._settings, self._store, self._clock = settings, store, clock
        self._lock = Lock()
        self._folder = settings.store_dir / _FOLDER
        self._scratch: Store | None = None

    def judge(self, content: bytes, enterprise: Enterprise) -> Judged:
        """Judge documents in JSON as the file that they are. Raises Unreadable."""
        sheet = entered(content)
        if not any(document.head or any(document.lines) for document in sheet.documents):
            return Judged((Found(problem("CEBD-1087"), None),), ready=0, repeats=0)
        verdict = self.verdict(content, _FILE, enterprise)
        found: dict[tuple[str, Cell | None, str], Found] = {}
        for one in verdict.problems:
            cell = _cell(sheet, one)
            found.setdefault((one.id, cell, one.zh), Found(on_page(one, Page.FORM), cell))
        return Judged(tuple(found.values()), verdict.ready, verdict.repeats)

    def verdict(self, content: bytes, name: str, enterprise: Enterprise) -> Verdict:
        """What `cebd check` says of a small file with these bytes."""
        verdict: Verdict | None = None
        with self._lock:
            scratch, folder = self._opened()
            file = folder / name
            file.write_bytes(content)
            with self._store.read() as earlier, _undone(scratch) as transaction:
                on_trial = FileOnTrial(file, name, None)
                verdict, _ = convert_in(transaction, on_trial, self._settings, enterprise, earlier, self._clock)
            file.unlink()
        assert verdict is not None  # noqa: S101
        return verdict

    def judge_rows(self, file: FileOnTrial, enterprise: Enterprise, row: int) -> JudgedRecord | None:
        """The record that begins at that row, of a file of which a few rows are read; None where there is none."""
        found: JudgedRecord | None = None
        with self._lock:
            scratch, _ = self._opened()
            with self._store.read() as earlier, _undone(scratch) as transaction:
                _, drop_id = convert_in(transaction, file, self._settings, enterprise, earlier, self._clock)
                judged = (one for batch in judged_records(transaction, drop_id) for one in batch)
                found = next((one for one in judged if one.row == row), None)
        return found

    def close(self) -> None:
        """What was kept open is gone."""
        with self._lock:
            if self._scratch is not None:
                self._scratch.close()
            self._scratch = None
            shutil.rmtree(self._folder, ignore_errors=True)

    def _opened(self) -> tuple[Store, Path]:
        if self._scratch is None:
            shutil.rmtree(self._folder, ignore_errors=True)  # what a kill has left
            self._folder.mkdir(mode=0o700)
            self._scratch = Store.open(self._folder / "store")
        return self._scratch, self._folder


class _Undo(Exception):
    """Ends a transaction of which nothing is to be kept."""


@contextmanager
def _undone(scratch: Store) -> Iterator[Transaction]:
    with suppress(_Undo), scratch.write() as transaction:
        yield transaction
        raise _Undo


def _cell(sheet: EnteredSheet, found: Problem) -> Cell | None:
    """The element that a problem is about. A problem of the heading row is about an element that no document has."""
    index = column_index(found.place.cell) if found.place.cell else -1
    return sheet.cell(found.place.row, index if index >= 0 else None, found.field)
