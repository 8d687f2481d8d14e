"""The receipt workbook as correction form: the columns of a sheet, and the format of cells that the operator fills in.

cebd's columns stand before the operator's own, the numbers of customs behind them; those of an earlier receipt are left out. An identifier
must stay as it is typed (0012, an 18-digit number): cells of text fields have the format text. Rows that differ from the declared record
get a column `appType` right of all, in which the operator declares the change.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from cebd.cell_names import column_index, column_letters
from cebd.documents.workbooks.cells import Shown
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.messages.description import Field, MessageType, message_types
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.numbers import all_number_headings, number_width
from cebd.receipts.publishing.book.own_columns import Language, Own, is_heading
from cebd.receipts.publishing.book.styles import Kind, kind_of, widths
from cebd.receipts.publishing.receipt import ReceiptRecord

CHOICES = ("1", "2", "3")
PROMPT = (CHANGE_HEADING, "1 新增 new\n2 变更 change\n3 删除 delete")
_CHANGE_WIDTH = 13.0
_ASKED_BY = "CEBD-1402"  # declared before with other content


@dataclass(frozen=True)
class ShownColumns:
    """Where the operator's columns (from 0) stand in the receipt: behind `front` columns of cebd's, and without those that an earlier
    receipt filled (`stale`, in order).
    """

    front: int
    stale: tuple[int, ...]

    def column(self, index: int) -> int:
        return self.front + index - bisect_left(self.stale, index)

    def cell(self, cell: str) -> str:
        """`H5` of `C5`."""
        letters = cell.rstrip("0123456789")
        return f"{column_letters(self.column(column_index(letters)))}{cell[len(letters) :]}"


@dataclass(frozen=True)
class Form:
    """A sheet's plan. `heading` is a 1-based row, all else counts columns from 0.

    `sources`: for each column of the receipt that of the operator's, None for cebd's own. `own`: the columns that cebd fills, by heading;
    `change`: the column of appType if a row or an earlier receipt asks for it, `change_is_new` when cebd adds it. `column_widths` and
    `kinds`: the width of each column in characters, and the format of cells without a format of their own.
    """

    heading: int
    shown: ShownColumns
    sources: list[int | None]
    own: dict[str, int]
    change: int | None
    change_is_new: bool
    column_widths: list[float]
    kinds: list[Kind]

    @property
    def width(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Wanted:
    """The columns of cebd's that have content on a sheet: those in front, and those of customs' numbers by heading (`number_headings`)."""

    front: tuple[Own, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)


def shown_columns(headings: Sequence[Any], wanted: Wanted) -> ShownColumns:
    """Where the columns under these headings stand in a receipt with those columns of cebd's."""
    numbers = all_number_headings()
    return ShownColumns(
        len(wanted.front), tuple(index for index, cell in enumerate(headings) if is_heading(cell, numbers))
    )


def plan(
    top: Sequence[Sequence[Any]],
    heading: int,
    columns: int,
    wanted: Wanted,
    code: str | None,
    asking: Collection[Problem],
    language: Language,
) -> Form:
    """The plan of a sheet with that number of columns and the first rows `top`.

    `code`: the message type; `asking`: the problems by which rows ask whether a change is meant.
    """
    headings = top[heading - 1] if heading <= len(top) else []
    shown = shown_columns(headings, wanted)
    hers = [index for index in range(columns) if index not in shown.stale]
    widths_of_hers, kinds_of_hers = widths(top[heading - 1 :], columns), column_kinds(top[heading:], columns)
    sources: list[int | None] = [*(None for _ in wanted.front), *hers]
    own = {column.heading(language): index for index, column in enumerate(wanted.front)}
    column_widths = [*(column.width for column in wanted.front), *(widths_of_hers[index] for index in hers)]
    kinds: list[Kind] = [*(own_kind(column) for column in wanted.front), *(kinds_of_hers[index] for index in hers)]
    for text, name in wanted.numbers.items():
        own[text] = len(sources)
        sources.append(None)
        column_widths.append(number_width(name))
        kinds.append("text")
    asked_in = change_column(headings, code, asking)
    change = None if asked_in is None else shown.column(asked_in)
    is_new = bool(asking) and change is None
    if is_new:
        change = len(sources)
        sources.append(None)
        column_widths.append(_CHANGE_WIDTH)
        kinds.append("text")
    return Form(heading, shown, sources, own, change, is_new, column_widths, kinds)


def own_kind(column: Own) -> Kind:
    """The format of cells under a heading of cebd's: a number stays as it is."""
    return "text" if column is Own.NUMBER else "own"


def may_be_changed(record: ReceiptRecord) -> Problem | None:
    """The problem by which the record's rows ask for appType: declared before with other content. None without it, and for message types
    without changes.
    """
    question = next((problem for problem in record.problems if problem.id == _ASKED_BY), None)
    app_type = _app_type(message_types()[record.type]) if question is not None else None
    return question if app_type is not None and set(CHOICES) <= set(app_type.closed) else None


def change_column(headings: Sequence[Any], code: str | None, asking: Collection[Problem]) -> int | None:
    """The sheet's column for appType: added by an earlier receipt, named by a problem, or recognised by its heading."""
    if CHANGE_HEADING in headings:
        return headings.index(CHANGE_HEADING)
    cell = next((problem.place.cell for problem in asking if problem.place.cell), None)
    if cell is not None:
        return column_index(cell)
    app_type = _app_type(message_types()[code]) if code is not None and asking else None
    spellings = {_plain(text) for text in (app_type.name, app_type.zh, app_type.en)} if app_type is not None else set()
    for index, heading in enumerate(headings):
        if any(spelling in _plain(str(heading)) for spelling in spellings):
            return index
    return None


def typed_over(value: object, code: str | None, name: str | None) -> tuple[object, Kind]:
    """The value that a bad cell of that field shows, and the format for the correction that is typed over it.

    The value is not changed, so it stays bad until it is corrected. A date in an amount's field is shown as text: under a date's format
    the amount would become a date, too. In a text field a date keeps its format, for as text it could be declared.
    """
    message = message_types().get(code or "")
    fields = (*message.head_fields, *message.line_fields) if message is not None else ()
    described = next((one for one in fields if one.name == name), None)
    if described is None or isinstance(value, Shown):
        return value, kind_of(value)
    if isinstance(value, (date, time, timedelta)):
        return (value, kind_of(value)) if described.kind == "text" else (str(value), "number")
    if described.kind == "text":
        return value, "text"
    return value, kind_of(value) if isinstance(value, (int, float)) else "number"


def column_kinds(rows: Iterable[Sequence[Any]], columns: int) -> list[Kind]:
    """The format of each column's empty cells: number where these rows have only numbers, else text."""
    numbers: set[int] = set()
    others: set[int] = set()
    for row in rows:
        for index, cell in enumerate(row[:columns]):
            if cell not in ("", None):
                (numbers if type(cell) in (int, float) else others).add(index)
    return ["number" if index in numbers - others else "text" for index in range(columns)]


def _app_type(message: MessageType) -> Field | None:
    return next((field for field in message.head_fields if field.name == "appType"), None)


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
