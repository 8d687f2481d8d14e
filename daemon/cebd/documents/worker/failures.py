"""What ends the reading of a file, told from one process to the other."""

from __future__ import annotations

from cebd.child import failures
from cebd.child.frames import Frame
from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.worker.limits import MEMORY
from cebd.documents.worker.plain_values import plain_problems, problems_of
from cebd.problems.problem import Problem, problem

MAX_TRIES = 3  # of a file whose reading is interrupted each time (ChildEnded)


def not_tried_again(tries: int) -> Problem:
    """Why a file is refused whose reading was interrupted so often."""
    return problem("CEBD-1038", times=tries)


def plain_failure(error: BaseException) -> Frame:
    """The frame that tells of an error in reading a file."""
    match error:
        case Unreadable():
            return "unreadable", plain_problems([error.problem])
        case NumberComesBack():
            return ("number comes back",)
        case MemoryError():
            limit = MEMORY >> 30
            zh, en = f"读取它需要超过 {limit} GiB 的内存", f"reading it takes more than {limit} GiB of memory"
            return "unreadable", plain_problems([refused("CEBD-1022", zh, en).problem])
    return failures.plain_failure(error)


def failure_of_reading(said: Frame) -> Exception:
    """To be raised here for what ended the reading there: Unreadable, NumberComesBack, OSError, ChildBroke."""
    match said:
        case "unreadable", problems:
            return Unreadable(problems_of(problems)[0])
        case ("number comes back",):
            return NumberComesBack()
    return failures.failure_of(said)
