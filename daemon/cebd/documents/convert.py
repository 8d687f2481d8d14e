"""Converting a claimed file: read, check, compose, all in one transaction, so that a file is converted wholly or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from cebd.clock import Clock
from cebd.declared.annual_limit import is_exceeded
from cebd.declared.checked_file import CheckedFile
from cebd.documents.convert_message import convert_message
from cebd.documents.convert_rows import RowsConversion
from cebd.documents.declared_before import DeclaredBefore
from cebd.documents.destination import BesideTheStore, CannotSetAside, Destination, StoreItself
from cebd.documents.drafting import Drafting, LocalDrafting, Task
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.documents.reading.open import open_file
from cebd.documents.reading.options import ReadingOptions
from cebd.documents.reading.places import Places
from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.documents.workbooks.sheets import Unreadable, is_message
from cebd.documents.worker.choice import goes_apart
from cebd.documents.worker.drafting import RemoteDrafting
from cebd.enterprise import Enterprise
from cebd.messages.schema_files import schema_dir
from cebd.records.ids import DropId
from cebd.store.across.overtaken import any_declared_since, buyers_since, last_record_id
from cebd.store.store import Store
from cebd.store.transaction import Transaction, UnfitValues, savepoint


@dataclass(frozen=True)
class ClaimedFile:
    """A file to be converted. `name` is the operator's file name; `inbox_folder` its subfolder of the inbox, if any."""

    drop_id: DropId
    path: Path
    name: str
    inbox_folder: str | None = None


def convert(
    transaction: Transaction,
    file: ClaimedFile,
    enterprise: Enterprise,
    options: ReadingOptions,
    clock: Clock,
    signature_holds: Callable[[etree._Element, Collection[str]], bool],
    *,
    history: Transaction | None = None,
    ahead: OpenedAhead | None = None,
) -> Converted:
    """Write the file's records and messages into the store. Raises Unreadable, and ChildEnded when the file is to be tried again.

    `signature_holds` tells whether the signature in a dropped message is valid, given the user ids of SM2 in the options. `history` is the
    store of earlier declarations if it is another than the store written to; it is only read. `ahead`: the file, if it is open already.
    """
    task = ahead.task if ahead is not None else task_of(file, enterprise, options, clock)
    before = _Before(history or transaction, is_own=history is None)
    conversion = _Conversion(task, file.drop_id, before, StoreItself(transaction), clock)

    def holds(root: etree._Element) -> bool:
        return signature_holds(root, options.sm2_ids)

    if is_message(file.path):
        return conversion.of_message(holds)
    with _collector_at_rest():
        try:
            with savepoint(transaction):
                return conversion.of_rows(drafting_of(task) if ahead is None else ahead.drafting())
        except NumberComesBack:
            return conversion.of_rows(drafting_of(replace(task, gather=True)))


class _Before(NamedTuple):
    """The store of earlier declarations; `is_own`: it is the one that is written to."""

    history: Transaction
    is_own: bool


@dataclass(frozen=True)
class _Conversion:
    task: Task
    drop_id: DropId
    before: _Before
    destination: Destination
    clock: Clock

    def of_rows(self, opened: Drafting) -> Converted:
        """Closes what was opened. Raises NumberComesBack."""
        enterprise = self.task.enterprise
        with closing(opened) as drafting:
            return RowsConversion(
                drafting,
                self._declared_before(drafting.places),
                self._writer(),
                on_bad_rows=enterprise.on_bad_rows,
                sign_all=enterprise.sign_all,
            ).convert()

    def of_message(self, signature_holds: Callable[[etree._Element], bool]) -> Converted:
        task = self.task
        reader = open_file(task.path, task.options, task.enterprise, task.now, task.inbox_folder, task.name)
        assert reader.xml is not None  # noqa: S101
        declared = self._declared_before(reader.places)
        return convert_message(reader.xml, declared, self._writer(), signature_holds, sign_all=task.enterprise.sign_all)

    def _writer(self) -> DropWriter:
        return DropWriter(self.destination, self.drop_id, self.task.enterprise, self.clock)

    def _declared_before(self, places: Places) -> DeclaredBefore:
        task, is_own = self.task, self.before.is_own
        file = CheckedFile(task.enterprise.name, self.drop_id if is_own else None, task.name, places.of_head)
        return DeclaredBefore(self.before.history, file, task.options, task.now, places, is_own=is_own)


