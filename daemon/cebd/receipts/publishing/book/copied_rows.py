"""The rows of the operator's sheet in the receipt workbook, some hundred at a time, column by column: colours, remarks, comments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, NamedTuple

from cebd.decisions.decision import DECIDED
from cebd.documents.workbooks.chunks import Columns
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.documents.workbooks.writing.sheet import Cells, Sheet
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.form import Form, typed_over
from cebd.receipts.publishing.book.other_language import heading_comments
from cebd.receipts.publishing.book.own_columns import WRAPPED, Own
from cebd.receipts.publishing.book.remarks import (
    RowsOfRecord,
    SheetRemarks,
    Wording,
    in_column,
    in_comment,
    number_of,
    word_of,
)
from cebd.receipts.publishing.book.styles import (
    AS_DECIDED,
    ERROR,
    NOTED,
    ONE_LINE,
    STRUCK,
    Kind,
    Styles,
    height,
    kind_of,
)
from cebd.receipts.publishing.receipt import ReceiptRecord

_MAX_COMMENTS = 5_000  # more of them make a workbook that nobody can open quickly; the column says the same
_COMMENT_WIDTH, _MAX_COMMENT_HEIGHT, _COMMENT_LINE_HEIGHT, _COMMENT_MARGIN = 340, 320, 17, 24  # pixels
_COMMENT_LINE_LETTERS = 56  # a Chinese character takes the room of two


class FilledFurtherRight(Exception):
    """A row further down is filled beyond the columns that the first rows have: cebd's columns have to stand further right."""


class _Beside(NamedTuple):
    """What is shown beside a row of the operator's: its colour, the texts of cebd's columns, and its height in points."""

    colour: str | None
    texts: tuple[str, ...]
    height: float


