"""Making the files of a drop's receipt: each lies in its folder of the outbox under a temporary name, and only wants its own.

A small receipt is made by the thread that publishes it, a large one in a process of its own (`apart/`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Protocol

import structlog

from cebd.documents.workbooks.sheet import Sheet
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.numbers import number_headings
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.drop_receipt import receipt_head, records_of, with_consequences
from cebd.receipts.publishing.outbox import RECEIPT, Folders, MadeBook
from cebd.receipts.publishing.receipt import Receipt, ReceiptRecord
from cebd.receipts.publishing.receipt_json import RecordLines
from cebd.receipts.publishing.sharing import Sharing
from cebd.records.states import DropOutcome
from cebd.store.across.earlier.declared import open_read_only
from cebd.store.drops import Drop
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_LINES_AT_ONCE, _BETWEEN_LINES = 1000, ",\n  "

ReadSheets = Callable[[Path], Sequence[Sheet]]


@dataclass(frozen=True)
class Preview:
    """The receipt is of a file that is kept back. `earlier`: the folder of the store of earlier declarations."""

    earlier: Path


@dataclass(frozen=True)
class Task:
    """The files that are wanted. `now` is ISO 8601; `problems`: notes on the workbooks beside it, which the receipt has besides its own;
    `json`, `book`: the temporary names; `name`, `word`: what the files are called. `preview` is None for the receipt of a drop.
    """

    drop: Drop
    original: Path
    now: str
    problems: tuple[Problem, ...]
    json: str
    book: str
    name: str
    word: str = RECEIPT
    preview: Preview | None = None
    language: Language = "zh"

    @property
    def json_name(self) -> str:
        return f"{self.name}.{self.word}.json"

    @property
    def book_name(self) -> str:
        return f"{self.name}.{self.word}.xlsx"


class Making(Protocol):
    """The files of a task, made in the open folders of the outbox one after the other."""

    task: Task

    def json(self) -> Receipt:
        """Prepare the JSON first; returns the receipt, with its records where they are at hand. Raises OSError."""
        ...

    def book(self, marks: Mapping[str, str]) -> MadeBook:
        """Prepare the workbook; `marks`: properties by which it remembers its original. Raises OSError."""
        ...

    def close(self) -> None: ...


class MakingHere:
    """In this process."""

    def __init__(
        self, store: Store, folders: Folders, task: Task, read_sheets: ReadSheets, note: Callable[[Exception], object]
    ) -> None:
        """`note`: called with the reason why the original cannot be copied."""
        self.task = task
        self._store = store
        self._folders = folders
        self._read_sheets = read_sheets
        self._note = note
        self._receipt: Receipt | None = None

    def json(self) -> Receipt:
        task = self.task
        with self._store.read() as transaction:
            receipt = receipt_head(transaction, task.drop, task.now)
            preview = task.preview
            receipt = replace(receipt, problems=(*receipt.problems, *task.problems), preview=preview is not None)
            if preview is None:
                content, shown = _as_json(receipt, records_of(transaction, task.drop))
            else:
                with open_read_only(preview.earlier) as earlier:
                    content, shown = _as_json(receipt, with_consequences(transaction, task.drop, earlier))
        self._folders.jsons.prepare(task.json, task.json_name, content)
        self._receipt = replace(receipt, records=shown)
        return self._receipt

    def book(self, marks: Mapping[str, str]) -> MadeBook:
        task = self.task
        assert self._receipt is not None, "the JSON comes first"  # noqa: S101
        content = self._content(self._receipt, marks)
        self._folders.books.prepare(task.book, task.book_name, content)
        return MadeBook(task.book, sha256(content).hexdigest())

    def close(self) -> None:
        """There is nothing to be ended."""

    def _content(self, receipt: Receipt, marks: Mapping[str, str]) -> bytes:
        """The original's sheets, coloured; a table of the records where the original is no workbook, is gone, or defies copying. Of a
        file that could not be read, the words about it alone.
        """
        # With openpyxl, of which a station without work has no need.
        from cebd.receipts.publishing.book.workbook import make_book

        original, defies = self.task.original, self.task.drop.outcome is DropOutcome.ERROR
        try:
            sheets = self._read_sheets(original) if not defies and original.exists() else []
            return make_book(receipt, sheets, marks, self.task.language)
        except OSError:
            raise
        except Exception as error:
            self._note(error)
            return make_book(receipt, [], language=self.task.language)


def _as_json(receipt: Receipt, records: Iterable[ReceiptRecord]) -> tuple[bytes, list[ReceiptRecord]]:
    """The JSON of these records, a line each; and the records reduced to the workbook's content: only those stay in memory."""
    head = json.dumps(receipt.head_as_json(), ensure_ascii=False, indent=1).removesuffix("\n}")
    content, shown = io.BytesIO(), list[ReceiptRecord]()
    line, sharing, has_numbers = RecordLines().of, Sharing(), cache(number_headings)
    between, coming = f'{head},\n "records": [\n  ', iter(records)
    while some := list(islice(coming, _LINES_AT_ONCE)):
        content.write(f"{between}{_BETWEEN_LINES.join(map(line, some))}".encode())
        shown += [sharing.shrunk(record, with_numbers=bool(has_numbers(record.type))) for record in some]
        between = _BETWEEN_LINES
    content.write(b"\n ]\n}\n" if shown else f'{head},\n "records": [\n ]\n}}\n'.encode())
    return content.getvalue(), shown


def note_table(file: str, reason: Exception) -> None:
    """The log of a receipt whose original cannot be copied."""
    log.error("the workbook cannot be copied; its records are published as a table", file=file, exc_info=reason)
