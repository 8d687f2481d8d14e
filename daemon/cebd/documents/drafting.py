"""The side of a conversion that has the file: it gives the records, and drafts messages of those that are accepted.

The other side (`convert_rows.py`) has the store. It asks what was declared before, and stores what is drafted here. The two are one process
for a small file, and two for a large one (`worker/`). So only plain values pass between them: the XML of records stays here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from cebd.decisions.found import Found
from cebd.documents.checked_message import Draft, drafted
from cebd.documents.open_file import open_file
from cebd.documents.reading.options import ReadingOptions
from cebd.documents.reading.places import Places
from cebd.documents.shape_check import ShapeCheck
from cebd.documents.workbooks.sheet import Sheet
from cebd.enterprise import Enterprise
from cebd.messages.compose import Sender
from cebd.messages.description import MessageType
from cebd.problems.problem import Problem
from cebd.records.original_list import OriginalList
from cebd.records.record import Record

_RECORDS_PER_BATCH = 1000  # about which the store is asked at once


@dataclass(frozen=True)
class Task:
    """A workbook to be read. `name` is the operator's file name; `inbox_folder` its subfolder of the inbox, if any.

    `few`: rows that are read, and nothing else of it. `gather`: rows of a record may be separated.
    `schemas`: the folder of the schemas that describe the messages.
    """

    path: Path
    name: str
    inbox_folder: str | None
    enterprise: Enterprise
    options: ReadingOptions
    now: datetime
    schemas: Path
    gather: bool = False
    few: tuple[Sheet, ...] | None = None


class Drafting(Protocol):
    """The records of a workbook, and messages of those that are accepted."""

    type: MessageType | None
    places: Places
    problems: list[Problem]
    """Those of the file as a whole; complete once every record was read."""
    found: Found
    """What people decide in it, or are asked."""

    def batch(self) -> list[Record]:
        """The next records; none when all were read. Raises NumberComesBack, Unreadable."""
        ...

    def with_lists(self, lists: Mapping[int, OriginalList]) -> list[Record]:
        """Those records of the oldest batch that was not answered, by position, read again with what their lists say."""
        ...

    def accept(self, positions: Sequence[int]) -> None:
        """Those records of the oldest batch that was not answered go into messages, after those accepted before."""
        ...

    def xml_of(self, position: int) -> str:
        """The XML of a record of the oldest batch that was not answered; empty when the record is not ready."""
        ...

    def drafts(self, *, rest: bool = False) -> Iterator[Draft]:
        """Messages that are ready to be stored, in the order of their records. `rest`: all that are left, when every batch was answered."""
        ...

    def close(self) -> None:
        """Nothing is wanted any more."""
        ...


class LocalDrafting:
    """Reads and drafts in this process.

    Where one bad row holds the whole file, nothing is composed before all records were read.
    """

    def __init__(self, task: Task) -> None:
        """Open the file. Raises Unreadable."""
        enterprise = task.enterprise
        reader = open_file(
            task.path,
            task.options,
            enterprise,
            task.now,
            task.inbox_folder,
            task.name,
            gather=task.gather,
            few=task.few,
        )
        self.type = reader.type
        self.places = reader.places
        self.problems = reader.problems
        self.found = reader.found
        self._records = iter(reader.records)
        self._with_list = reader.with_list
        self._sender = Sender(enterprise.copCode, enterprise.copName, enterprise.dxpId)
        self._at_the_end = enterprise.on_bad_rows == "hold-file"
        self._unanswered: deque[list[Record]] = deque()
        self._accepted: list[Record] = []
        self._check = None if self.type is None else ShapeCheck(self.type, self._sender)

    def close(self) -> None:
        pass  # there is nothing but values

    def batch(self) -> list[Record]:
        batch = list(islice(self._records, _RECORDS_PER_BATCH))
        if batch:
            self._unanswered.append([*batch])
        return batch

    def with_lists(self, lists: Mapping[int, OriginalList]) -> list[Record]:
        batch = self._unanswered[0]
        for position, original in lists.items():
            batch[position] = self._with_list(batch[position], original)
        return [batch[position] for position in lists]

    def accept(self, positions: Sequence[int]) -> None:
        batch = self._unanswered.popleft()
        self._accepted += [batch[position] for position in positions]

    def xml_of(self, position: int) -> str:
        return self._unanswered[0][position].xml

    def drafts(self, *, rest: bool = False) -> Iterator[Draft]:
        if self.type is None or self._check is None or (self._at_the_end and not rest):
            return
        accepted, size = self._accepted, self.type.max_records
        end = len(accepted) if rest else len(accepted) - len(accepted) % size
        for start in range(0, end, size):
            yield drafted(self.type, accepted[start : start + size], self._sender, self._check)
        self._accepted = accepted[end:]
