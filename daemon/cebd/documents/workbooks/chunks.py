"""A sheet in chunks: some rows that follow each other, as they come from its file: row by row, or as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

Row = list[Any]
_ROWS = 1000  # of a chunk that is cut from rows


@dataclass(frozen=True)
class Rows:
    """Rows as lists of cells; `first` is the number of the first row, from 1."""

    first: int
    rows: list[Row]

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    def part(self, first: int, last: int) -> Rows:
        """The rows from one number to another."""
        return Rows(max(first, self.first), self.rows[max(0, first - self.first) : max(0, last + 1 - self.first)])


@dataclass(frozen=True)
class Columns:
    """Rows by columns, from column A to the last that is filled, all of one length; `first` is the number of the first row."""

    first: int
    cells: list[list[Any]]

    @property
    def rows(self) -> list[Row]:
        """The same cells by rows."""
        return list(map(list, zip(*self.cells, strict=True)))

    @property
    def last(self) -> int:
        return self.first + (len(self.cells[0]) if self.cells else 0) - 1

    def part(self, first: int, last: int) -> Columns:
        """The rows from one number to another."""
        if first <= self.first and self.last <= last:
            return self
        places = slice(max(0, first - self.first), max(0, last + 1 - self.first))
        return Columns(max(first, self.first), [column[places] for column in self.cells])


Chunk = Rows | Columns


def as_columns(chunk: Chunk) -> Columns:
    """The same cells by columns; rows that are shorter than others end in blank cells."""
    if isinstance(chunk, Columns):
        return chunk
    return Columns(chunk.first, list(map(list, zip_longest(*chunk.rows, fillvalue=""))))


def in_chunks(rows: Iterable[Row]) -> Iterator[Rows]:
    """All rows of a sheet, from row 1 on, in chunks."""
    coming, first = iter(rows), 1
    while some := list(islice(coming, _ROWS)):
        yield Rows(first, some)
        first += len(some)


def rows_of(chunks: Iterable[Chunk]) -> Iterator[Row]:
    """Every row from row 1 on, with blank rows where chunks leave rows out."""
    done = 0
    for chunk in chunks:
        yield from ([] for _ in range(chunk.first - 1 - done))
        yield from chunk.rows
        done = chunk.last
