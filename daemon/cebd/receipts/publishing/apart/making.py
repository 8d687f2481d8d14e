"""The making of a large receipt, as the process sees it that publishes it: the other one's promises are held, or it is given up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from cebd.child.failures import failure_of
from cebd.child.process import ChildProcess
from cebd.customs.book_files import book_folder
from cebd.messages.schema_files import schema_dir
from cebd.receipts.publishing.making import Task
from cebd.receipts.publishing.outbox import Folders, MadeBook
from cebd.receipts.publishing.receipt import Receipt
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_MODULE = "cebd.receipts.publishing.apart"


@dataclass(frozen=True)
class Order:
    """What the process is sent first. `books`, `jsons`: the folders of the files, each with its descriptor (None on Windows)."""

    store: Path
    books: tuple[Path, int | None]
    jsons: tuple[Path, int | None]
    schemas: Path
    code_book: Path
    task: Task


class MakingApart:
    """A `Making` in a process of its own, which reads the store and writes both files; it ends with `close`.

    Raises ChildEnded wherever it is found to have ended, ChildBroke for an error of its own.
    """

    def __init__(self, store: Store, folders: Folders, task: Task, seconds: float) -> None:
        """`seconds`: it is given up when it says nothing for so long."""
        self.task = task
        self._seconds = seconds
        books, jsons = ((folder.path, folder.descriptor) for folder in folders)
        order = Order(store.folder, books, jsons, schema_dir(), book_folder(), task)
        held = tuple({folder.descriptor for folder in folders if folder.descriptor is not None})
        self._process = ChildProcess(_MODULE, order, descriptors=held)

    def json(self) -> Receipt:
        return Receipt.from_json({**json.loads(self._made("json")), "records": []})

    def book(self, marks: Mapping[str, str]) -> MadeBook:
        self._process.send("book", dict(marks))
        return MadeBook(self.task.book, self._made("book"))

    def close(self) -> None:
        self._process.close()

    def _made(self, what: str) -> str:
        """What is said of that file, once it is made."""
        while True:
            match self._process.receive(self._seconds):
                case kind, str(told) if kind == what:
                    return told
                case "table", trace:
                    log.error(
                        "the workbook cannot be copied; its records are published as a table",
                        file=self.task.drop.name,
                        trace=trace,
                    )
                case said:
                    raise failure_of(said)
