"""Heads on a sheet of their own: each number stands there once. Where one comes again, nobody knows which of its rows is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cebd.documents.reading.cells.section import Column, SectionReader
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.rows.grouping import NumberComesBack, NumberOf, gathered
from cebd.problems.problem import Problem, problem


def heads_by_number(rows: Iterable[Numbered], number_of: NumberOf, *, gather: bool) -> Iterator[list[Numbered]]:
    """The heads, those of one number together. Raises NumberComesBack unless they are gathered."""
    if gather:
        yield from gathered(rows, number_of, alone=True).values()
        return
    seen: set[str] = set()
    for numbered in rows:
        number = number_of(numbered[1])
        if number in seen:
            raise NumberComesBack
        if number:
            seen.add(number)
        yield [numbered]


def repeated(heads: Sequence[Numbered], head: SectionReader, numbers: Sequence[Column]) -> dict[int, Problem]:
    """By row, that the number of these heads stands in several rows; nothing for a single head. `numbers`: the columns it may come from."""
    if len(heads) < 2:
        return {}
    rows = [number for number, _ in heads]
    column = next((column for column in numbers if column.number(heads[0][1])), numbers[0])
    value = column.number(heads[0][1])
    zh, en = "、".join(map(str, rows)), ", ".join(map(str, rows))
    return {
        row: problem("CEBD-1063", head.place(row, column), field=column.field, value=value, rows_zh=zh, rows_en=en)
        for row in rows
    }
