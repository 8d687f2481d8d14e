"""The process that reads a file: it gives its records, batch by batch, hears which of them are accepted, and drafts their messages.

| it sends | when |
| --- | --- |
| `opened` type, problems, columns | the file is recognised |
| `batch` records | at most `_BATCHES_AHEAD` are not answered |
| `read` problems | every record was given; the problems of the file are complete |
| `xml` text | it was asked for the XML of a record |
| `draft` message | a message is full and checked |
| `done` | every message was given |
| `failed` how, what | it cannot go on (`failures.py`), and ends |

It is asked `accept` positions and `xml` position, both of the oldest batch that was not answered, and at the end `rest`. It has neither
store nor keys nor settings, hears no signal that is meant for the station, and ends with the station's process.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, SimpleQueue
from threading import Thread

from cebd.documents.drafting import LocalDrafting, Task
from cebd.documents.worker.choice import is_xls
from cebd.documents.worker.failures import plain_failure
from cebd.documents.worker.frames import Broken, Frame, Frames
from cebd.documents.worker.limits import be_first_to_go, end_with_parent, limit_memory, limits_of_xls, without_limit
from cebd.documents.worker.plain_values import plain_draft, plain_problems, plain_records
from cebd.messages.schema_files import schemas_from

_BATCHES_AHEAD = 4  # read while the store is asked
_Requests = SimpleQueue[Frame]


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    end_with_parent(parent)
    for deaf in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, deaf):
            signal.signal(getattr(signal, deaf), signal.SIG_IGN)
    be_first_to_go()
    gc.disable()  # rows become millions of short-lived values and no cycles
    frames = Frames(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no frame
    task = frames.receive_task()
    requests: _Requests = SimpleQueue()
    Thread(target=_hear, args=(frames, requests), daemon=True).start()
    limit_memory()
    try:
        with schemas_from(task.schemas):
            serve(task, frames, requests)
    except BaseException as error:
        without_limit()
        frames.send("failed", *plain_failure(error))
    os._exit(0)  # nothing is taken down in order: that takes longer, and the other side has all it wants


def serve(task: Task, frames: Frames, requests: _Requests) -> None:
    """The whole conversation about a file."""
    with _limits_of(task):
        drafting = LocalDrafting(task)
    code = None if drafting.type is None else drafting.type.code
    frames.send("opened", code, plain_problems(drafting.problems), dict(drafting.places.columns))
    unanswered, all_read = 0, drafting.type is None
    while True:
        request = _next(requests, wait=all_read or unanswered >= _BATCHES_AHEAD)
        match request:
            case None:
                batch = drafting.batch()
                if batch:
                    frames.send("batch", *plain_records(batch))
                    unanswered += 1
                else:
                    frames.send("read", plain_problems(drafting.problems))
                    all_read = True
            case ("xml", position):
                frames.send("xml", drafting.xml_of(position))
            case ("accept", positions):
                drafting.accept(positions)
                unanswered -= 1
                _send_drafts(drafting, frames, rest=False)
            case ("rest",):
                _send_drafts(drafting, frames, rest=True)
                frames.send("done")
                return


def _send_drafts(drafting: LocalDrafting, frames: Frames, *, rest: bool) -> None:
    for draft in drafting.drafts(rest=rest):
        frames.send("draft", *plain_draft(draft))


def _limits_of(task: Task) -> AbstractContextManager[None]:
    return limits_of_xls(task.path.stat().st_size) if is_xls(task.path) else nullcontext()


def _next(requests: _Requests, *, wait: bool) -> Frame | None:
    try:
        return requests.get(block=wait)
    except Empty:
        return None


def _hear(frames: Frames, requests: _Requests) -> None:
    """What is asked comes in beside the reading. When nobody can ask any more, this process ends."""
    try:
        while (request := frames.receive()) is not None:
            requests.put(request)
    except (Broken, OSError):
        pass
    os._exit(1)
