"""The process that makes an answer: it has the store to read, the file and the open folder to write into.

| it sends | when |
| --- | --- |
| `answered` | the workbook lies there under its temporary name |
| `unreadable` problem | the file cannot be read, or holds no number |
| a failure (`child/failures.py`) | any other error |
"""

from __future__ import annotations

from cebd.child.frames import Frames
from cebd.child.limits import MIB, limit_memory
from cebd.child.work import work_for
from cebd.customs.book_files import book_from
from cebd.disk.folder import Folder
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.schema_files import schemas_from
from cebd.operations.inquiries.numbers.answer import make_answer
from cebd.operations.inquiries.numbers.making import AnswerOrder
from cebd.store.store import Store

_MEMORY = 2048 * MIB


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    work_for(parent, _answer)


def _answer(order: AnswerOrder, frames: Frames) -> None:
    limit_memory(_MEMORY)
    try:
        with schemas_from(order.schemas), book_from(order.code_book):
            content = make_answer(Store.open(order.store, create=False), order.question)
            Folder(order.folder, order.descriptor).prepare(order.temporary, order.answer, content)
    except Unreadable as error:
        frames.send("unreadable", error.problem.as_json())
    else:
        frames.send("answered")
