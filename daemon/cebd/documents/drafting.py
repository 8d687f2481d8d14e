"""The side of a conversion that has the file: it gives the records, and drafts messages of those that are accepted.

The other side (`convert_rows.py`) has the store. It asks what was declared before, and stores what is drafted here. Only plain values pass
between the two: the XML of records stays here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from itertools import islice
from typing import Protocol

from cebd.documents.checked_message import CheckedMessage, Draft
from cebd.documents.reading.open import Reader
from cebd.documents.reading.places import Places
from cebd.documents.shape_check import ShapeCheck
from cebd.messages.compose import Sender
from cebd.messages.description import MessageType
from cebd.problems.problem import Problem
from cebd.records.record import Record

_RECORDS_PER_BATCH = 1000  # about which the store is asked at once
_MESSAGES_AHEAD = 4  # checked, or waiting for it, while rows are read


class Drafting(Protocol):
    """The records of a workbook, and messages of those that are accepted."""

    type: MessageType | None
    places: Places
    problems: list[Problem]
    """Those of the file as a whole; complete once every record was read."""

    def batch(self) -> list[Record]:
        """The next records; none when all were read. Raises NumberComesBack, Unreadable."""
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


class LocalDrafting:
    """Reads and drafts in this process. `executor` checks each message while the rows of the next message are read.

    `at_the_end`: nothing is composed before all records were read.
    """

    def __init__(self, reader: Reader, sender: Sender, executor: Executor, *, at_the_end: bool) -> None:
        self.type = reader.type
        self.places = reader.places
        self.problems = reader.problems
        self._records = iter(reader.records)
        self._sender = sender
        self._executor = executor
        self._at_the_end = at_the_end
        self._unanswered: deque[list[Record]] = deque()
        self._accepted: list[Record] = []
        self._under_check: deque[CheckedMessage] = deque()
        self._check = None if self.type is None else ShapeCheck(self.type, sender)

    def batch(self) -> list[Record]:
        batch = list(islice(self._records, _RECORDS_PER_BATCH))
        if batch:
            self._unanswered.append(batch)
        return batch

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
            message = CheckedMessage(
                self.type, accepted[start : start + size], self._sender, self._executor, self._check
            )
            self._under_check.append(message)
            if len(self._under_check) > _MESSAGES_AHEAD:
                yield self._under_check.popleft().draft()
        self._accepted = accepted[end:]
        while rest and self._under_check:
            yield self._under_check.popleft().draft()
