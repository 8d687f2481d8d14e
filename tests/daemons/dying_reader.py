"""The process that reads a file, dying at a named moment: it patches itself, so that cebd needs no switches for it.

    python tests/daemons/dying_reader.py POINT PARENT

It takes batches of forty records, so that a hundred and thirty orders are four of them and two messages. `dying.py --reader` has the daemon
start it in place of the real one, the first time.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

from daemons.dying import dying, wrap  # noqa: E402

ORDERS = 130
_BATCH = 40

Around = Callable[[Callable[..., Any]], Callable[..., Any]]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def reading(records: int) -> Around:
    """After so many records were read."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(*values: Any, **named: Any) -> Any:
            reader = original(*values, **named)
            return replace(reader, records=dead_after(records, reader.records))

        return opened

    return around


def dead_after(count: int, records: Any) -> Iterator[Any]:
    for number, record in enumerate(records):
        if number == count:
            die()
        yield record


def sending(what: str, moment: str, nth: int) -> Around:
    """Before or after the frame of that name is sent for the nth time, or in the midst of it."""
    passed = 0

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(frames: Any, *values: Any) -> None:
            nonlocal passed
            passed += values[0] == what
            dies = values[0] == what and passed == nth
            if dies and moment == "before":
                die()
            if dies and moment == "midst":
                frames._sending = Half(frames._sending)
            original(frames, *values)
            if dies:
                die()

        return send

    return around


class Half:
    """A stream of which the first half of a frame arrives."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, content: bytes) -> None:
        self._stream.write(content[: max(8, len(content) // 2)])

    def flush(self) -> None:
        self._stream.flush()


_WORKER = "cebd.documents.worker"
_SEND = ("cebd.child.frames", "Frames.send")
_DRAFTING = ("cebd.documents.drafting", "LocalDrafting")

# name: (where, which function, what becomes of it)
POINTS: dict[str, tuple[str, str, Around]] = {
    "started, without a task": ("cebd.child.frames", "Frames.receive_task", dying("before", 1)),
    "the task read, no limits yet": (f"{_WORKER}.serving", "limit_memory", dying("before", 1)),
    "before opening": (_DRAFTING[0], "open_file", dying("before", 1)),
    "sheets read, columns not recognised": ("cebd.documents.open_file", "recognise", dying("before", 1)),
    "opened, not said": (*_SEND, sending("opened", "before", 1)),
    "opened and said": (*_SEND, sending("opened", "after", 1)),
    "while the first batch is read": (_DRAFTING[0], "open_file", reading(_BATCH // 2)),
    "the first batch read, not sent": (_DRAFTING[0], "LocalDrafting.batch", dying("after", 1)),
    "in the midst of a batch on its way": (*_SEND, sending("batch", "midst", 2)),
    "a batch sent": (*_SEND, sending("batch", "after", 1)),
    "while the last batch is read": (_DRAFTING[0], "open_file", reading(ORDERS - 5)),
    "an answer heard, not heeded": (_DRAFTING[0], "LocalDrafting.accept", dying("before", 1)),
    "the last answer heeded": (_DRAFTING[0], "LocalDrafting.accept", dying("after", 4)),
    "all read, not said": (*_SEND, sending("read", "before", 1)),
    "all read and said": (*_SEND, sending("read", "after", 1)),
    "before the first message is composed": ("cebd.documents.checked_message", "compose", dying("before", 1)),
    "a message composed, not checked": ("cebd.documents.checked_message", "compose", dying("after", 2)),
    "a message checked": (_DRAFTING[0], "drafted", dying("after", 1)),
    "in the midst of a message on its way": (*_SEND, sending("draft", "midst", 1)),
    "before the last message": (*_SEND, sending("draft", "before", 2)),
    "the last message sent, not said to be the last": (*_SEND, sending("done", "before", 1)),
}


def main() -> None:
    point, parent = sys.argv[1:]
    drafting = importlib.import_module(_DRAFTING[0])
    drafting._RECORDS_PER_BATCH = _BATCH  # type: ignore[attr-defined]
    where, name, around = POINTS[point]
    wrap(where, name, around)
    serving = importlib.import_module(f"{_WORKER}.serving")
    serving.main(int(parent))


if __name__ == "__main__":
    main()
