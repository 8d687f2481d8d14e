"""The process that reads a file: it gives its records, batch by batch, hears which of them are accepted, and drafts their messages.

| it sends | when |
| --- | --- |
| `opened` type, problems, columns, decisions | the file is recognised |
| `batch` records | at most `_BATCHES_AHEAD` are not answered |
| `read` problems | every record was given; the problems of the file are complete |
| `completed` records | it was asked to read records again with what their lists say |
| `xml` text | it was asked for the XML of a record |
| `draft` message | a message is full and checked |
| `done` | every message was given |
| a failure (`failures.py`) | it cannot go on, and ends |

It is asked `lists` by position, `accept` positions and `xml` position, all of the oldest batch that was not answered, and at the end
`rest`. It has neither store nor keys nor settings.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from queue import Empty, SimpleQueue

from cebd.child.frames import Frame, Frames
from cebd.child.limits import limit_memory
from cebd.child.work import work_for
from cebd.documents.drafting import LocalDrafting, Task
from cebd.documents.worker.choice import is_xls
from cebd.documents.worker.failures import plain_failure
from cebd.documents.worker.limits import MEMORY, limits_of_xls
from cebd.documents.worker.plain_values import list_of, plain_draft, plain_found, plain_problems, plain_records
from cebd.messages.schema_files import schemas_from

_BATCHES_AHEAD = 2  # read while the store is asked
_Requests = SimpleQueue[Frame]


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    requests: _Requests = SimpleQueue()
    work_for(parent, partial(_serve, requests), take=requests.put, told=plain_failure)


def _serve(requests: _Requests, task: Task, frames: Frames) -> None:
    limit_memory(MEMORY)
    with schemas_from(task.schemas):
        serve(task, frames, requests)


def serve(task: Task, frames: Frames, requests: _Requests) -> None:
    """The whole conversation about a file."""
    with _limits_of(task):
        drafting = LocalDrafting(task)
    code = None if drafting.type is None else drafting.type.code
    found = plain_found(drafting.found)
    frames.send("opened", code, plain_problems(drafting.problems), dict(drafting.places.columns), found)
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
            case ("lists", lists):
                frames.send(
                    "completed", *plain_records(drafting.with_lists({at: list_of(one) for at, one in lists.items()}))
                )
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
