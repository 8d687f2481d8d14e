"""What ends the reading of a file, told from one process to the other."""

from __future__ import annotations

import traceback
from typing import Any, NoReturn

from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.worker.limits import MEMORY
from cebd.documents.worker.plain_values import plain_problems, problems_of
from cebd.problems.problem import Problem, problem

MAX_TRIES = 3  # of a file whose reading is interrupted each time (ChildEnded)


class ReadingBroke(Exception):
    """An error in the process that reads, which nobody foresaw. `kind` is its type; the text is its traceback."""

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(kind, trace)
        self.kind = kind
        self.trace = trace

    def __str__(self) -> str:
        return self.trace


def not_tried_again(tries: int) -> Problem:
    """Why a file is refused whose reading was interrupted so often."""
    return problem("CEBD-1038", times=tries)


def plain_failure(error: BaseException) -> tuple[object, ...]:
    """How it failed, and the values that `raise_failure` needs."""
    match error:
        case Unreadable():
            return "unreadable", plain_problems([error.problem])
        case NumberComesBack():
            return ("number comes back",)
        case OSError():
            return "refused by the system", error.errno, error.strerror
        case MemoryError():
            limit = MEMORY >> 30
            zh, en = f"读取它需要超过 {limit} GiB 的内存", f"reading it takes more than {limit} GiB of memory"
            return "unreadable", plain_problems([refused("CEBD-1022", zh, en).problem])
    return "broke", type(error).__name__, "".join(traceback.format_exception(error))


def raise_failure(how: str, *values: Any) -> NoReturn:
    """Raise in this process what ended the reading in the other. `Any`: what marshal has read."""
    match how:
        case "unreadable":
            raise Unreadable(problems_of(values[0])[0])
        case "number comes back":
            raise NumberComesBack
        case "refused by the system":
            raise OSError(*values)
    raise ReadingBroke(*values)
