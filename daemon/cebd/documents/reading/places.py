"""The cells where the fields of a record stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cebd.cell_names import column_letters
from cebd.messages.description import Part
from cebd.problems.problem import Place
from cebd.records.record import Record


@dataclass(frozen=True)
class Places:
    """By the name of each sheet that declares, the columns of the fields. A dropped message has none."""

    columns: Mapping[str, Mapping[tuple[Part, str], int]] = field(default_factory=dict)

    def of_head(self, record: Record, name: str) -> Place:
        """The cell of the record's head field; where it has no column, the record's own place."""
        place = record.place
        index = self._column(place, "head", name)
        return place if index is None else Place(place.sheet, place.row, f"{column_letters(index)}{place.row}")

    def of_field(self, record: Record, name: str, line: int | None) -> Place:
        """The cell of a field of the record's head, or of its line of that index where that stands on the same sheet."""
        if line is None:
            return self.of_head(record, name)
        index = self._column(record.place, "line", name)
        if index is None or line >= len(record.rows):
            return record.place._replace(cell=None)
        row = record.rows[line]
        return Place(record.place.sheet, row, f"{column_letters(index)}{row}")

    def as_letters(self) -> dict[str, dict[str, str]]:
        """By sheet, the letters of each field's column: `head.orderNo`, `line.qty`."""
        return {
            sheet: {f"{part}.{name}": column_letters(index) for (part, name), index in columns.items()}
            for sheet, columns in self.columns.items()
        }

    def _column(self, place: Place, part: Part, name: str) -> int | None:
        columns = self.columns.get(place.sheet or "")
        return None if columns is None else columns.get((part, name))


NO_PLACES = Places()
