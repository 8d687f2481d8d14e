"""Converting a claimed file: read, check, compose, all in one transaction, so that a file is converted wholly or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from cebd.clock import Clock, iso
from cebd.decisions.decision import in_force
from cebd.decisions.found import NOTHING_FOUND
from cebd.decisions.of_file import NOTHING_SAID
from cebd.declared.checked_file import CheckedFile
from cebd.declared.overtaking import is_overtaken
from cebd.documents.convert_message import convert_message
from cebd.documents.convert_rows import RowsConversion
from cebd.documents.declared_before import DeclaredBefore
from cebd.documents.destination import BesideTheStore, CannotSetAside, Destination, KeptDecisions, StoreItself
from cebd.documents.drafting import Drafting, LocalDrafting, Task
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.documents.open_file import open_file
from cebd.documents.reading.options import ReadingOptions
from cebd.documents.reading.places import Places
from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.documents.side_by_side_corrections import SideBySide, corrected_drop
from cebd.documents.workbooks.accepted import is_message
from cebd.documents.workbooks.origin import UNKNOWN_ORIGIN, Origin
from cebd.documents.workbooks.sheet import Sheet
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker.choice import goes_apart
from cebd.documents.worker.drafting import RemoteDrafting
from cebd.enterprise import Enterprise
from cebd.messages.schema_files import schema_dir
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.saved import NOT_SAID, Saved
from cebd.store.across.earlier.overtaken import Meanwhile, last_record_id
from cebd.store.console.imports import said_of
from cebd.store.decided.decisions import remembered
from cebd.store.decided.layouts import known_layouts
from cebd.store.store import Store
from cebd.store.transaction import Transaction, UnfitValues, savepoint


@dataclass(frozen=True)
class ClaimedFile:
    """A file to be converted. `name` is the operator's file name; `inbox_folder` its subfolder of the inbox, if any; `origin`: what it says
    of itself; `saved`: who saved it last, and when. `sha256` of its bytes: what was said of the file beside it goes by that.
    `few`: rows of it that are read, and nothing else.
    """

    drop_id: DropId
    path: Path
    name: str
    inbox_folder: str | None = None
    origin: Origin = UNKNOWN_ORIGIN
    saved: Saved = NOT_SAID
    sha256: str = ""
    few: tuple[Sheet, ...] | None = None


def convert(
    transaction: Transaction,
    file: ClaimedFile,
    enterprise: Enterprise,
    options: ReadingOptions,
    clock: Clock,
    judge_signature: Callable[[etree._Element, Collection[str]], bool | Problem],
    *,
    history: Transaction | None = None,
    ahead: OpenedAhead | None = None,
) -> Converted:
    """Write the file's records and messages into the store. Raises Unreadable; ChildEnded when the file is to be tried again; OpenAnew,
    for a file that is open already.

    `judge_signature` tells whether the signature in a dropped message is valid, given the user ids of SM2 in the options, or why the
    message must not leave with it. `history` is the store of earlier declarations if it is another than the store written to; it is only
    read. `ahead`: the file, if it is open already.
    """
    options = with_decisions(options, history or transaction, enterprise.name, file)
    if ahead is not None and history is None and not _same_decisions(ahead.task.options, options):
        raise OpenAnew(gather=ahead.task.gather)  # somebody has decided otherwise since
    task = ahead.task if ahead is not None else task_of(file, enterprise, options, clock)
    before = _Before(history or transaction, is_own=history is None)
    conversion = _Conversion(task, file, before, StoreItself(transaction), clock)

    def judge(root: etree._Element) -> bool | Problem:
        return judge_signature(root, options.sm2_ids)

    if is_message(file.path):
        return conversion.of_message(judge)
    with _collector_at_rest():
        try:
            with savepoint(transaction):
                return conversion.of_rows(drafting_of(task) if ahead is None else ahead.drafting())
        except NumberComesBack:
            if ahead is not None:
                raise OpenAnew(gather=True) from None
            return conversion.of_rows(drafting_of(replace(task, gather=True)))


class _Before(NamedTuple):
    """The store of earlier declarations; `is_own`: it is the one that is written to."""

    history: Transaction
    is_own: bool


@dataclass(frozen=True)
class _Conversion:
    task: Task
    file: ClaimedFile
    before: _Before
    destination: Destination
    clock: Clock

    def of_rows(self, opened: Drafting) -> Converted:
        """Closes what was opened. Raises NumberComesBack."""
        enterprise = self.task.enterprise
        with closing(opened) as drafting:
            self.destination.note_columns(self.file.drop_id, drafting.places.as_letters())
            converted = RowsConversion(
                drafting,
                self._declared_before(drafting.places),
                self._writer(),
                on_bad_rows=enterprise.on_bad_rows,
                sign_all=enterprise.sign_all,
            ).convert()
            found = drafting.found
        answers, layout, own = found.answers, found.layout, self.task.options.of_file
        if found != NOTHING_FOUND or own.layout is not None:
            followed = in_force(self.task.options.remembered, answers)
            now, saved = iso(self.clock.now()), self.file.saved
            if not own.answers.told:
                answers = answers._replace(who=saved.by or answers.who, at=saved.at or answers.at)
            told = own.layout
            if layout is not None:
                told = replace(layout, who=saved.by or layout.who, at=saved.at or now)
            found = found._replace(answers=answers, layout=told)
            self.destination.keep_decisions(KeptDecisions(enterprise.name, self.file.drop_id, found, followed, now))
        return replace(converted, tells_layout=layout is not None)

    def of_message(self, judge_signature: Callable[[etree._Element], bool | Problem]) -> Converted:
        task = self.task
        reader = open_file(task.path, task.options, task.enterprise, task.now, task.inbox_folder, task.name)
        assert reader.xml is not None  # noqa: S101
        declared = self._declared_before(reader.places)
        return convert_message(reader.xml, declared, self._writer(), judge_signature, sign_all=task.enterprise.sign_all)

    def _writer(self) -> DropWriter:
        return DropWriter(self.destination, self.file.drop_id, self.task.enterprise, self.clock)

    def _declared_before(self, places: Places) -> DeclaredBefore:
        task, file, (history, is_own) = self.task, self.file, self.before
        drop_id, enterprise = file.drop_id if is_own else None, task.enterprise.name
        checked = CheckedFile(enterprise, drop_id, task.name, places.of_field)
        beside = SideBySide(history, corrected_drop(history, enterprise, file.origin), drop_id, file.saved)
        return DeclaredBefore(history, checked, task.options, task.now, places, beside, is_own=is_own)


def task_of(file: ClaimedFile, enterprise: Enterprise, options: ReadingOptions, clock: Clock) -> Task:
    """What is to be read, as of now."""
    return Task(file.path, file.name, file.inbox_folder, enterprise, options, clock.now(), schema_dir(), few=file.few)


def with_decisions(
    options: ReadingOptions, transaction: Transaction, enterprise: str, file: ClaimedFile
) -> ReadingOptions:
    """The options with what people of the enterprise decided of later files and of this one, as the store has it."""
    held, layouts = remembered(transaction, enterprise), known_layouts(transaction, enterprise)
    own = said_of(transaction, enterprise, file.name, file.sha256) if file.sha256 else NOTHING_SAID
    told = () if own.layout is None else (own.layout,)
    return replace(options, remembered=held, layouts=(*layouts, *told), of_file=own)


def _same_decisions(one: ReadingOptions, other: ReadingOptions) -> bool:
    return one.remembered == other.remembered and one.layouts == other.layouts


class OpenedAhead:
    """A workbook that a process of its own has read to its first records before the store is held: what hangs holds up nobody."""

    def __init__(self, task: Task) -> None:
        """What ends the opening is kept for the conversion."""
        self.task = task
        self._opened: RemoteDrafting | Exception
        try:
            self._opened = RemoteDrafting(task)
        except Exception as error:
            self._opened = error

    def drafting(self) -> Drafting:
        """To be closed by whoever takes it. Raises Unreadable, ChildEnded."""
        if isinstance(self._opened, Exception):
            raise self._opened
        return self._opened

    def gathering(self) -> OpenedAhead:
        """The workbook once more, where rows of a record may be separated."""
        return OpenedAhead(replace(self.task, gather=True))

    def close(self) -> None:
        if not isinstance(self._opened, Exception):
            self._opened.close()


class OpenFile(NamedTuple):
    """A claimed file, and what was opened of it ahead, if it is large; or what was converted of it, if it is very large."""

    file: ClaimedFile
    ahead: OpenedAhead | None = None
    beside: ConvertedBeside | None = None


class OpenAnew(Exception):
    """Nothing is written. The file has to be read again from its beginning: it is opened while nobody waits for the store, then converted
    with the store held. `gather`: rows of a record may be separated.
    """

    def __init__(self, *, gather: bool = False) -> None:
        super().__init__(gather)
        self.gather = gather


class Overtaken(OpenAnew):
    """What was read of the store is not so any more, or there was no room beside it."""


class ConvertedBeside:
    """A very large workbook: it is converted while the store is only read, so that others write to it, and then brought in at once."""

    def __init__(self, store: Store, folder: Path, file: ClaimedFile, clock: Clock, ahead: OpenedAhead) -> None:
        """What ends the conversion is kept. `folder`: beside the store, for us alone."""
        self._file = file
        self._task = ahead.task
        self._destination: BesideTheStore | None = None
        self._converted: Converted | Exception
        try:
            self._destination = BesideTheStore(folder)
            with store.read() as history, _collector_at_rest():
                self._last = last_record_id(history)
                self._converted = self._convert(history, self._destination, clock, ahead)
        except Exception as error:
            self._converted = error

    def _convert(
        self, history: Transaction, destination: BesideTheStore, clock: Clock, ahead: OpenedAhead
    ) -> Converted:
        """Its messages have no numbers yet. Raises as `convert`; CannotSetAside."""
        before = _Before(history, is_own=True)
        try:
            converted = _Conversion(self._task, self._file, before, destination, clock).of_rows(ahead.drafting())
        except NumberComesBack:
            destination.clear()
            self._task = replace(self._task, gather=True)
            conversion = _Conversion(self._task, self._file, before, destination, clock)
            converted = conversion.of_rows(drafting_of(self._task))
        destination.complete()
        return converted

    def bring_in(self, transaction: Transaction) -> Converted:
        """Raises what ended the conversion; Overtaken, and nothing is written."""
        overtaken = Overtaken(gather=self._task.gather)
        if isinstance(self._converted, CannotSetAside):
            raise overtaken from self._converted
        if isinstance(self._converted, Exception):
            raise self._converted
        assert self._destination is not None  # noqa: S101
        try:
            with savepoint(transaction):
                message_ids = self._destination.bring_in(transaction)
                now = with_decisions(self._task.options, transaction, self._task.enterprise.name, self._file)
                is_decided_otherwise = not _same_decisions(self._task.options, now)
                if is_decided_otherwise or self._is_overtaken(transaction, self._converted.type):
                    raise overtaken
        except (*UnfitValues, CannotSetAside) as error:  # another record holds a key now; it cannot be read back
            raise overtaken from error
        return replace(self._converted, message_ids=message_ids)

    def _is_overtaken(self, transaction: Transaction, type_: str | None) -> bool:
        """Whether others declared something meanwhile that the file would have had to be held against."""
        if type_ is None:
            return False
        task = self._task
        meanwhile = Meanwhile(self._file.drop_id, task.enterprise.name, type_, self._last)
        return is_overtaken(transaction, meanwhile, task.options.figures, task.now)

    def close(self) -> None:
        if self._destination is not None:
            self._destination.close()


def drafting_of(task: Task) -> Drafting:
    """The records and messages of a workbook, in a process of its own if it is large. Raises Unreadable, ChildEnded."""
    return RemoteDrafting(task) if task.few is None and goes_apart(task.path) else LocalDrafting(task)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Rows become millions of short-lived values and no cycles: looking for cycles meanwhile would cost a tenth of the time."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


__all__ = [
    "ClaimedFile",
    "Converted",
    "ConvertedBeside",
    "OpenAnew",
    "OpenFile",
    "OpenedAhead",
    "Overtaken",
    "Unreadable",
    "convert",
    "goes_apart",
    "task_of",
    "with_decisions",
]
