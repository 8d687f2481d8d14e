"""The process that makes a large statement: it has the store to read and the open folder to write into, and names no file.

| it sends | when |
| --- | --- |
| `book` digest | the workbook lies there under its temporary name |
| `refused by the system` number, reason, name | OSError |
| `broke` kind, trace | any other error |
"""

from __future__ import annotations

import traceback

from cebd.child.life import begin_life, end_life, step_back
from cebd.child.limits import MIB, limit_memory, without_limit
from cebd.customs.book_files import book_from
from cebd.disk import Folder
from cebd.messages.schema_files import schemas_from
from cebd.receipts.statements.making import StatementOrder, make_here
from cebd.store.store import Store

_MEMORY = 3072 * MIB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent)
    step_back()
    order: StatementOrder = frames.receive_task()
    limit_memory(_MEMORY)
    try:
        with schemas_from(order.schemas), book_from(order.code_book):
            store = Store.open(order.store, create=False)
            made = make_here(store, Folder(order.folder, order.descriptor), order.task)
        frames.send("book", made.digest)
    except OSError as error:
        frames.send("refused by the system", error.errno, error.strerror, error.filename)
    except BaseException as error:
        without_limit()
        frames.send("broke", type(error).__name__, "".join(traceback.format_exception(error)))
    end_life()
