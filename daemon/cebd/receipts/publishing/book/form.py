"""The receipt workbook as correction form: the columns of a sheet, and the format of cells that the operator fills in.

cebd's columns stand right of the operator's own, so that every cell keeps its address; in a workbook that is dropped again they stay where
they are. An identifier must stay as it is typed (0012, an 18-digit number): cells of text fields have the format text. Rows that differ
from the declared record get a column `appType`, in which the operator declares the change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from cebd.documents.workbooks.cells import Shown
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, OWN_HEADING
from cebd.messages.description import Field, MessageType, message_types
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.styles import Kind, kind_of, widths
from cebd.receipts.publishing.numbers import all_number_headings, heading_width
from cebd.receipts.publishing.receipt import ReceiptRecord

HEADINGS = tuple(f"{OWN_HEADING} {text}" for text in ("状态 State", "海关 Customs", "时间 Time", "问题与处理 Problems"))
PROBLEMS = HEADINGS[3]
CHOICES = ("1", "2", "3")
PROMPT = (CHANGE_HEADING, "1 新增 new\n2 变更 change\n3 删除 delete")
OWN_WIDTHS = {**dict(zip(HEADINGS, (30.0, 34.0, 20.0, 70.0), strict=True)), CHANGE_HEADING: 13.0}
_ASKED_BY = "CEBD-1402"  # declared before with other content


@dataclass(frozen=True)
class Form:
    """A sheet's plan. `heading` is a 1-based row, all else counts columns from 0.

    `own`: the columns that cebd fills, by heading; `stale`: columns that an earlier receipt filled; `change`: the column of appType if a
    row or an earlier receipt asks for it, `change_is_new` when cebd adds it. `column_widths` and `kinds`: the width of each column in
    characters, and the format of cells without a format of their own.
    """

    heading: int
    width: int
    own: dict[str, int]
    stale: frozenset[int]
    change: int | None
    change_is_new: bool
    column_widths: list[float]
    kinds: list[Kind]


def plan(
    top: Sequence[Sequence[Any]],
    heading: int,
    columns: int,
    wanted: Sequence[str],
    code: str | None,
    asking: Collection[Problem],
) -> Form:
    """The plan of a sheet with that number of columns and the first rows `top`.

    `wanted`: cebd's headings that will have content; `code`: the message type; `asking`: the problems by which rows ask
    whether a change is meant.
    """
    headings = top[heading - 1] if heading <= len(top) else []
    ours = {*HEADINGS, *all_number_headings()}
    there = {str(cell): index for index, cell in enumerate(headings) if str(cell) in ours}
    column_widths, kinds = widths(top[heading - 1 :], columns), column_kinds(top[heading:], columns)
    width, own = columns, {}
    for text in wanted:
        own[text] = there.get(text, width)
        width += text not in there
    change = change_column(headings, code, asking)
    is_new = bool(asking) and change is None
    if is_new:
        change, width = width, width + 1
    column_widths += [0.0] * (width - columns)
    kinds += ["text"] * (width - columns)
    for text, index in (*own.items(), *(((CHANGE_HEADING, change),) if is_new and change is not None else ())):
        column_widths[index] = OWN_WIDTHS[text] if text in OWN_WIDTHS else heading_width(text)
    for text, index in (*there.items(), *own.items()):
        kinds[index] = own_kind(text)
    return Form(heading, width, own, frozenset(there.values()), change, is_new, column_widths, kinds)


def own_kind(heading: str) -> Kind:
    """The format of cells under a heading of cebd: customs' numbers are always text."""
    return "own" if heading in HEADINGS else "text"


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
        from openpyxl.utils import column_index_from_string  # imported when a workbook is written

        return column_index_from_string(cell.rstrip("0123456789")) - 1
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
    field = next((field for field in fields if field.name == name), None)
    if field is None or isinstance(value, Shown):
        return value, kind_of(value)
    if isinstance(value, (date, time, timedelta)):
        return (value, kind_of(value)) if field.kind == "text" else (str(value), "number")
    if field.kind == "text":
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