def convert_beside(
    history: Transaction, destination: BesideTheStore, file: ClaimedFile, clock: Clock, ahead: OpenedAhead
) -> Converted:
    """The same for a workbook that is open already, with the store only read, at one moment; its messages have no numbers yet.

    Raises as `convert`; CannotSetAside.
    """
    conversion = _Conversion(ahead.task, file.drop_id, _Before(history, is_own=True), destination, clock)
    with _collector_at_rest():
        try:
            return conversion.of_rows(ahead.drafting())
        except NumberComesBack:
            destination.clear()
            return conversion.of_rows(drafting_of(replace(ahead.task, gather=True)))


def task_of(file: ClaimedFile, enterprise: Enterprise, options: ReadingOptions, clock: Clock) -> Task:
    """What is to be read, as of now."""
    return Task(file.path, file.name, file.inbox_folder, enterprise, options, clock.now(), schema_dir())


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

    def close(self) -> None:
        if not isinstance(self._opened, Exception):
            self._opened.close()


class OpenFile(NamedTuple):
    """A claimed file, and what was opened of it ahead, if it is large; or what was converted of it, if it is very large."""

    file: ClaimedFile
    ahead: OpenedAhead | None = None
    beside: ConvertedBeside | None = None


class ConvertedBeside:
    """A very large workbook: it is converted while the store is only read, so that others write to it, and then brought in at once."""

    def __init__(self, store: Store, folder: Path, file: ClaimedFile, clock: Clock, ahead: OpenedAhead) -> None:
        """What ends the conversion is kept. `folder`: beside the store, for us alone."""
        self._drop_id = file.drop_id
        self._task = ahead.task
        self._destination: BesideTheStore | None = None
        self._converted: Converted | Exception
        try:
            self._destination = BesideTheStore(folder)
            with store.read() as history:
                self._last = last_record_id(history)
                self._converted = convert_beside(history, self._destination, file, clock, ahead)
        except Exception as error:
            self._converted = error

    def bring_in(self, transaction: Transaction) -> Converted:
        """Raises what ended the conversion; Overtaken, and nothing is written."""
        if isinstance(self._converted, CannotSetAside):
            raise Overtaken from self._converted
        if isinstance(self._converted, Exception):
            raise self._converted
        assert self._destination is not None  # noqa: S101
        try:
            with savepoint(transaction):
                message_ids = self._destination.bring_in(transaction)
                if self._is_overtaken(transaction, self._converted.type):
                    raise Overtaken
        except UnfitValues as error:  # another record holds a key now
            raise Overtaken from error
        return replace(self._converted, message_ids=message_ids)

    def _is_overtaken(self, transaction: Transaction, type_: str | None) -> bool:
        """Whether others declared something meanwhile that the file would have had to be held against."""
        if type_ is None:
            return False
        if any_declared_since(transaction, self._drop_id, type_, self._last):
            return True
        buyers = buyers_since(transaction, self._drop_id, type_, self._last)
        return is_exceeded(transaction, type_, buyers, self._task.options.figures, self._task.now)

    def close(self) -> None:
        if self._destination is not None:
            self._destination.close()


class Overtaken(Exception):
    """What was read of the store is not so any more, or there was no room beside it: the file is converted again, with the store held."""


def drafting_of(task: Task) -> Drafting:
    """The records and messages of a workbook, in a process of its own if it is large. Raises Unreadable, ChildEnded."""
    return RemoteDrafting(task) if goes_apart(task.path) else LocalDrafting(task)


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
    "OpenFile",
    "OpenedAhead",
    "Overtaken",
    "Unreadable",
    "convert",
    "goes_apart",
    "task_of",
]
