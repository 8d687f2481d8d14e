"""The file whose records are checked, and the context of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cebd.clock import iso
from cebd.messages.description import message_types
from cebd.problems.problem import Place, Problem, problem
from cebd.records.ids import DropId, MessageId
from cebd.records.record import Record
from cebd.rules.figures import Figures
from cebd.store.transaction import Transaction

_MONTH = timedelta(days=31)

PlaceOf = Callable[[Record, str, int | None], Place]  # of a field of the head, or of the line of that index
Check = Callable[[Sequence[Record]], Iterator[tuple[int, Problem]]]  # problems with the positions of their records


@dataclass(frozen=True)
class CheckedFile:
    """The file whose records are checked. `drop_id`: its id in the store of earlier declarations; None if it does not have the file.

    `name` is the operator's file name. `place_of` gives the cell of a field.
    """

    enterprise: str
    drop_id: DropId | None
    name: str
    place_of: PlaceOf


@dataclass(frozen=True)
class Checking:
    """The context of every check: the store of earlier declarations, the file, the figures, and the time.

    `only_stored`: of messages that were asked about, the records (by guid) that asked to be stored and not declared.
    """

    transaction: Transaction
    file: CheckedFile
    figures: Figures
    now: datetime
    only_stored: dict[MessageId, frozenset[str]] = field(default_factory=dict, compare=False)

    @property
    def waybills_since(self) -> str:
        """ISO 8601; a waybill number that was used before that may be used again."""
        return iso(self.now - self.figures.waybill_months * _MONTH)

    def place_of(self, record: Record, field: str, line: int | None = None) -> Place:
        """The cell of a field of the record's head, or of its line of that index (from 0)."""
        return self.file.place_of(record, field, line)

    def problem(self, id_: str, record: Record, field: str, value: str | None, **facts: Any) -> Problem:
        """A problem of a field of the record's head. `facts` fill its text."""
        return self.problem_of_line(id_, record, None, field, value, **facts)

    def problem_of_line(
        self, id_: str, record: Record, line: int | None, field: str, value: str | None, **facts: Any
    ) -> Problem:
        """A problem of a field of the record's line of that index (from 0; None: of its head)."""
        described = message_types()[record.type].field("head" if line is None else "line", field)
        return problem(id_, self.place_of(record, field, line), field=described, value=value, **facts)
