"""A sheet of rows, whatever file it is of. A row is a list of cells; rows and columns keep their places."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Protocol

from cebd.documents.workbooks.chunks import Chunk, Row, in_chunks
from cebd.documents.workbooks.entered import EnteredSheet
from cebd.documents.workbooks.text.csv import Delimited
from cebd.documents.workbooks.text.heading_groups import merged_headings
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.problems.problem import Problem

TITLE_ROWS = 20
NO_FACTS = SheetFacts()


class Source(Protocol):
    """Where rows come from."""

    def rows(self) -> Iterator[Row]: ...

    def chunks(self) -> Iterator[Chunk]: ...

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]: ...


@dataclass(frozen=True)
class Sheet:
    """A sheet. `rows()` starts anew at row 1 each time; `notes` are the problems of the sheet as a whole."""

    name: str
    source: Source
    facts: SheetFacts = NO_FACTS
    notes: tuple[Problem, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row from row 1 on, with blank rows. Raises Unreadable when a large file is damaged further down."""
        return self.source.rows()

    def chunks(self) -> Iterator[Chunk]:
        """Every row, many at a time; blank rows may be left out. Raises Unreadable as `rows` does."""
        return self.source.chunks()

    @cached_property
    def top(self) -> list[Row]:
        """The first rows, where headings may stand: they are looked at for each kind of declaration."""
        return list(islice(self.rows(), TITLE_ROWS))

    @cached_property
    def merged_at_top(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The cells merged among those rows: ((top, left), (bottom, right)), counted from 0."""
        return [one for one in self.source.merged if one[0][0] < TITLE_ROWS]

    def refuse_swallowed(self, heading_row: int, numbers: Collection[int]) -> None:
        """Raise Unreadable if unpaired quotes have made several rows a single cell; `numbers`: the columns of their numbers.
        Without a heading row (0) the widest of the first rows gives the width of a row."""
        if isinstance(self.source, Text):
            rows = self.top[heading_row - 1 : heading_row] or self.top
            self.source.refuse_swallowed(max(map(len, rows), default=0), numbers)

    @property
    def entered(self) -> EnteredSheet | None:
        """The documents, where they came as JSON."""
        return self.source if isinstance(self.source, EnteredSheet) else None

    def merged_down(self) -> list[tuple[int, int, int]]:
        """Cells merged downwards, a single column wide: (column from 0, first row, last row)."""
        return [
            (left, top + 1, bottom + 1)
            for (top, left), (bottom, right) in self.source.merged
            if left == right and top != bottom
        ]

    def merged_across(self) -> list[tuple[int, int, int]]:
        """Cells of one row merged: (row, first column from 0, last column)."""
        return [
            (top + 1, left, right)
            for (top, left), (bottom, right) in self.source.merged
            if top == bottom and left != right
        ]


@dataclass(frozen=True)
class Text:
    """The sheet of a CSV file. `merged`: what its headings show (`text_groups`)."""

    file: Delimited

    @cached_property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return merged_headings(list(islice(self.rows(), TITLE_ROWS)))

    def rows(self) -> Iterator[Row]:
        return self.file.rows()

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    def refuse_swallowed(self, width: int, numbers: Collection[int]) -> None:
        self.file.refuse_swallowed(width, numbers)
