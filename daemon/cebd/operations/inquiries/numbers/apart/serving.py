"""The process that makes an answer: it has the store to read, the file and the open folder to write into.

| it sends | when |
| --- | --- |
| `answered` | the workbook lies there under its temporary name |
| `unreadable` problem | the file cannot be read, or holds no number |
| `refused by the system` number, reason, name | OSError |
| `broke` kind, trace | any other error |
"""

from __future__ import annotations

import traceback

from cebd.child.life import begin_life, end_life, step_back
from cebd.child.limits import MIB, limit_memory, without_limit
from cebd.customs.book_files import book_from
from cebd.disk import Folder
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.schema_files import schemas_from
from cebd.operations.inquiries.numbers.answer import make_answer
from cebd.operations.inquiries.numbers.making import AnswerOrder
from cebd.store.store import Store

_MEMORY = 2048 * MIB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent)
    step_back()
    order: AnswerOrder = frames.receive_task()
    limit_memory(_MEMORY)
    try:
        with schemas_from(order.schemas), book_from(order.code_book):
            content = make_answer(Store.open(order.store, create=False), order.question)
            Folder(order.folder, order.descriptor).prepare(order.temporary, order.answer, content)
        frames.send("answered")
    except Unreadable as error:
        frames.send("unreadable", error.problem.as_json())
    except OSError as error:
        frames.send("refused by the system", error.errno, error.strerror, error.filename)
    except BaseException as error:
        without_limit()
        frames.send("broke", type(error).__name__, "".join(traceback.format_exception(error)))
    end_life()
