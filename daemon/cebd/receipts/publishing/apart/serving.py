"""The process that makes a large receipt: it has the store to read and the open folders of the outbox to write into, and names no file.

| it sends | when |
| --- | --- |
| `json` head | the JSON lies in its folder; the receipt without its records, as JSON |
| `book` digest | the workbook lies there, after `book` marks was asked |
| `table` trace | the original defied copying; the workbook has a table in its place |
| `refused by the system` number, reason, name | OSError: it ends |
| `broke` kind, trace | any other error: it ends |
"""

from __future__ import annotations

import gc
import json
import traceback
from collections.abc import Mapping
from queue import SimpleQueue

from cebd.child.frames import Frame, Frames
from cebd.child.life import begin_life, end_life, hear, step_back
from cebd.child.limits import MIB, limit_memory, without_limit
from cebd.customs.book_files import book_from
from cebd.disk import Folder
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.messages.schema_files import schemas_from
from cebd.receipts.publishing.apart.making import Order
from cebd.receipts.publishing.making import MakingHere
from cebd.receipts.publishing.outbox import Folders
from cebd.store.store import Store

_MEMORY, _MEMORY_PER_RECORD = 1024 * MIB, 16 * 1024  # bytes; 100,000 records of 33 columns take 200 MiB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent)
    step_back()
    order: Order = frames.receive_task()
    asked: SimpleQueue[Frame] = SimpleQueue()
    hear(frames, asked.put)
    limit_memory(_MEMORY + _MEMORY_PER_RECORD * (order.task.drop.records or 0))
    gc.disable()  # the process ends with the receipt; looking through its records for cycles took a fifth of the time
    try:
        with schemas_from(order.schemas), book_from(order.code_book):
            _make(order, frames, asked)
    except OSError as error:
        frames.send("refused by the system", error.errno, error.strerror, error.filename)
    except BaseException as error:
        without_limit()
        frames.send("broke", type(error).__name__, "".join(traceback.format_exception(error)))
    end_life()


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
