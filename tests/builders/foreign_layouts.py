"""Fifty layouts of platforms and ERPs that do not exist, with what each column is: headings in simplified and traditional Chinese and in
English, cells as such programs write them. `-`: no field of the document."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cebd.decisions.layout import Proposal
from cebd.documents.proposing.proposal import proposal_of
from cebd.documents.workbooks.chunks import Chunk, in_chunks
from cebd.documents.workbooks.sheet import Sheet
from cebd.trial.rows import inventory_rows, order_rows


@dataclass(frozen=True)
class ForeignLayout:
    name: str
    code: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]


_CASES = Path(__file__).parents[1] / "cases" / "foreign-headings.csv"


def _habits() -> tuple[dict[str, dict[str, Sequence[str]]], dict[str, str]]:
    """By document and field, its heading in nine habits; and columns that no document has, each with a cell."""
    habits: dict[str, dict[str, Sequence[str]]] = {}
    strange: dict[str, str] = {}
    with _CASES.open(encoding="utf-8", newline="") as file:
        for document, field, *headings in list(csv.reader(file))[1:]:
            if document:
                habits.setdefault(document, {})[field] = headings
            else:
                strange[headings[0]] = headings[1]
    return habits, strange


def _identity(text: str) -> str:
    return text


_CELLS: dict[str, Callable[[str], str]] = {"line.unit": lambda text: {"122": "罐", "142": "瓶"}.get(text, text)}


def foreign_layouts(count: int = 50) -> Iterator[ForeignLayout]:
    """The layouts, the same at each call."""
    habits, strange_ones = _habits()
    for number in range(count):
        chance = Random(number)
        is_order = number % 5 < 3
        code = "CEB311" if is_order else "CEB621"
        names = habits[code]  # a layout takes one habit, with a word of another here and there
        rows = list(order_rows(12, first=number * 100) if is_order else inventory_rows(12, first=number * 100))
        habit = number % 9
        fields = list(names)
        chance.shuffle(fields)
        kept = fields[: len(fields) - number % 4] if is_order else fields
        columns: list[tuple[str, str]] = []
        for field in kept:
            spellings = names[field]
            spelling = spellings[habit if chance.random() < 0.8 else chance.randrange(len(spellings))]
            columns.append((spelling, field))
        for strange in chance.sample(sorted(strange_ones), number % 5):
            columns.insert(chance.randrange(len(columns)), (strange, "-"))
        cells = tuple(
            tuple(
                strange_ones[heading] if field == "-" else _CELLS.get(field, _identity)(row.get(field, ""))
                for heading, field in columns
            )
            for row in rows
        )
        yield ForeignLayout(f"layout {number}", code, tuple(columns), cells)


@dataclass(frozen=True)
class _Rows:
    grid: Sequence[Sequence[object]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]

    def rows(self) -> Iterator[list[object]]:
        return iter([list(row) for row in self.grid])

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())


def a_sheet(grid: Sequence[Sequence[object]]) -> Sheet:
    return Sheet("Sheet1", _Rows(grid, []))


def proposed(layout: ForeignLayout) -> Proposal:
    grid = [[heading for heading, _ in layout.columns], *layout.rows]
    proposal = proposal_of(layout.name, [a_sheet(grid)], ())
    assert proposal is not None
    return proposal


def name_of(path: str | None) -> str:
    """`qty` of `OrderList/qty` and of `line.qty`; currency is of head or line."""
    return (path or "-").rpartition("/")[2].rpartition(".")[2]
