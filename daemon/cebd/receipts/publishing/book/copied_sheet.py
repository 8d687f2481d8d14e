"""The operator's sheet once more in the receipt workbook: every row coloured by its state, a bad cell with its problem as a comment.

The headings, and what may stand above them, are written first; then the other rows, some hundred at a time (`copied_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from cebd.documents.workbooks.chunks import Chunk, Columns, Rows, as_columns
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.documents.workbooks.sheet import Sheet as OriginalSheet
from cebd.documents.workbooks.totals_rows import holds_a_total_alone
from cebd.documents.workbooks.writing.sheet import Sheet
from cebd.receipts.publishing.book.copied_rows import CopiedRows, FilledFurtherRight
from cebd.receipts.publishing.book.form import (
    CHOICES,
    PROMPT,
    Form,
    ShownColumns,
    Wanted,
    plan,
    shown_columns,
)
from cebd.receipts.publishing.book.numbers import number_headings
from cebd.receipts.publishing.book.own_columns import OWN, Language, Own
from cebd.receipts.publishing.book.remarks import (
    SheetRemarks,
    Wording,
)
from cebd.receipts.publishing.book.styles import (
    Styles,
)
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.record import WITHHELD

_IN_SIGHT = 2  # columns while she scrolls: state and number
_PAGE_CHARACTERS = 200.0  # so many fit on the width of a page of A4 and can still be read
_MAX_TITLE_ROWS = 20  # title rows may stand above the headings
_ROWS_AT_ONCE = 500


class Copying:
    """A sheet about to be copied: its first rows are read, and it is known which columns come before the operator's own."""

    def __init__(self, original: OriginalSheet, remarks: SheetRemarks, language: Language) -> None:
        self.original = original
        self.name = remarks.name or original.name
        self._remarks = remarks
        self._language = language
        self._top = list(islice(original.rows(), _MAX_TITLE_ROWS + 1))
        self._heading = _heading_row(self._top, remarks)
        front = OWN if remarks.records else (Own.TO_DO,) if remarks.rows else ()
        numbers = number_headings(remarks.type, language) if remarks.records else {}
        self._wanted = Wanted(front, numbers)
        headings = self._top[self._heading - 1] if self._heading <= len(self._top) else []
        self.shown = shown_columns(headings, self._wanted)

    def copy_into(self, book: Any, styles: Styles, wording: Wording, said: Mapping[Own, str]) -> None:
        """Add the sheet with its remarks to openpyxl's workbook; `said`: what stands below the headings of cebd's columns."""
        try:
            # The first rows mostly suffice: to look at every row first would mean to read the whole sheet twice, at each receipt.
            self._copy(book, styles, wording, said, max(map(_filled_columns, self._top), default=0))
        except FilledFurtherRight:
            self._copy(book, styles, wording, said, max(map(_filled_columns, self.original.rows())))

    def _copy(self, book: Any, styles: Styles, wording: Wording, said: Mapping[Own, str], columns: int) -> None:
        """Copy the sheet, so many columns wide. Raises FilledFurtherRight, having left nothing behind."""
        remarks, original = self._remarks, self.original
        asking = remarks.asking.values()
        form = plan(self._top, self._heading, columns, self._wanted, remarks.type, asking, self._language)
        sheet = Sheet(book, self.name)
        for index, width in enumerate(form.column_widths):
            sheet.set_column(index, width, "@" if form.kinds[index] == "text" else "General")
        in_sight = _IN_SIGHT if Own.STATE in self._wanted.front else 0
        sheet.freeze_under(form.heading, in_sight)
        sheet.print_across(form.heading, in_sight, is_narrow=sum(form.column_widths) <= _PAGE_CHARACTERS)
        _merge_across(sheet, original, form)
        _merge_down(sheet, original, remarks, form.shown)
        withheld = {number for number, record in remarks.records.items() if _is_withheld(record)}
        hidden, struck = frozenset(original.facts.hidden_rows), frozenset(original.facts.struck_rows)
        copy = CopiedRows(sheet, styles, form, remarks, wording, said, columns, hidden - withheld, struck & withheld)
        last = form.heading
        for columns_of_rows in _parts(original.chunks(), form.heading):
            copy.write(columns_of_rows)
            last = max(last, columns_of_rows.last)
        if form.width:
            sheet.filter(form.heading, form.width, last)
        if form.change is not None:
            sheet.choose(form.change, form.heading + 1, last, CHOICES, PROMPT)


def _filled_columns(row: Sequence[Any]) -> int:
    """How many columns the row has up to its last filled cell."""
    width = len(row)
    while width and row[width - 1] in ("", None):
        width -= 1
    return width


def _is_withheld(record: ReceiptRecord) -> bool:
    """Whether it is kept back for rows that were not to be seen: here they are."""
    return bool(record.problems) and record.problems[0].id == WITHHELD


def _parts(chunks: Iterable[Chunk], heading: int) -> Iterator[Columns]:
    """All rows from row 1 on, a few hundred at a time, with blank ones where chunks leave rows out; the headings by themselves."""
    done = 0
    for chunk in chunks:
        left_out = Rows(done + 1, [[] for _ in range(chunk.first - 1 - done)])
        for rows in (left_out, chunk):
            yield from _cut(rows.part(rows.first, heading - 1))
            yield from _cut(rows.part(heading, heading))
            yield from _cut(rows.part(heading + 1, rows.last))
        done = chunk.last


def _cut(rows: Chunk) -> Iterator[Columns]:
    for first in range(rows.first, rows.last + 1, _ROWS_AT_ONCE):
        part = rows.part(first, first + _ROWS_AT_ONCE - 1)
        columns = as_columns(part)
        yield columns if columns.cells else Columns(first, [[""] * (part.last + 1 - first)])


def _merge_across(sheet: Sheet, original: OriginalSheet, form: Form) -> None:
    """Groups above the headings stay merged: they say to whom a name or telephone below belongs."""
    for row, first, last in original.merged_across():
        mine = [index for index in range(first, last + 1) if index not in form.shown.stale]
        if row < form.heading and len(mine) > 1:
            begins = form.shown.column(mine[0])
            sheet.merge_across(row, form.shown.column(mine[-1]) - begins + 1, begins)


def _merge_down(sheet: Sheet, original: OriginalSheet, remarks: SheetRemarks, shown: ShownColumns) -> None:
    """Cells merged downwards stay merged, because they hold for all their rows, unless a cell is bad: it must be there to be corrected."""
    for index, first, last in original.merged_down():
        letter = sheet.letter(index)
        if index in shown.stale:
            continue
        if not any(f"{letter}{row}" in remarks.cells for row in range(first + 1, last + 1)):
            sheet.merge_down(shown.column(index), first, last)


def _heading_row(top: list[list[Any]], remarks: SheetRemarks) -> int:
    """The 1-based row of the headings: right above the first record; without records, the fullest of the first rows."""
    filled = [sum(1 for cell in row if cell not in ("", None)) for row in top]
    if remarks.records:
        first = min(remarks.records)
        # Rows that are not records may stand above the first record: the example row of a template, totals.
        above = [
            number
            for number, row in enumerate(top[: first - 1], 1)
            if filled[number - 1] and EXAMPLE not in row and not holds_a_total_alone(row)
        ]
        return above[-1] if above else max(first - 1, 1)
    return filled.index(max(filled)) + 1 if filled else 1
