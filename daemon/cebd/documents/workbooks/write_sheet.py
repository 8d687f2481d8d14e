"""A sheet of the receipt workbook, written row by row as text: ten thousand wide rows must not keep anybody waiting.

openpyxl makes the workbook, its styles and comments; cell by cell it would need five times as long for the rows themselves
(docs/decisions/rows-past-openpyxl.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.comments.comment_sheet import CommentRecord
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter, create_temporary_file
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.xml.functions import fromstring

from cebd.documents.workbooks.cells import Shown, column_letters

serial: Any = to_excel  # a date as Excel counts it

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
_TO_ESCAPE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
# Excel's limits
_MAX_CELL_CHARACTERS = 32_767
_MAX_TITLE_CHARACTERS = 31

_TEXTS_KEPT, _SHORT_TEXT_CHARACTERS = 20_000, 100  # most short texts of a sheet stand on many rows
HIDDEN = ' hidden="1"'
_KEPT_AS_IT_IS = ' t="inlineStr"><is><t xml:space="preserve">'
_TEXT_ON_PURPOSE = '<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors>'


class Sheet:
    """A sheet being written. Rows come in order; widths, frozen rows and what is printed are set before the first one."""

    def __init__(self, book: Any, title: str) -> None:
        self.out = book.create_sheet(_title(title))
        self._rows: Any = None
        self._letters: list[str] = []

    def set_column(self, index: int, width: float, number_format: str = "General") -> None:
        """The width of a 0-based column, in characters; and the format of its cells below those that are written."""
        column = self.out.column_dimensions[column_letters(index)]
        column.width = width
        column.number_format = number_format

    def freeze_under(self, row: int) -> None:
        """Rows down to this one stay in sight."""
        self.out.freeze_panes = f"A{row + 1}"

    def filter(self, row: int, columns: int, last_row: int) -> None:
        """Filter buttons on the headings in `row`."""
        self.out.auto_filter.ref = f"A{row}:{self.letter(columns - 1)}{max(row, last_row)}"

    def print_across(self, heading: int) -> None:
        """On paper: landscape, with the headings on each page."""
        self.out.page_setup.orientation = "landscape"
        self.out.print_title_rows = f"{heading}:{heading}"

    def merge_down(self, index: int, first: int, last: int) -> None:
        """One cell over several rows of a 0-based column."""
        if not isinstance(self.out.merged_cells, list):
            self.out.merged_cells = []  # openpyxl's own collection looks through all of them for each one added
        self.out.merged_cells.append(f"{self.letter(index)}{first}:{self.letter(index)}{last}")

    def choose(self, index: int, first: int, last: int, choices: Sequence[str], prompt: tuple[str, str]) -> None:
        """A drop-down on these rows of a 0-based column; nothing else may be typed there."""
        validation = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
        validation.showInputMessage, (validation.promptTitle, validation.prompt) = True, prompt
        validation.sqref.add(f"{self.letter(index)}{first}:{self.letter(index)}{max(first, last)}")
        self.out.data_validations.append(validation)

    def letter(self, index: int) -> str:
        """0 -> A."""
        while index >= len(self._letters):
            self._letters.append(column_letters(len(self._letters)))
        return self._letters[index]

    def write(self, number: int, cells: list[tuple[Any, int]], height: float, *, hidden: bool = False) -> None:
        """Write a row of (value, style); values are as a reader gives them: text, number, truth, date or nothing. `height` in points."""
        if self._rows is None:
            self._rows = self._writing()
            next(self._rows)
        self.letter(len(cells))
        parts = [
            f'<c r="{letter}{number}" s="{style}"{_short_text(value)}'
            if value.__class__ is str and 0 < len(value) <= _SHORT_TEXT_CHARACTERS
            else _cell(f"{letter}{number}", value, style)
            for letter, (value, style) in zip(self._letters, cells, strict=False)
        ]
        how = f'ht="{height:g}" customHeight="1"{HIDDEN if hidden else ""}'
        self._rows.send(f'<row r="{number}" {how}>{"".join(parts)}</row>')

    def comment(self, row: int, index: int, text: str, width: int, height: int) -> None:
        """A comment on a cell, its box so many pixels wide and high."""
        cell: Any = WriteOnlyCell(self.out)
        cell.row, cell.column = row, index + 1
        cell.comment = Comment(without_control(text), "cebd", width=width, height=height)
        self.out._comments.append(CommentRecord.from_cell(cell))

    def abandon(self) -> None:
        """Leave the sheet unfinished, as if it had never been begun."""
        _leave(self.out)
        self.out.parent.remove(self.out)

    def _writing(self) -> Generator[None, str, None]:
        """Stands in for openpyxl's own writer of rows (`WriteOnlyWorksheet._write_rows`), which takes cells where this takes text."""
        writer = self.out._writer = _Writer(self.out)
        writer.write_top()
        self.out._rows = self._rows
        stream: Any = writer.xf.send(True)
        with stream.element("sheetData"):
            stream.flush()
            try:
                while True:
                    writer.part.write((yield).encode())
            except GeneratorExit:
                pass
        writer.xf.send(None)


