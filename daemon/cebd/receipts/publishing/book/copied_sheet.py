"""The operator's sheet once more in the receipt workbook: every row coloured by its state, a bad cell with its problem as a comment.

The headings, and what may stand above them, are written first; then the other rows, some hundred at a time, column by column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import islice
from typing import Any, NamedTuple

from cebd.declared.consequences import ConsequenceKind
from cebd.documents.workbooks.chunks import Chunk, Columns, Rows, as_columns
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, EXAMPLE
from cebd.documents.workbooks.sheets import Sheet as OriginalSheet
from cebd.documents.workbooks.totals_rows import holds_a_total_alone
from cebd.documents.workbooks.write_sheet import Cells, Sheet
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.form import CHOICES, HEADINGS, OWN_WIDTHS, PROBLEMS, PROMPT, Form, plan, typed_over
from cebd.receipts.publishing.book.remarks import SheetRemarks, beside_record, in_column, in_comment, word_and_colour
from cebd.receipts.publishing.book.styles import ERROR, NOTED, ONE_LINE, Kind, Styles, height, kind_of
from cebd.receipts.publishing.numbers import number_headings
from cebd.receipts.publishing.receipt import ReceiptRecord

_AS_IT_SHOULD_BE = (ConsequenceKind.NEW, ConsequenceKind.UNCHANGED)
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
    last = form.heading
    for columns_of_rows in _parts(original.chunks(), form.heading):
        copy.write(columns_of_rows)
        last = max(last, columns_of_rows.last)
    if form.width:
        sheet.filter(form.heading, form.width, last)
    if form.change is not None:
        sheet.choose(form.change, form.heading + 1, last, CHOICES, PROMPT)


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


class _Beside(NamedTuple):
    """What is shown beside a row of the operator's: its colour, the texts of cebd's columns, and its height in points."""

    colour: str | None
    texts: tuple[str, ...]
    height: float


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
    _plain: dict[object, _Beside] = field(
        default_factory=dict
    )  # beside rows of records of which there is little to be said

    def write(self, rows: Columns) -> None:
        """Write these rows; the headings come by themselves. Raises _FilledFurtherRight."""
        form, cells, numbers = self.form, rows.cells, range(rows.first, rows.last + 1)
        if any(value not in ("", None) for column in cells[self.columns :] for value in column):
            self.sheet.abandon()
            raise _FilledFurtherRight
        is_heading, is_below = rows.first == form.heading, rows.first > form.heading
        beside = [self._beside(number) if is_below else self._nothing for number in numbers]
        colours = [row.colour for row in beside]
        heights = [row.height for row in beside]
        added: Mapping[int, Sequence[str]] = {}
        if is_heading:
            added = self._headings()
            heights = [height(zip((str(column[0]) for column in cells), form.column_widths, strict=False))]
        elif is_below:
            added = dict(zip(form.own.values(), zip(*(row.texts for row in beside), strict=True), strict=True))
        bad = self._bad_cells(numbers, added)

        @cache
        def styled(kind: Kind) -> list[int]:
            ids = {colour: self.styles.id_of(self.sheet.out, kind, colour) for colour in dict.fromkeys(colours)}
            return [ids[colour] for colour in colours]

        def column(index: int) -> Cells:
            if index in added:
                return added[index], styled("own heading" if is_heading else form.kinds[index])
            is_filled = index < min(self.columns, len(cells)) and index not in form.stale
            values: Sequence[Any] = cells[index] if is_filled else [None] * len(numbers)
            if index not in bad and set(map(type, values)) == {str} and "" not in values:
                return values, styled("heading" if is_heading else "text")
            return self._mixed(index, values, colours, bad.get(index, {}), is_heading)

        self.sheet.write(rows.first, list(map(column, range(form.width))), heights, self.hidden)

    def _headings(self) -> dict[int, list[str]]:
        """The headings that cebd adds, by column."""
        form = self.form
        added = {index: [text] for text, index in form.own.items()}
        return added | ({form.change: [CHANGE_HEADING]} if form.change is not None and form.change_is_new else {})

    @cached_property
    def _nothing(self) -> _Beside:
        return _Beside(None, ("",) * len(self.form.own), ONE_LINE)

    def _beside(self, number: int) -> _Beside:
        """What is shown beside a row below the headings."""
        remarks = self.remarks
        record = remarks.records.get(number)
        if record is None:
            problems = remarks.rows.get(number)
            if problems is None:
                return self._nothing
            return self._said(None, {PROBLEMS: in_column(problems, remarks.name)}, problems)
        if not record.is_bare:
            return self._of(record, number)
        outcome = record.state, record.cancelled, record.customs
        if outcome not in self._plain:
            self._plain[outcome] = self._of(record, number)
        return self._plain[outcome]

    def _of(self, record: ReceiptRecord, number: int) -> _Beside:
        texts = beside_record(record, number, self.remarks.environment)
        wrapped = [HEADINGS[0]] if record.declared is not None or record.consequence is not None else []
        if record.consequence is not None and record.consequence.kind not in _AS_IT_SHOULD_BE:
            wrapped.append(HEADINGS[1])
        return self._said(word_and_colour(record)[1], texts, record.problems, wrapped)

    def _said(
        self, colour: str | None, texts: Mapping[str, str], problems: Sequence[Problem], wrapped: Collection[str] = ()
    ) -> _Beside:
        """Problems make a row higher, the note that its edit is not declared, and what becomes of it where that is not as it should be.
        Other texts stay a line high.
        """
        own = self.form.own
        wrapped = [*wrapped]
        if PROBLEMS in own and any(problem.severity != "notice" for problem in problems):
            wrapped.append(PROBLEMS)
        high = height([(texts[heading], OWN_WIDTHS[heading]) for heading in wrapped]) if wrapped else ONE_LINE
        return _Beside(colour, tuple([texts.get(heading, "") for heading in own]), high)

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
