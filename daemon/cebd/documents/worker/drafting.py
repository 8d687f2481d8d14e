"""The records of a workbook, and messages of those that are accepted, from the process that reads it (`serving.py`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from cebd.child.failures import ChildEnded
from cebd.child.process import ChildProcess
from cebd.decisions.found import NOTHING_FOUND
from cebd.documents.checked_message import Draft
from cebd.documents.drafting import Task
from cebd.documents.reading.places import NO_PLACES, Places
from cebd.documents.workbooks.xlsx.archive import damaged
from cebd.documents.worker.choice import is_xls, laid_out_bytes
from cebd.documents.worker.failures import failure_of_reading
from cebd.documents.worker.plain_values import draft_of, found_of, plain_list, problems_of, records_of
from cebd.messages.description import MessageType, message_type
from cebd.problems.problem import Problem
from cebd.records.original_list import OriginalList
from cebd.records.record import Record

_MODULE = "cebd.documents.worker"
# On a busy computer, ten times slower than on one at rest: for all that comes before the first records, then for each batch.
_FIRST_SECONDS, _BYTES_PER_SECOND = 120.0, 2 << 20
_BATCH_SECONDS = 60.0  # the store is held meanwhile


class RemoteDrafting:
    """A `Drafting` whose records are read and whose messages are composed and checked elsewhere, while the store is asked here.

    Raises ChildEnded wherever that process is found to have ended.
    """

    def __init__(self, task: Task, start: Callable[[str, Task], ChildProcess] = ChildProcess) -> None:
        """Start the process, and wait for the first records. Raises as `batch`; Unreadable for an .xls whose reader crashes."""
        self.type: MessageType | None = None
        self.places: Places = NO_PLACES
        self.problems: list[Problem] = []
        self.found = NOTHING_FOUND
        self._seconds = _FIRST_SECONDS + laid_out_bytes(task.path) / _BYTES_PER_SECOND
        self._batches: deque[list[Record]] = deque()
        self._drafts: deque[Draft] = deque()
        self._texts: deque[str] = deque()
        self._completed: deque[list[Record]] = deque()
        self._is_open = self._all_read = self._is_done = False
        self._process = start(_MODULE, task)
        try:
            while not (self._batches or self._all_read):
                self._receive()
        except BaseException as error:
            self.close()
            if isinstance(error, ChildEnded) and error.crashed and not self._is_open and is_xls(task.path):
                raise damaged("内容自相矛盾", "its content contradicts itself") from None
            raise
        self._seconds = _BATCH_SECONDS

    def batch(self) -> list[Record]:
        while not self._batches and not self._all_read:
            self._receive()
        return self._batches.popleft() if self._batches else []

    def with_lists(self, lists: Mapping[int, OriginalList]) -> list[Record]:
        if not lists:
            return []
        self._process.send("lists", {at: plain_list(original) for at, original in lists.items()})
        while not self._completed:
            self._receive()
        return self._completed.popleft()

    def accept(self, positions: Sequence[int]) -> None:
        self._process.send("accept", tuple(positions))

    def xml_of(self, position: int) -> str:
        self._process.send("xml", position)
        while not self._texts:
            self._receive()
        return self._texts.popleft()

    def drafts(self, *, rest: bool = False) -> Iterator[Draft]:
        if rest:
            self._process.send("rest")
        while self._drafts or (rest and not self._is_done):
            if self._drafts:
                yield self._drafts.popleft()
            else:
                self._receive()

    def close(self) -> None:
        self._process.close()

    def _receive(self) -> None:
        match self._process.receive(self._seconds):
            case "opened", code, problems, columns, found:
                self.found = found_of(found)
                self.type = None if code is None else message_type(code)
                self.problems += problems_of(problems)
                self.places = Places(columns)
                self._is_open, self._all_read = True, code is None
            case "batch", *columns:
                self._batches.append(records_of(columns))
            case "read", problems:
                self.problems[:] = problems_of(problems)
                self._all_read = True
            case "completed", *columns:
                self._completed.append(records_of(columns))
            case "xml", text:
                self._texts.append(text)
            case "draft", *draft:
                self._drafts.append(draft_of(draft))
            case ("done",):
                self._is_done = True
            case said:
                raise failure_of_reading(said)
