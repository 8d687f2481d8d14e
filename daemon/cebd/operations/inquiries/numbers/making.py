"""An answer, as the station gets it from the process that makes it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cebd.child.failures import failure_of
from cebd.child.process import ChildProcess
from cebd.customs.book_files import book_folder
from cebd.disk.folder import Folder
from cebd.messages.schema_files import schema_dir
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.own_columns import Language

_MODULE = "cebd.operations.inquiries.numbers.apart"
_PATIENCE_SECONDS = 900.0


@dataclass(frozen=True)
class Question:
    """A file of numbers. `path`: where its bytes are, `name`: what it is called. `now`: as people write a time; `return_days`: see
    `ledger_book.LedgerForm`."""

    enterprise: str
    path: Path
    name: str
    now: str
    language: Language = "zh"
    return_days: int = 30


@dataclass(frozen=True)
class AnswerOrder:
    """What the process is sent first: the question, and the open folder (`descriptor` None on Windows) with the name and the temporary
    name of the answer."""

    store: Path
    folder: Path
    descriptor: int | None
    temporary: str
    answer: str
    schemas: Path
    code_book: Path
    question: Question


def answer_apart(store: Path, folder: Folder, temporary: str, answer: str, question: Question) -> Problem | None:
    """Prepare the answer in the open folder under its temporary name; the problem of a file that cannot be answered.

    Raises OSError, ChildEnded, ChildBroke.
    """
    order = AnswerOrder(store, folder.path, folder.descriptor, temporary, answer, schema_dir(), book_folder(), question)
    held = () if folder.descriptor is None else (folder.descriptor,)
    with closing(ChildProcess(_MODULE, order, descriptors=held)) as process:
        match process.receive(_PATIENCE_SECONDS):
            case ("answered",):
                return None
            case "unreadable", dict(told):
                return Problem.from_json(told)
            case said:
                raise failure_of(said)
