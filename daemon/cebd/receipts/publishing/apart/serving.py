"""The process that makes a large receipt: it has the store to read and the open folders of the outbox to write into, and names no file.

| it sends | when |
| --- | --- |
| `json` head | the JSON lies in its folder; the receipt without its records, as JSON |
| `book` digest | the workbook lies there, after `book` marks was asked |
| `table` trace | the original defied copying; the workbook has a table in its place |
| a failure (`child/failures.py`) | an error: it ends |
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from functools import partial
from queue import SimpleQueue

from cebd.child.frames import Frame, Frames
from cebd.child.limits import MIB, limit_memory
from cebd.child.work import work_for
from cebd.customs.book_files import book_from
from cebd.disk.folder import Folder
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.messages.schema_files import schemas_from
from cebd.receipts.publishing.apart.making import Order
from cebd.receipts.publishing.making import MakingHere
from cebd.receipts.publishing.outbox import Folders
from cebd.store.store import Store

_MEMORY, _MEMORY_PER_RECORD = 1024 * MIB, 16 * 1024  # bytes; 100,000 records of 33 columns take 200 MiB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    asked: SimpleQueue[Frame] = SimpleQueue()
    work_for(parent, partial(_serve, asked), take=asked.put)


def _serve(asked: SimpleQueue[Frame], order: Order, frames: Frames) -> None:
    limit_memory(_MEMORY + _MEMORY_PER_RECORD * (order.task.drop.records or 0))
    with schemas_from(order.schemas), book_from(order.code_book):
        _make(order, frames, asked)


def _make(order: Order, frames: Frames, asked: SimpleQueue[Frame]) -> None:
    def note(error: Exception) -> None:
        frames.send("table", "".join(traceback.format_exception(error)))

    store = Store.open(order.store, create=False)
    folders = Folders(Folder(*order.books), Folder(*order.jsons))
    making = MakingHere(store, folders, order.task, sheets_to_copy, note)
    receipt = making.json()
    frames.send("json", json.dumps(receipt.head_as_json()))
    marks: Mapping[str, str]
    _, marks = asked.get()
    frames.send("book", making.book(marks).digest)
