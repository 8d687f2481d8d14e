"""The file whose records are checked, and the context of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cebd.clock import iso
from cebd.messages.description import message_types
from cebd.problems.problem import Place, Problem, problem
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.rules.figures import Figures
from cebd.store.transaction import Transaction

_MONTH = timedelta(days=31)

PlaceOf = Callable[[Record, str], Place]
Check = Callable[[Sequence[Record]], Iterator[tuple[int, Problem]]]  # problems with the positions of their records


@dataclass(frozen=True)
class CheckedFile:
    """The file whose records are checked. `drop_id`: its id in the store of earlier declarations; None if it does not have the file.

    `name` is the operator's file name. `place_of` gives the cell of a field of a record's head.
    """

    enterprise: str
    drop_id: DropId | None
    name: str
    place_of: PlaceOf


@dataclass(frozen=True)
class Checking:
    """The context of every check: the store of earlier declarations, the file, the figures, and the time."""

    transaction: Transaction
    file: CheckedFile
    figures: Figures
    now: datetime

    @property
    def waybills_since(self) -> str:
        """ISO 8601; a waybill number that was used before that may be used again."""
        return iso(self.now - self.figures.waybill_months * _MONTH)

    def problem(self, id_: str, record: Record, field: str, value: str | None, **facts: Any) -> Problem:
        """A problem of a field of the record's head. `facts` fill its text."""
        described = message_types()[record.type].field("head", field)
        return problem(id_, self.file.place_of(record, field), field=described, value=value, **facts)
