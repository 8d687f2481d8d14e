"""A book before it is written: cells, rows, sheets, and where a field of a record stands on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Key = tuple[str, str]  # ("head", "orderNo")

# Forms of files by their suffix (`writing`): of a single sheet, which goes by the file's name; in which cells are merged.
TEXTS = (".csv", ".tsv", "page.xls")
MERGED = (".xlsx", ".xls", ".et", "locked.xlsx")


@dataclass(frozen=True)
class Digits:
    """A number cell whose stored text is exactly this, as programs write it: more digits than Excel keeps, or 1.2E+17."""

    text: str


@dataclass(frozen=True)
class DateCell:
    """A number cell shown as a date: days since the beginning of the book's date system."""

    serial: float


@dataclass(frozen=True)
class Truth:
    """A cell that is TRUE or FALSE."""

    value: bool


@dataclass(frozen=True)
class ErrorCell:
    """A formula that failed, such as `#N/A`."""

    shown: str


@dataclass(frozen=True)
class Formula:
    """A formula with the result the file holds for it; None where the program that made the file calculated nothing."""

    text: str
    result: str | None


@dataclass(frozen=True)
class Padded:
    """A number shown with zeros in front, by the number format `000`."""

    number: int
    width: int


Value = Any  # str, int, float, None or one of the above


@dataclass
class Record:
    """A record that is written into a book. `rows` holds what a single row says otherwise, by (line, key)."""

    head: dict[str, Value]
    lines: list[dict[str, Value]]
    rows: dict[tuple[int, str], Value] = field(default_factory=dict)


@dataclass
class Row:
    """A row of a sheet: its cells in order, and whose it is. `line` is None on a sheet of heads."""

    cells: list[Value]
    record: int | None = None
    line: int | None = None
    hidden: bool = False
    struck: bool = False


@dataclass
class Sheet:
    """A sheet: `keys` are its columns, `heading` is the index of the heading row among `rows`."""

    name: str
    keys: list[Key | None]
    rows: list[Row] = field(default_factory=list)
    heading: int = 0
    merged: list[tuple[int, int, int]] = field(default_factory=list)  # column from 0, first and last row from 1
    visible: bool = True
    across: list[tuple[int, int, int]] = field(default_factory=list)  # row from 1, first and last column from 0

    def column(self, key: Key) -> int | None:
        return self.keys.index(key) if key in self.keys else None

    def number(self, record: int, line: int | None) -> int | None:
        """The 1-based number of the first row of that record, or of that line of it."""
        for number, row in enumerate(self.rows, 1):
            if row.record == record and (line is None or row.line == line):
                return number
        return None

    def data(self) -> Iterator[Row]:
        return (row for row in self.rows if row.record is not None)


@dataclass
class Book:
    """A file before it is written. `suffix`: one of those in `writing`; `encoding`: of a text; `calculated`: False where no formula ever
    was; `content`: what the file holds in place of the sheets."""

    form: str
    suffix: str
    sheets: list[Sheet]
    epoch_1904: bool = False
    calculated: bool = True
    encoding: str = "utf-8"
    separator: str = ","
    content: bytes | None = None

    def find(self, part: str, record: int, line: int | None, name: str) -> tuple[Sheet, int, int] | None:
        """The sheet, row (from 1) and column (from 0) where that field of that record is read."""
        for sheet in self.sheets:
            column = sheet.column((part, name))
            number = sheet.number(record, line)
            if column is not None and number is not None:
                return sheet, number, column
        return None


def letters(column: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA; no sheet here is wider than ZZ."""
    return chr(65 + column) if column < 26 else chr(64 + column // 26) + chr(65 + column % 26)


class Exactly(str):
    """A text that is written as text, whatever shape its column has."""


def shown(value: Value, epoch_1904: bool) -> str:
    """What Excel shows of the cell, and writes when it saves as CSV."""
    match value:
        case None:
            return ""
        case Padded(number, width):
            return str(number).zfill(width)
        case ErrorCell(text):
            return text
        case Truth(yes):
            return "TRUE" if yes else "FALSE"
        case Digits(text):
            return text
        case DateCell(serial):
            first = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
            return f"{first + timedelta(days=serial):%Y/%m/%d}"
        case _:
            return str(value)