class _Writer(WorksheetWriter):
    """openpyxl's writer of a sheet, which lets us write the rows into its file as they are: to parse them first takes twice the time."""

    def __init__(self, sheet: Any) -> None:
        name = create_temporary_file()
        self.part = Path(name).open("wb")  # noqa: SIM115  closed below
        super().__init__(sheet, self.part)
        self.out = name

    def write_breaks(self) -> None:
        """In the place of page breaks, where `ignoredErrors` comes next: identifiers are text on purpose and need no mark of Excel's."""
        self.xf.send(fromstring(_TEXT_ON_PURPOSE))

    def close(self) -> None:
        super().close()
        self.part.close()


@contextmanager
def left_clean(book: Any) -> Iterator[None]:
    """When the workbook cannot be finished nothing of it stays on the disk: a large sheet is hundreds of megabytes."""
    try:
        yield
    except BaseException:
        for out in book.worksheets:
            _leave(out)
        raise


def _leave(out: Any) -> None:
    writer = out._writer
    if writer is not None and writer.out in ALL_TEMP_FILES:
        with suppress(Exception):  # of a disk that is full, say: what matters is that the file goes
            out._rows.close()
        with suppress(Exception):
            writer.close()
        writer.cleanup()


def _cell(place: str, value: Any, style: int) -> str:
    """Text stays text, whatever it looks like: no formula and no number is made of it."""
    if value is None or value == "":
        return f'<c r="{place}" s="{style}"/>'
    if isinstance(value, Shown) and value.isdecimal():
        value = value.number  # with a style that shows its zeros
    if isinstance(value, bool):
        return f'<c r="{place}" s="{style}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)) and math.isfinite(value):
        short = (
            int(value) if abs(value) < 1e15 and float(value).is_integer() else value
        )  # 7, as Excel writes it; not 7.0
        return f'<c r="{place}" s="{style}"><v>{short!r}</v></c>'
    if isinstance(value, (datetime, date, time, timedelta)):
        return f'<c r="{place}" s="{style}"><v>{serial(value)!r}</v></c>'
    return f'<c r="{place}" s="{style}"{_text(str(value))}'


def _text(text: str) -> str:
    """What follows the style of a cell that holds this text."""
    content = escape(_escaped(text[:_MAX_CELL_CHARACTERS]), {"\r": "&#13;"})
    plain = text.isprintable() and " " not in (text[0], text[-1])
    return f' t="inlineStr"><is><t>{content}</t></is></c>' if plain else f"{_KEPT_AS_IT_IS}{content}</t></is></c>"


_short_text = lru_cache(maxsize=_TEXTS_KEPT)(_text)


def _escaped(text: str) -> str:
    """A text as a workbook holds it, so that it is read back as it was: control characters are escaped (ECMA-376, ST_Xstring), and so is a
    text that only looks like such an escape. What no workbook can hold is shown as U+FFFD and never dropped, or an invalid cell would
    look corrected.
    """
    if text.isprintable() and "_x" not in text:
        return text
    possible = _IMPOSSIBLE.sub("\ufffd", text)
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", possible)


def without_control(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("", text)


def _title(name: str) -> str:
    """A name that a sheet may have."""
    plain = "".join("_" if letter in "[]:*?/\\" else letter for letter in without_control(name))
    return plain[:_MAX_TITLE_CHARACTERS].strip("'") or "Sheet"
