"""The rows of a record, to be read again with what was decided of some of their cells (`cebd.decisions.deciding`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cebd.cell_names import column_index
from cebd.decisions.deciding import Changes
from cebd.decisions.decision import Decision
from cebd.documents.reading.columns import Layout
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.problems.problem import Place
from cebd.records.record import Record

Read = Callable[[Sequence[Numbered], Sequence[Numbered]], Record]


@dataclass(frozen=True)
class DecidedRows:
    """The rows of the head and of the lines; `again` reads a record of them."""

    layout: Layout
    heads: Sequence[Numbered]
    lines: Sequence[Numbered]
    again: Read

    def read(self, changes: Changes) -> Record:
        line_layout = self.layout.lines or self.layout.head
        heads = _changed(self.layout.head.sheet.name, self.heads, changes)
        if self.lines is self.heads:
            return self.again(heads, heads)
        return self.again(heads, _changed(line_layout.sheet.name, self.lines, changes))

    def among(self, corrections: Mapping[Place, Decision]) -> dict[Place, Decision]:
        """Those of cells of these rows."""
        if not corrections:
            return {}
        line_sheet = (self.layout.lines or self.layout.head).sheet.name
        rows = {(self.layout.head.sheet.name, number) for number, _ in self.heads}
        rows |= {(line_sheet, number) for number, _ in self.lines}
        return {place: one for place, one in corrections.items() if (place.sheet, place.row) in rows}

    def cells(self, place: Place) -> Sequence[Place]:
        """A cell of the head, and those of its further rows that say the same; of a line, the cell itself."""
        head = self.layout.head
        index = column_index(place.cell or "")
        is_of_head = any(part == "head" and index == own for (part, _), own in head.columns.items())
        if not is_of_head or place.sheet != head.sheet.name or len(self.heads) == 1:
            return [place]
        letters = (place.cell or "").rstrip("0123456789")
        said = next((_cell(row, index) for number, row in self.heads if number == place.row), None)
        return [
            Place(place.sheet, number, f"{letters}{number}") for number, row in self.heads if _cell(row, index) == said
        ]


def _changed(sheet: str, rows: Sequence[Numbered], changes: Changes) -> list[Numbered]:
    """The rows with those of their cells changed; the others are the very same."""
    by_row: dict[int, dict[int, str]] = {}
    for place, text in changes.items():
        if place.sheet == sheet and place.row is not None and place.cell is not None:
            by_row.setdefault(place.row, {})[column_index(place.cell)] = text
    return [(number, _row_with(row, by_row[number]) if number in by_row else row) for number, row in rows]


def _row_with(row: Sequence[object], texts: dict[int, str]) -> list[object]:
    width = max(len(row), max(texts) + 1)
    return [texts.get(index, row[index] if index < len(row) else "") for index in range(width)]


def _cell(row: Sequence[object], index: int) -> object:
    return row[index] if index < len(row) else ""
