"""What ended the work of a process, as the one that asked for it knows it, and the frames that tell of it.

| frame | of what |
| --- | --- |
| `refused by the system` number, reason, name | OSError |
| `broke` kind, trace | any other error: its type, its traceback |
"""

from __future__ import annotations

import traceback

from cebd.child.frames import Frame


class ChildEnded(Exception):
    """A process that works for this one was killed, crashed, or says nothing any more."""

    def __init__(self, how: str, *, crashed: bool = False) -> None:
        """`crashed`: what it worked on may be the reason, nobody has killed it."""
        super().__init__(how)
        self.how = how
        self.crashed = crashed


class ChildBroke(Exception):
    """An error in a process that works for this one, which nobody foresaw. `kind` is its type; the text is its traceback."""

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(kind, trace)
        self.kind = kind
        self.trace = trace

    def __str__(self) -> str:
        return self.trace


def plain_failure(error: BaseException) -> Frame:
    """The frame that tells of the error."""
    if isinstance(error, OSError):
        return "refused by the system", error.errno, error.strerror, error.filename
    return "broke", type(error).__name__, "".join(traceback.format_exception(error))


def failure_of(said: Frame) -> OSError | ChildBroke:
    """To be raised here for what ended the work there; ChildBroke, too, for a frame that nobody expected."""
    match said:
        case "refused by the system", number, reason, name:
            return OSError(number, reason, name)
        case "broke", str(kind), str(trace):
            return ChildBroke(kind, trace)
    return ChildBroke("Frame", repr(said))


def reason_of(error: Exception) -> str:
    """Why a piece of work failed, in the few words that conditions show: how its process ended, or the type of the error."""
    match error:
        case ChildEnded():
            return error.how
        case ChildBroke():
            return error.kind
    return type(error).__name__
