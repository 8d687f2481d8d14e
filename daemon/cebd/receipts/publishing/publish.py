"""Publishing: the outcome of a drop is written to the outbox, as JSON and as the operator's own workbook in colours."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from cebd.clock import Clock, iso
from cebd.disk import open_folder, sync_folder
from cebd.documents.workbooks.sheets import Sheet
from cebd.receipts.publishing.drop_receipt import receipt_head, records_of
from cebd.receipts.publishing.numbers import number_headings
from cebd.receipts.publishing.outbox import Books, BothInUse, InUse, intend, problems_about
from cebd.receipts.publishing.receipt import Receipt, ReceiptRecord, Sharing
from cebd.receipts.publishing.workbook import make_book
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.store.drops import Drop, load_drop
from cebd.store.published import PublishedBooks, mark_published, published_books_of, remember_books
from cebd.store.store import Store

log = structlog.get_logger("cebd")

ReadSheets = Callable[[Path], Sequence[Sheet]]
MarksOf = Callable[[Path, Drop], Mapping[str, str]]  # properties of the workbook by name; the path is the original's


def publish(
    store: Store,
    drop_id: DropId,
    folder: Path,
    read_sheets: ReadSheets,
    clock: Clock,
    marks_of: MarksOf | None = None,
) -> Receipt:
    """Write the drop's outbox files; returns the receipt as the workbook shows it. Publishing twice is harmless.

    `marks_of` gives the properties by which the workbook remembers its original.

    The JSON comes first. Raises OSError when a file cannot be written now, BothInUse when both workbooks are open: the drop
    stays behind and is tried again.
    """
    outbox = folder / "outbox"
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
        written = published_books_of(transaction, drop_id)
    with open_folder(outbox, folder) as opened:
        books = Books(opened, drop.stem, written, drop.published_at, clock.now())
        if drop.outcome is DropOutcome.ERROR:
            receipt, standing = _write_json(store, books, drop), written
        else:
            making = _Making(store, drop, _original(folder, drop), read_sheets, marks_of)
            try:
                receipt, standing = making.write(books, aside=books.is_open(books.name))
            except InUse:
                receipt, standing = making.write(books, aside=True)
    sync_folder(outbox)
    # Killed here, the same files are written once more.
    with store.write() as transaction:
        published = drop.changed - books.kept_late  # behind by one: written once more, to name the kept workbook
        mark_published(transaction, drop_id, published, receipt.published)
        remember_books(transaction, drop_id, standing)
    return receipt


@dataclass(frozen=True)
class _Making:
    """The sources of a drop's outbox files."""

    store: Store
    drop: Drop
    original: Path
    read_sheets: ReadSheets
    marks_of: MarksOf | None

    def write(self, books: Books, *, aside: bool) -> tuple[Receipt, PublishedBooks]:
        """Write JSON and workbook; returns the receipt, and the workbooks that stand there then. Raises InUse when it is open after all."""
        drop, original = self.drop, self.original
        both_open = aside and books.is_open(books.aside)
        keeping = None if both_open else books.kept_as(books.aside if aside else books.name)
        receipt = _write_json(self.store, books, drop, aside=aside, keeping=keeping)
        if both_open:
            raise BothInUse(books.name)
        marks = self.marks_of(original, drop) if self.marks_of is not None else {}
        workbook = _workbook(receipt, original, self.read_sheets, marks)
        intend(self.store, drop.id, books.written, workbook)
        return receipt, books.place(workbook, aside=aside, announced=keeping)


def _write_json(store: Store, books: Books, drop: Drop, *, aside: bool = False, keeping: str | None = None) -> Receipt:
    """Write the receipt JSON; returns the receipt as the workbook shows it."""
    with store.read() as transaction:
        receipt = receipt_head(transaction, drop, iso(books.now))
        receipt = replace(receipt, problems=(*receipt.problems, *problems_about(books, aside=aside, keeping=keeping)))
        content, shown = _as_json(receipt, records_of(transaction, drop))
    books.folder.write(f"{drop.stem}.receipt.json", content)
    return replace(receipt, records=shown)


def _as_json(receipt: Receipt, records: Iterable[ReceiptRecord]) -> tuple[bytes, list[ReceiptRecord]]:
    """The JSON of these records, a line each; and the records reduced to the workbook's content: only those stay in memory."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    head = json.dumps(receipt.head_as_json(), ensure_ascii=False, indent=1).removesuffix("\n}")
    content, shown = io.BytesIO(), []
    sharing = Sharing()
    content.write(f'{head},\n "records": ['.encode())
    for number, record in enumerate(records):
        content.write(f"{',' if number else ''}\n  {encode(record.as_json())}".encode())
        shown.append(sharing.shrunk(record, with_numbers=bool(number_headings(record.type))))
    content.write(b"\n ]\n}\n")
    return content.getvalue(), shown


def _original(folder: Path, drop: Drop) -> Path:
    """Where the dropped file is: still in working/ when it could not be put away yet."""
    place, working = folder / drop.place, folder / (drop.working or drop.place)
    return working if drop.state is DropState.FILING and not place.exists() else place


def _workbook(receipt: Receipt, original: Path, read_sheets: ReadSheets, marks: Mapping[str, str]) -> bytes:
    """The original's sheets, coloured; a table of the records where the original is no workbook, is gone, or defies copying."""
    try:
        return make_book(receipt, read_sheets(original) if original.exists() else [], marks)
    except OSError:
        raise
    except Exception:
        log.exception("the workbook cannot be copied; its records are published as a table", file=receipt.file)
        return make_book(receipt, [])
