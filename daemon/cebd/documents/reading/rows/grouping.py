"""Joins the rows of a record by its number. The rows held in memory are limited: a file can make all its rows a single record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.workbooks.chunks import Row
from cebd.documents.workbooks.unreadable import refused

# A record has 50 to 100 lines, and rows as they are made some hundred letters: 100,000 rows are 60 million at most.
_MAX_ROWS_OF_RECORD = 20_000  # of one record
_MAX_CHARACTERS_OF_RECORD = 64_000_000  # of one record
_MAX_CHARACTERS = 100_000_000  # of all that is gathered
UNMEASURED_ROWS = 100  # rows that are always held: as much memory as Excel's longest text in 20 cells of each row

NumberOf = Callable[[Row], str]


class NumberComesBack(Exception):
    """Rows of a record are separated: the file must be read anew, with its rows gathered by number first."""


class Adjacent:
    """The record whose rows are being read: successive rows with the same number; a row without a number stands alone.

    Its methods raise NumberComesBack, and Unreadable (CEBD-1022) if a single record would fill the memory.
    """

    def __init__(self, number_of: NumberOf) -> None:
        self._number_of = number_of
        self._rows: list[Numbered] = []
        self._letters = 0
        self._seen: set[str] = set()
        self._number = ""

    def goes_on_with(self, number: str) -> bool:
        """Whether a row of that number is a further row of the record."""
        return bool(self._rows and number == self._number and number)

    def add(self, numbered: Numbered) -> list[Numbered]:
        """Take a row; gives the rows of the record that it ends.

        Raises NumberComesBack, and Unreadable (CEBD-1022) if a single record would fill the memory.
        """
        number = self._number_of(numbered[1])
        ended: list[Numbered] = []
        if not self.goes_on_with(number):
            ended = self.end()
            if number in self._seen:
                raise NumberComesBack
            if number:
                self._seen.add(number)
            self._number = number
        self._rows.append(numbered)
        if len(self._rows) > UNMEASURED_ROWS:
            self._letters += _letters(numbered[1])
            if len(self._rows) > _MAX_ROWS_OF_RECORD or self._letters > _MAX_CHARACTERS_OF_RECORD:
                first = self._rows[0][0]
                raise refused(
                    "CEBD-1022",
                    f"第 {first} 行起，同一编号“{number[:40]}”的行过多",
                    f"from row {first} on, too many rows have the same number {number[:40]}",
                )
        return ended

    def end(self) -> list[Numbered]:
        """The rows, which are all of the record; none when there is no record."""
        ended, self._rows, self._letters = self._rows, [], 0
        return ended

    def pass_over(self, numbers: Sequence[str]) -> None:
        """Records with these numbers follow each other whole. Raises NumberComesBack."""
        given = set(filter(None, numbers))
        if len(given) < len(numbers) - numbers.count("") or not given.isdisjoint(self._seen):
            raise NumberComesBack
        self._seen |= given


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
