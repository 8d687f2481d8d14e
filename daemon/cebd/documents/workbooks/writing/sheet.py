"""A sheet of the receipt workbook, its rows written as text, many at a time: a hundred thousand must not keep anybody waiting.

openpyxl makes the workbook, its styles and comments; cell by cell it would need five times as long for the rows themselves
(docs/decisions/rows-past-openpyxl.md).
"""

from __future__ import annotations

from collections.abc import Container, Generator, Sequence
from functools import lru_cache
from typing import Any

import openpyxl  # noqa: F401  first the package: two threads may want it at once
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.comments.comment_sheet import CommentRecord
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.xml.functions import fromstring

from cebd.cell_names import column_letters
from cebd.documents.workbooks.writing.cells import column_as_xml, without_control
from cebd.documents.workbooks.zips import PackedPart

_MAX_TITLE_CHARACTERS = 31  # Excel's limit
_A4 = 9  # ECMA-376, 18.3.1.63
_SCALE = 65  # percent, on paper: state, number, what to do and customs' answer on one page
HIDDEN = ' hidden="1"'
_TEXT_ON_PURPOSE = '<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors>'


# Of a column: the value and the style of each of its cells.
Cells = tuple[Sequence[Any], Sequence[int]]


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

    def freeze_under(self, row: int, columns: int = 0) -> None:
        """Rows down to this one stay in sight, and so many columns."""
        self.out.freeze_panes = f"{self.letter(columns)}{row + 1}"

    def filter(self, row: int, columns: int, last_row: int) -> None:
        """Filter buttons on the headings in `row`."""
        self.out.auto_filter.ref = f"A{row}:{self.letter(columns - 1)}{max(row, last_row)}"

    def print_across(self, heading: int | None, columns: int = 0, *, is_narrow: bool = False) -> None:
        """On paper: A4 landscape, with the headings and the first columns on each page; `is_narrow`: one page wide."""
        self.out.page_setup.orientation = "landscape"
        self.out.page_setup.paperSize = _A4
        if heading is not None:
            self.out.print_title_rows = f"{heading}:{heading}"
        if columns:
            self.out.print_title_cols = f"A:{self.letter(columns - 1)}"
        self.out.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.5)
        if is_narrow:
            self.fit_width()
        else:
            self.out.page_setup.scale = _SCALE

    def fit_width(self) -> None:
        """On paper: as many pages as there must be down, one across."""
        self.out.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        self.out.page_setup.fitToHeight = 0

    def merge_down(self, index: int, first: int, last: int) -> None:
        """One cell over several rows of a 0-based column."""
        if not isinstance(self.out.merged_cells, list):
            self.out.merged_cells = []  # openpyxl's own collection looks through all of them for each one added
        self.out.merged_cells.append(f"{self.letter(index)}{first}:{self.letter(index)}{last}")

    def merge_across(self, row: int, columns: int, first: int = 0) -> None:
        """One cell over so many columns from the `first` (0-based) on."""
        merged = f"{self.letter(first)}{row}:{self.letter(first + columns - 1)}{row}"
        self.out.merged_cells = [*self.out.merged_cells, merged]

    def choose(self, index: int, first: int, last: int, choices: Sequence[str], prompt: tuple[str, str]) -> None:
        """A drop-down on these rows of a 0-based column; nothing else may be typed there."""
        validation = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
        validation.showInputMessage, (validation.promptTitle, validation.prompt) = True, prompt
        validation.sqref.add(f"{self.letter(index)}{first}:{self.letter(index)}{max(first, last)}")
        self.out.data_validations.append(validation)

    def offer(self, index: int, first: int, choices: Sequence[str], last: int | None = None) -> None:
        """A drop-down on these rows of a 0-based column, beside which anything else may be typed."""
        validation = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=False)
        validation.sqref.add(f"{self.letter(index)}{first}:{self.letter(index)}{max(first, last or first)}")
        self.out.data_validations.append(validation)

    def offer_from(self, index: int, first: int, last: int, cells: str) -> None:
        """A drop-down on these rows of a 0-based column, of what stands in those cells of the workbook (`'Sheet'!$A$1:$A$9`)."""
        validation = DataValidation("list", formula1=cells, allow_blank=True, showErrorMessage=False)
        validation.sqref.add(f"{self.letter(index)}{first}:{self.letter(index)}{max(first, last)}")
        self.out.data_validations.append(validation)

    def letter(self, index: int) -> str:
        """0 -> A."""
        while index >= len(self._letters):
            self._letters.append(column_letters(len(self._letters)))
        return self._letters[index]

    def write(
        self, first: int, columns: Sequence[Cells], heights: Sequence[float], hidden: Container[int] = ()
    ) -> None:
        """Write rows from row `first` on, given by columns from A on; `heights`: of each row, in points; `hidden`: rows not to be seen."""
        self._begin()
        rows = range(first, first + len(heights))
        numbers = [b"%d" % row for row in rows]
        of_rows = [_of_row(height, row in hidden) for row, height in zip(rows, heights, strict=True)]
        patterns: list[bytes] = [b'<row r="%b" %b>']
        filled: list[Sequence[bytes]] = [numbers, of_rows]
        for index, (values, styles) in enumerate(columns):
            pattern, contents = column_as_xml(self.letter(index), values, styles)
            patterns.append(pattern)
            filled += numbers, *contents
        patterns.append(b"</row>")
        self._rows.send(b"".join(map(b"".join(patterns).__mod__, zip(*filled, strict=True))))

    def comment(self, row: int, index: int, text: str, width: int, height: int) -> None:
        """A comment on a cell, its box so many pixels wide and high."""
        self._begin()  # openpyxl's writer forgets the comments that were there before it
        cell: Any = WriteOnlyCell(self.out)
        cell.row, cell.column = row, index + 1
        cell.comment = Comment(without_control(text), "cebd", width=width, height=height)
        self.out._comments.append(CommentRecord.from_cell(cell))

    def _begin(self) -> None:
        if self._rows is None:
            self._rows = self._writing()
            next(self._rows)

    def abandon(self) -> None:
        """Leave the sheet unfinished, as if it had never been begun."""
        self.out.parent.remove(self.out)

    def _writing(self) -> Generator[None, bytes, None]:
        """Stands in for openpyxl's own writer of rows (`WriteOnlyWorksheet._write_rows`), which takes cells where this takes text."""
        writer = self.out._writer = _Writer(self.out)
        writer.write_top()
        self.out._rows = self._rows
        stream: Any = writer.xf.send(True)
        with stream.element("sheetData"):
            stream.flush()
            try:
                while True:
                    writer.part.write((yield))
            except GeneratorExit:
                pass
        writer.xf.send(None)


@lru_cache(maxsize=256)
def _of_row(height: float, is_hidden: bool) -> bytes:
    return f'ht="{height:g}" customHeight="1"{HIDDEN if is_hidden else ""}'.encode()


class _Writer(WorksheetWriter):
    """openpyxl's writer of a sheet, packed as it is written: openpyxl would put it into a file, unpacked, and read that again.

    We write the rows into it as they are: to parse them first takes twice the time.
    """

    def __init__(self, sheet: Any) -> None:
        self.part = PackedPart()
        super().__init__(sheet, self.part)  # type: ignore[arg-type]  # it closes what it has opened alone

    def write_breaks(self) -> None:
        """In the place of page breaks, where `ignoredErrors` comes next: identifiers are text on purpose and need no mark of Excel's."""
        self.xf.send(fromstring(_TEXT_ON_PURPOSE))

    def cleanup(self) -> None:
        """There is no file that had to be removed."""


def _title(name: str) -> str:
    """A name that a sheet may have."""
    plain = "".join("_" if letter in "[]:*?/\\" else letter for letter in without_control(name))
    return plain[:_MAX_TITLE_CHARACTERS].strip("'") or "Sheet"
