"""Rows of data as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

from cebd.documents.workbooks.chunks import Row


@dataclass(frozen=True)
class DataColumns:
    """`numbers` are those of the rows on their sheet, from 1; `cells` are the columns from A on. A place is a row's index among these."""

    numbers: Sequence[int]
    cells: Sequence[list[Any]]

    def __len__(self) -> int:
        return len(self.numbers)

    def column(self, index: int) -> list[Any]:
        """That column; blank beyond the last that is filled."""
        return self.cells[index] if index < len(self.cells) else self._blank

    def row(self, place: int) -> Row:
        """The row at that place."""
        return [column[place] for column in self.cells]

    def numbered(self) -> Iterator[tuple[int, Row]]:
        """The rows with their numbers."""
        return zip(self.numbers, map(list, zip(*self.cells, strict=True)), strict=True)

    def where(self, chosen: Sequence[object]) -> DataColumns:
        """The rows alone for which there is something true at their place."""
        return DataColumns(
            list(compress(self.numbers, chosen)), [list(compress(column, chosen)) for column in self.cells]
        )

    def between(self, start: int, end: int) -> DataColumns:
        """The rows from one place up to another."""
        if (start, end) == (0, len(self)):
            return self
        return DataColumns(self.numbers[start:end], [column[start:end] for column in self.cells])

    @cached_property
    def _blank(self) -> list[Any]:
        return [""] * len(self)
