"""Joins the rows of a record by its number. The rows held in memory are limited: a file can make all its rows a single record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.workbooks.sheets import Row
from cebd.documents.workbooks.unreadable import refused

# A record has 50 to 100 lines, and rows as they are made some hundred letters: 100,000 rows are 60 million at most.
_MAX_ROWS_OF_RECORD = 20_000  # of one record
_MAX_CHARACTERS_OF_RECORD = 64_000_000  # of one record
_MAX_CHARACTERS = 100_000_000  # of all that is gathered
_UNMEASURED_ROWS = 100  # rows that are always held: as much memory as Excel's longest text in 20 cells of each row

NumberOf = Callable[[Row], str]


class NumberComesBack(Exception):
    """Rows of a record are separated: the file must be read anew, with its rows gathered by number first."""


def adjacent(rows: Iterable[Numbered], number_of: NumberOf) -> Iterator[list[Numbered]]:
    """Successive rows with the same number; a row without a number stands alone.

    Raises NumberComesBack, and Unreadable (CEBD-1022) if a single record would fill the memory.
    """
    current: list[Numbered] = []
    current_number = ""
    letters = 0
    seen: set[str] = set()
    for numbered in rows:
        number = number_of(numbered[1])
        if current and (number != current_number or not number):
            yield current
            current = []
            letters = 0
            if number and number in seen:
                raise NumberComesBack
        seen.add(current_number)
        current.append(numbered)
        current_number = number
        if len(current) > _UNMEASURED_ROWS:
            letters += _letters(numbered[1])
            if len(current) > _MAX_ROWS_OF_RECORD or letters > _MAX_CHARACTERS_OF_RECORD:
                raise refused(
                    "CEBD-1022",
                    f"第 {current[0][0]} 行起，同一编号“{number[:40]}”的行过多",
                    f"from row {current[0][0]} on, too many rows have the same number {number[:40]}",
                )
    if current:
        yield current


def gathered(rows: Iterable[Numbered], number_of: NumberOf, *, alone: bool) -> dict[str, list[Numbered]]:
    """All rows by their number, in the order in which the numbers come. `alone`: a row without a number is a record of its own.

    Raises Unreadable (CEBD-1022) where they would fill the memory.
    """
    by_number: dict[str, list[Numbered]] = {}
    letters = 0
    for numbered in rows:
        number = number_of(numbered[1])
        letters += _letters(numbered[1])
        if letters > _MAX_CHARACTERS:
            raise refused(
                "CEBD-1022",
                "同一编号的行不相邻，须全部读入内存，而内容过多；请先按编号排序",
                "rows of one number stand apart, so all are read into memory, and they are too much for that; sort them by number first",
            )
        key = number if number or not alone else f"\x00{numbered[0]}"
        by_number.setdefault(key, []).append(numbered)
    return by_number


def _letters(row: Row) -> int:
    return sum(len(cell) for cell in row if cell.__class__ is str)
