"""A sheet that is laid out in memory as it is read: rows by number, within the limits of every workbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cebd.documents.workbooks.chunks import Chunk, Row, in_chunks
from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.documents.workbooks.xlsx.pieces import MAX_COLUMNS, MAX_ROWS, too_wide

Range = tuple[tuple[int, int], tuple[int, int]]

# Of all sheets together: a cell takes some 100 bytes with its text, a text as many bytes as it has.
_MAX_CELLS = 4_000_000
_MAX_CHARACTERS = 200_000_000


class Room:
    """What may still be laid out of a workbook."""

    def __init__(self) -> None:
        self._cells, self._characters = _MAX_CELLS, _MAX_CHARACTERS

    def take(self, cells: int, characters: int) -> None:
        """Raises Unreadable (CEBD-1022) when it is more than any workbook needs."""
        self._cells -= cells
        self._characters -= characters
        if self._cells < 0 or self._characters < 0:
            raise refused(
                "CEBD-1022", "单元格过多；请在 Excel 中另存为 .xlsx", "too many cells; save it as .xlsx in Excel"
            )


@dataclass
class LaidOut:
    """A sheet. `hidden` and `struck` are numbers of rows, from 1; `visible`: whether the sheet itself is shown."""

    name: str
    room: Room
    merged: list[Range] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    struck: list[int] = field(default_factory=list)
    visible: bool = True
    _rows: list[Row] = field(default_factory=list)
    _number: int = 0  # of the last row, filled or not

    @property
    def next_number(self) -> int:
        return self._number + 1

    def add(self, row: Row, times: int = 1, *, is_hidden: bool = False, struck_cells: int = 0) -> None:
        """The next row, so many times over. Blank cells at its end, and blank rows, take no room. Raises Unreadable."""
        while row and row[-1] in ("", None):
            row.pop()
        first, self._number = self._number + 1, self._number + times
        if not row:
            return
        if self._number > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise too_wide(self.name)
        filled = [cell for cell in row if cell not in ("", None)]
        self.room.take(times * len(row), times * sum(len(cell) for cell in filled if isinstance(cell, str)))
        self.room.take(first - 1 - len(self._rows), 0)
        self._rows += ([] for _ in range(first - 1 - len(self._rows)))
        self._rows += (list(row) for _ in range(times))
        numbers = range(first, self._number + 1)
        if is_hidden:
            self.hidden += numbers
        if 2 * struck_cells > len(filled):
            self.struck += numbers

    def skip_to(self, number: int) -> None:
        """The next row has this number. Raises Unreadable for one that has passed."""
        if not self._number < number <= MAX_ROWS:
            raise too_wide(self.name)
        self._number = number - 1

    def merge(self, row: int, column: int, rows: int, columns: int) -> None:
        """Cells of so many rows and columns are one, its upper left one (row from 1, column from 0)."""
        if rows > 1 or columns > 1:
            self.merged.append(((row - 1, column), (row + rows - 2, column + columns - 1)))

    def rows(self) -> Iterator[Row]:
        """Every row up to the last that is filled."""
        return (list(row) for row in self._rows)

    def chunks(self) -> Iterator[Chunk]:
        """Every row, many at a time."""
        return in_chunks(self.rows())

    @property
    def facts(self) -> SheetFacts:
        return SheetFacts(hidden_rows=tuple(self.hidden), struck_rows=tuple(self.struck))
