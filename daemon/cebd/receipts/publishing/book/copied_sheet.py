"""The operator's sheet once more in the receipt workbook: every row coloured by its state, a bad cell with its problem as a comment.

The headings, and what may stand above them, are written first; then the other rows, some hundred at a time, column by column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, zip_longest
from typing import Any

from cebd.documents.workbooks.own_marks import CHANGE_HEADING, EXAMPLE
from cebd.documents.workbooks.sheets import Row
from cebd.documents.workbooks.sheets import Sheet as OriginalSheet
from cebd.documents.workbooks.totals_rows import holds_a_total_alone
from cebd.documents.workbooks.write_sheet import Cells, Sheet
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.form import CHOICES, HEADINGS, OWN_WIDTHS, PROBLEMS, PROMPT, Form, plan, typed_over
from cebd.receipts.publishing.book.remarks import SheetRemarks, beside_record, in_column, in_comment, shown_state
from cebd.receipts.publishing.book.styles import ERROR, NOTED, ONE_LINE, WORDS, Kind, Styles, height, kind_of
from cebd.receipts.publishing.numbers import number_headings
from cebd.receipts.publishing.receipt import ReceiptRecord

_MAX_TITLE_ROWS = 20  # title rows may stand above the headings
_ROWS_AT_ONCE = 500
_MAX_COMMENTS = 5_000  # more of them make a workbook that nobody can open quickly; the column says the same
_COMMENT_WIDTH, _MAX_COMMENT_HEIGHT, _COMMENT_LINE_HEIGHT, _COMMENT_MARGIN = 340, 320, 17, 24  # pixels
_COMMENT_LINE_LETTERS = 56  # a Chinese character takes the room of two


def copy_sheet(book: Any, styles: Styles, original: OriginalSheet, remarks: SheetRemarks) -> None:
    """Add the sheet with its remarks to openpyxl's workbook."""
    try:
        _copy(book, styles, original, remarks, None)
    except _FilledFurtherRight:
        _copy(book, styles, original, remarks, max(map(_filled_columns, original.rows())))


class _FilledFurtherRight(Exception):
    """A row further down is filled beyond the columns that the first rows have: cebd's columns have to stand further right."""


def _filled_columns(row: Sequence[Any]) -> int:
    """How many columns the row has up to its last filled cell."""
    width = len(row)
    while width and row[width - 1] in ("", None):
        width -= 1
    return width


def _copy(book: Any, styles: Styles, original: OriginalSheet, remarks: SheetRemarks, columns: int | None) -> None:
    """Copy the sheet, so many columns wide; without `columns` as wide as its first rows. Raises
    _FilledFurtherRight, having left nothing behind.

    The first rows mostly suffice: to look at every row first would mean to read the whole sheet twice, at each receipt that comes.
    """
    top = list(islice(original.rows(), _MAX_TITLE_ROWS + 1))
    columns = max(map(_filled_columns, top), default=0) if columns is None else columns
    wanted = (*HEADINGS, *number_headings(remarks.type)) if remarks.records else (PROBLEMS,) if remarks.rows else ()
    form = plan(top, _heading_row(top, remarks), columns, wanted, remarks.type, remarks.asking.values())
    sheet = Sheet(book, remarks.name or original.name)
    for index, width in enumerate(form.column_widths):
        sheet.set_column(index, width, "@" if form.kinds[index] == "text" else "General")
    sheet.freeze_under(form.heading)
    sheet.print_across(form.heading)
    _merge_down(sheet, original, remarks)
    copy = _Copy(sheet, styles, form, remarks, columns, frozenset(original.facts.hidden_rows))
    done = 0
    for rows in _parted(original.rows(), form.heading):
        copy.write(done + 1, rows)
        done += len(rows)
    if form.width:
        sheet.filter(form.heading, form.width, max(done, form.heading))
    if form.change is not None:
        sheet.choose(form.change, form.heading + 1, max(done, form.heading), CHOICES, PROMPT)


def _parted(rows: Iterator[Row], heading: int) -> Iterator[list[Row]]:
    """The rows above the headings, the headings, and the others, so many at a time."""
    if heading > 1 and (above := list(islice(rows, heading - 1))):
        yield above
    yield from ([row] for row in islice(rows, 1))
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        yield part