@dataclass
class CopiedRows:
    """The rows of a sheet that is being copied, `columns` wide in its original; and how many comments it may still have.

    Rows `hidden` stay so. Those that were kept back because they are `struck` through stay so, too: they are kept back again when the
    receipt is dropped.
    """

    sheet: Sheet
    styles: Styles
    form: Form
    remarks: SheetRemarks
    wording: Wording
    said: Mapping[Own, str]
    columns: int
    hidden: frozenset[int]
    struck: frozenset[int]
    comments_left: int = _MAX_COMMENTS
    _plain: dict[object, _Beside] = field(
        default_factory=dict
    )  # beside rows of records of which there is little to be said
    _rows: RowsOfRecord | None = None  # of the last record

    def write(self, rows: Columns) -> None:
        """Write these rows; the headings come by themselves. Raises FilledFurtherRight."""
        form, cells, numbers = self.form, rows.cells, range(rows.first, rows.last + 1)
        if any(value not in ("", None) for column in cells[self.columns :] for value in column):
            self.sheet.abandon()
            raise FilledFurtherRight
        is_heading, is_below = rows.first == form.heading, rows.first > form.heading
        beside = [self._beside(number) if is_below else self._nothing for number in numbers]
        colours = [row.colour for row in beside]
        heights = [row.height for row in beside]
        added: dict[int, Sequence[str]] = {}
        if is_heading:
            added |= self._headings()
            for text, told in heading_comments(self.remarks, self.wording.language).items():
                if text in form.own:
                    self.comments_left -= 1
                    _comment_on(self.sheet, rows.first, form.own[text], told)
            heights = [height(self._heading_texts(cells, added))]
        elif is_below:
            added = dict(zip(form.own.values(), zip(*(row.texts for row in beside), strict=True), strict=True))
            added |= self._numbers(numbers)
        bad = self._bad_cells(numbers, added)

        @cache
        def styled(kind: Kind) -> list[int]:
            ids = {colour: self.styles.id_of(self.sheet.out, kind, colour) for colour in dict.fromkeys(colours)}
            return [ids[colour] for colour in colours]

        def column(index: int) -> Cells:
            if index in added:
                return added[index], styled("own heading" if is_heading else form.kinds[index])
            source = form.sources[index]
            is_filled = source is not None and source < min(self.columns, len(cells))
            values: Sequence[Any] = cells[source] if is_filled and source is not None else [None] * len(numbers)
            if index not in bad and set(map(type, values)) == {str} and "" not in values:
                return values, styled("heading" if is_heading else "text")
            return self._mixed(index, values, colours, bad.get(index, {}), is_heading)

        self.sheet.write(rows.first, list(map(column, range(form.width))), heights, self.hidden)

    def _headings(self) -> dict[int, list[str]]:
        """The headings that cebd adds, by column; below some stands what is to be said at once."""
        form, language = self.form, self.wording.language
        below = {column.heading(language): text for column, text in self.said.items() if text}
        added = {index: [f"{text}\n{below[text]}" if text in below else text] for text, index in form.own.items()}
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
            return self._said(None, {self._to_do: in_column(problems, remarks.name, self.wording)})
        if not record.is_bare:
            return self._of(record, number)
        outcome = record.state, record.cancelled, record.customs
        if outcome not in self._plain:
            self._plain[outcome] = self._of(record, number)
        return self._plain[outcome]

    def _of(self, record: ReceiptRecord, number: int) -> _Beside:
        if self._rows is None or self._rows.record is not record:
            self._rows = RowsOfRecord(record)
        texts = self._rows.beside(number, self.wording)
        return self._said(STRUCK if number in self.struck else word_of(record).colour, texts)

    def _said(self, colour: str | None, texts: Mapping[str, str]) -> _Beside:
        """The row is as high as its longest text needs."""
        high = height([(texts[heading], width) for heading, width in self._wrapped if texts.get(heading)])
        return _Beside(colour, tuple([texts.get(heading, "") for heading in self.form.own]), high)

    @cached_property
    def _wrapped(self) -> list[tuple[str, float]]:
        """The headings of texts that are wrapped, each with its width."""
        return [(one.heading(self.wording.language), one.width) for one in WRAPPED]

    @cached_property
    def _to_do(self) -> str:
        return Own.TO_DO.heading(self.wording.language)

    def _numbers(self, rows: range) -> dict[int, list[str]]:
        """The column of the numbers of the documents in these rows: all that differs beside rows of which there is little to be said."""
        column, records = self.form.own.get(Own.NUMBER.heading(self.wording.language)), self.remarks.records
        if column is None:
            return {}
        return {column: [number_of(records[row]) if row in records else "" for row in rows]}

    def _heading_texts(
        self, cells: Sequence[Sequence[Any]], added: Mapping[int, Sequence[str]]
    ) -> Iterator[tuple[str, float]]:
        for index, width in enumerate(self.form.column_widths):
            source = self.form.sources[index]
            if index in added:
                yield added[index][0], width
            elif source is not None and source < len(cells):
                yield str(cells[source][0]), width

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
            elif any(problem.id == DECIDED for problem in problems):
                colours[at] = AS_DECIDED
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
                    _comment_on(self.sheet, number, index, in_comment(problems, self.wording.language))
                if problems and index not in added:
                    bad.setdefault(index, {})[at] = problems
        return bad

    def _problems_at(self, number: int, index: int) -> list[Problem]:
        """The problems of a cell; where a row asks whether a change is meant, that question stands on its cell for appType."""
        source = self.form.sources[index]
        problems = [] if source is None else self.remarks.cells.get(f"{self.sheet.letter(source)}{number}", [])
        question = self.remarks.asking.get(number) if index == self.form.change else None
        if question is not None and question not in problems:
            return [replace(question, field="appType"), *problems]
        return problems


def _comment_on(sheet: Sheet, number: int, index: int, text: str) -> None:
    """The comment on a bad cell; its box is no larger than its text needs."""
    lines = sum(1 + len(line.encode("gb18030")) // _COMMENT_LINE_LETTERS for line in text.split("\n"))
    tall = min(_COMMENT_MARGIN + _COMMENT_LINE_HEIGHT * lines, _MAX_COMMENT_HEIGHT)
    sheet.comment(number, index, text, width=_COMMENT_WIDTH, height=tall)
