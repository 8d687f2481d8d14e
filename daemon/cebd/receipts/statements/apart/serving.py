"""The process that makes a large statement: it has the store to read and the open folder to write into, and names no file.

It sends `book` digest when the workbook lies there under its temporary name, or a failure (`child/failures.py`).
"""

from __future__ import annotations

from cebd.child.frames import Frames
from cebd.child.limits import MIB, limit_memory
from cebd.child.work import work_for
from cebd.customs.book_files import book_from
from cebd.disk.folder import Folder
from cebd.messages.schema_files import schemas_from
from cebd.receipts.statements.making import StatementOrder, make_here
from cebd.store.store import Store

_MEMORY = 3072 * MIB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    work_for(parent, _make)


def _make(order: StatementOrder, frames: Frames) -> None:
    limit_memory(_MEMORY)
    with schemas_from(order.schemas), book_from(order.code_book):
        store = Store.open(order.store, create=False)
        made = make_here(store, Folder(order.folder, order.descriptor), order.task)
    frames.send("book", made.digest)
