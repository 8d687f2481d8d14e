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
from cebd.declared.checked_file import CheckedFile
from cebd.documents.convert_message import convert_message
from cebd.documents.convert_rows import RowsConversion
from cebd.documents.declared_before import DeclaredBefore
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
from cebd.store.transaction import Transaction, savepoint


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
    now = task.now

    def writer() -> DropWriter:
        return DropWriter(transaction, file.drop_id, enterprise, clock)

    def declared_before(places: Places) -> DeclaredBefore:
        drop_id = file.drop_id if history is None else None
        checked_file = CheckedFile(enterprise.name, drop_id, file.name, places.of_head)
        return DeclaredBefore(transaction, history, checked_file, options, now, places)

    def rows(opened: Drafting) -> Converted:
        bad_rows, sign_all = enterprise.on_bad_rows, enterprise.sign_all
        with closing(opened) as drafting:
            declared = declared_before(drafting.places)
            return RowsConversion(drafting, declared, writer(), on_bad_rows=bad_rows, sign_all=sign_all).convert()

    def holds(root: etree._Element) -> bool:
        return signature_holds(root, options.sm2_ids)

    if is_message(file.path):
        reader = open_file(file.path, options, enterprise, now, file.inbox_folder, file.name)
        assert reader.xml is not None  # noqa: S101
        declared = declared_before(reader.places)
        return convert_message(reader.xml, declared, writer(), holds, sign_all=enterprise.sign_all)
    with _collector_at_rest():
        try:
            with savepoint(transaction):
                return rows(drafting_of(task) if ahead is None else ahead.drafting())
        except NumberComesBack:
            return rows(drafting_of(replace(task, gather=True)))


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
    """A claimed file, and what was opened of it ahead, if it is large."""

    file: ClaimedFile
    ahead: OpenedAhead | None


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


__all__ = ["ClaimedFile", "Converted", "OpenFile", "OpenedAhead", "Unreadable", "convert", "goes_apart", "task_of"]
