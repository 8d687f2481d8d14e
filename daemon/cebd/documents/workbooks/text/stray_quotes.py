"""Quotes in a CSV that pair wrongly: a stray quote opens a cell that swallows everything up to the next quote, rows included.

Nothing of such a file is declared: from the stray quote on, nobody knows which text is quoted. A cell may well
hold line breaks, and commas; it has swallowed rows when a row and it together hold the separators of two, or when one of its lines has
a number where a row has its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from cebd.cell_names import column_letters
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.problems.problem import Place, problem

_BREAK = re.compile(r"\r\n|\r|\n")
_MIN_CELLS = 4  # a table narrower than this tells nothing by its separators
_MIN_NUMBER_CHARACTERS = 4


@dataclass(frozen=True)
class Wrapped:
    """A row with a cell that holds both line breaks and separators; `number` counts rows, `line` the lines of the file, both from 1."""

    number: int
    line: int
    cells: Sequence[str]


OnWrapped = Callable[[Wrapped], None]


def wraps(cells: Iterable[str], separator: str) -> bool:
    """Whether some cell holds both line breaks and separators."""
    return any(separator in cell and ("\n" in cell or "\r" in cell) for cell in cells)


def refuse_swallowed(row: Wrapped, separator: str, width: int, numbers: Collection[int]) -> None:
    """Raise Unreadable (CEBD-1070) where a cell of the row has swallowed others. `width`: the cells of a row; `numbers`: the columns
    by which rows belong to a declaration."""
    before = 0
    for index, cell in enumerate(row.cells):
        lines = _BREAK.split(cell)
        within = cell.count(separator)
        if len(lines) > 1 and within:
            together = len(row.cells) - 1 + within
            enough = width >= _MIN_CELLS and together >= 2 * (width - 1)
            if enough or any(_numbered_alike(row.cells, line.split(separator), numbers) for line in lines[1:]):
                opens = row.line + before
                raise quote_opens(opens, index, row.number, closes=opens + len(lines) - 1)
        before += len(lines) - 1


def _numbered_alike(row: Sequence[str], swallowed: Sequence[str], numbers: Collection[int]) -> bool:
    """Whether a line within a cell has, in a row's column of numbers, a number built like the row's own number."""
    return any(
        index < min(len(row), len(swallowed))
        and len(row[index]) >= _MIN_NUMBER_CHARACTERS
        and _built(swallowed[index]) == _built(row[index])
        for index in numbers
    )


def _built(number: str) -> str:
    return re.sub(r"[0-9]", "9", re.sub(r"[A-Za-z]", "A", number.strip().strip('"')))


def quote_opens(line: int, index: int, number: int, closes: int | None = None) -> Unreadable:
    """The refusal that names where the quote opens: its line, its column (from 0) and the row it is in."""
    column = column_letters(index)
    if closes is None:
        zh, en = "此后没有与之成对的引号", "no quote further down pairs with it"
    else:
        zh, en = (
            f"到第 {closes} 行才结束，其间的内容都成了一个单元格",
            f"it closes in line {closes} only: all between became one cell",
        )
    return Unreadable(
        problem(
            "CEBD-1070",
            Place(row=number, cell=f"{column}{number}"),
            value=line,
            column=column,
            reason_zh=zh,
            reason_en=en,
        )
    )


def last_opened(lines: Iterable[str], first_line: int, separator: str) -> tuple[int, int] | None:
    """Line and column (from 0) of the quote in which these lines of a row end, or go wrong; None if no quote causes it."""
    opened: tuple[int, int] | None = None
    column, quoted, was_quote, at_start = 0, False, False, True
    for number, line in enumerate(lines, first_line):
        for letter in line:
            if quoted and not was_quote:
                was_quote = letter == '"'
            elif was_quote and letter == '"':
                was_quote = False
            elif was_quote and letter not in (separator, "\r", "\n"):
                return opened  # the reader stopped here: a quote that closes is followed by a separator
            elif letter == separator:
                column, quoted, was_quote, at_start = column + 1, False, False, True
            elif letter in "\r\n":
                quoted = was_quote = False
            elif letter == '"' and at_start:
                opened, quoted, at_start = (number, column), True, False
            else:
                at_start = False
        if not quoted:
            column, at_start = 0, True
    return opened if quoted else None