@dataclass
class _Copy:
    """A sheet that is being copied, `columns` wide in its original; and how many comments it may still have."""

    sheet: Sheet
    styles: Styles
    form: Form
    remarks: SheetRemarks
    columns: int
    hidden: frozenset[int]
    comments_left: int = _MAX_COMMENTS

    def write(self, first: int, rows: Sequence[Row]) -> None:
        """Write these rows, from row `first` on, none of which stands beside the headings. Raises _FilledFurtherRight."""
        form, numbers = self.form, range(first, first + len(rows))
        cells = list(zip_longest(*rows))
        if any(value not in ("", None) for column in cells[self.columns :] for value in column):
            self.sheet.abandon()
            raise _FilledFurtherRight
        is_heading, is_below = first == form.heading, first > form.heading
        records = [self.remarks.records.get(number) if is_below else None for number in numbers]
        colours = [None if record is None else WORDS[shown_state(record)][1] for record in records]
        added = self._headings() if is_heading else self._beside(numbers, records) if is_below else {}
        bad = self._bad_cells(numbers, added)

        @cache
        def styled(kind: Kind) -> list[int]:
            return [self.styles.id_of(self.sheet.out, kind, colour) for colour in colours]

        def column(index: int) -> Cells:
            if index in added:
                return added[index], styled("own heading" if is_heading else form.kinds[index])
            is_filled = index < min(self.columns, len(cells)) and index not in form.stale
            values: Sequence[Any] = cells[index] if is_filled else [None] * len(rows)
            if index not in bad and set(map(type, values)) == {str} and "" not in values:
                return values, styled("heading" if is_heading else "text")
            return self._mixed(index, values, colours, bad.get(index, {}), is_heading)

        if is_heading:
            heights = [height(zip(map(str, rows[0]), form.column_widths, strict=False))]
        else:
            heights = [self._height(number, at, records[at], added) for at, number in enumerate(numbers)]
        self.sheet.write(first, list(map(column, range(form.width))), heights, self.hidden)

    def _headings(self) -> dict[int, list[str]]:
        """The headings that cebd adds, by column."""
        form = self.form
        added = {index: [text] for text, index in form.own.items()}
        return added | ({form.change: [CHANGE_HEADING]} if form.change is not None and form.change_is_new else {})

    def _beside(self, numbers: range, records: Sequence[ReceiptRecord | None]) -> dict[int, list[str]]:
        """What cebd's columns say in these rows, by column."""
        remarks = self.remarks
        texts: list[Mapping[str, str]] = []
        for number, record in zip(numbers, records, strict=True):
            if record is not None:
                texts.append(beside_record(record, number, remarks.environment))
            elif number in remarks.rows:
                texts.append({PROBLEMS: in_column(remarks.rows[number], remarks.name)})
            else:
                texts.append({})
        return {index: [text.get(heading, "") for text in texts] for heading, index in self.form.own.items()}

    def _mixed(
        self,
        index: int,
        values: Sequence[Any],
        colours: Sequence[str | None],
        bad: Mapping[int, list[Problem]],
        is_heading: bool,
    ) -> Cells:
        """The cells of a column of all kinds of values; `bad`: the problems of some of them, by their place among the rows."""
        empty = self.form.kinds[index]
        kinds = [empty if value in ("", None) else "heading" if is_heading else kind_of(value) for value in values]
        values, colours = list(values), list(colours)
        for at, problems in bad.items():
            severities = {problem.severity for problem in problems}
            if severities & {"error", "warning"}:
                colours[at] = ERROR if "error" in severities else NOTED
            if kinds[at] != "heading":
                values[at], kinds[at] = typed_over(values[at], self.remarks.type, problems[0].field)
        id_of, out = self.styles.id_of, self.sheet.out
        return values, [id_of(out, kind, colour) for kind, colour in zip(kinds, colours, strict=True)]

    def _bad_cells(self, numbers: range, added: Collection[int]) -> dict[int, dict[int, list[Problem]]]:
        """The problems by column, and by the place of the row among these. Each such cell gets a comment while there may be more."""
        bad: dict[int, dict[int, list[Problem]]] = {}
        for at, number in enumerate(numbers):
            if not (number == self.form.heading or number in self.remarks.rows or number in self.remarks.asking):
                continue
            for index in range(self.form.width):
                problems = self._problems_at(number, index)
                if problems and self.comments_left:
                    self.comments_left -= 1
                    _comment_on(self.sheet, number, index, problems)
                if problems and index not in added:
                    bad.setdefault(index, {})[at] = problems
        return bad

    def _problems_at(self, number: int, index: int) -> list[Problem]:
        """The problems of a cell; where a row asks whether a change is meant, that question stands on its cell for appType."""
        problems = self.remarks.cells.get(f"{self.sheet.letter(index)}{number}", [])
        question = self.remarks.asking.get(number) if index == self.form.change else None
        if question is not None and question not in problems:
            return [replace(question, field="appType"), *problems]
        return problems

    def _height(self, number: int, at: int, record: ReceiptRecord | None, added: Mapping[int, Sequence[str]]) -> float:
        """Problems make a row higher, and the note that its edit is not declared. Other texts stay a line high."""
        problems: Sequence[Problem] = record.problems if record is not None else self.remarks.rows.get(number, ())
        is_edited = record is not None and record.declared is not None
        if not problems and not is_edited:
            return ONE_LINE
        own, wrapped = self.form.own, []
        if is_edited:
            wrapped.append((added[own[HEADINGS[0]]][at], OWN_WIDTHS[HEADINGS[0]]))
        if own.get(PROBLEMS) in added and any(problem.severity != "notice" for problem in problems):
            wrapped.append((added[own[PROBLEMS]][at], OWN_WIDTHS[PROBLEMS]))
        return height(wrapped)


def _merge_down(sheet: Sheet, original: OriginalSheet, remarks: SheetRemarks) -> None:
    """Cells merged downwards stay merged, because they hold for all their rows, unless a cell is bad: it must be there to be corrected."""
    for index, first, last in original.merged_down():
        letter = sheet.letter(index)
        if not any(f"{letter}{row}" in remarks.cells for row in range(first + 1, last + 1)):
            sheet.merge_down(index, first, last)


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


def _comment_on(sheet: Sheet, number: int, index: int, problems: list[Problem]) -> None:
    """The comment on a bad cell; its box is no larger than its text needs."""
    text = in_comment(problems)
    lines = sum(1 + len(line.encode("gb18030")) // _COMMENT_LINE_LETTERS for line in text.split("\n"))
    tall = min(_COMMENT_MARGIN + _COMMENT_LINE_HEIGHT * lines, _MAX_COMMENT_HEIGHT)
    sheet.comment(number, index, text, width=_COMMENT_WIDTH, height=tall)
