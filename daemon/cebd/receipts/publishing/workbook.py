"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word beside the colour.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form (`form.py`):
cells keep their places, and cebd's columns are recognised by their headings and ignored when the workbook is dropped again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from cebd.documents.workbooks.own_marks import CHANGE_HEADING, EXAMPLE, FILE_SHEET, RECORDS_SHEET, sealed
from cebd.documents.workbooks.sheets import Sheet as OriginalSheet
from cebd.documents.workbooks.totals_rows import holds_a_total_alone
from cebd.documents.workbooks.write_sheet import Sheet, left_clean, without_control
from cebd.problems.problem import Problem
from cebd.receipts.publishing.form import (
    CHOICES,
    HEADINGS,
    OWN_WIDTHS,
    PROBLEMS,
    PROMPT,
    Form,
    own_kind,
    plan,
    typed_over,
)
from cebd.receipts.publishing.numbers import heading_width, number_headings
from cebd.receipts.publishing.receipt import Receipt
from cebd.receipts.publishing.remarks import (
    SheetRemarks,
    beside_record,
    by_sheet,
    in_column,
    in_comment,
    shown_state,
    suggestion_lines,
)
from cebd.receipts.publishing.styles import ERROR, NOTED, WORDS, Kind, Styles, height, kind_of, widths
from cebd.records.states import State

Cell = tuple[Any, int]  # value and style
_MAX_TITLE_ROWS = 20  # title rows may stand above the headings
_MAX_COMMENTS = 5_000  # more of them make a workbook that nobody can open quickly; the column says the same
_COMMENT_WIDTH, _MAX_COMMENT_HEIGHT, _COMMENT_LINE_HEIGHT, _COMMENT_MARGIN = 340, 320, 17, 24  # pixels
_COMMENT_LINE_LETTERS = 56  # a Chinese character takes the room of two
_ROWS_FOR_WIDTHS = 50  # of a table of records: as wide as these need


def make_book(receipt: Receipt, sheets: Sequence[OriginalSheet], marks: Mapping[str, str] | None = None) -> bytes:
    """The workbook; without `sheets` (an XML drop) a table of the records. Raises OSError: large sheets are put together on the disk.

    `marks`: properties of the workbook by name, by which it remembers its original.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty

    book: Any = Workbook(write_only=True)
    for mark, text in (marks or {}).items():
        book.custom_doc_props.append(StringProperty(name=mark, value=without_control(text)))
    styles, remarks = Styles(), by_sheet(receipt)
    originals = [sheet for sheet in sheets if sheet.name not in (FILE_SHEET, RECORDS_SHEET)]
    if len(originals) == 1 and originals[0].name not in remarks and len(remarks) == 1:
        # A CSV file's sheet has the name of the file, which differs from folder to folder: take the name that the JSON has.
        remarks = {originals[0].name: next(iter(remarks.values()))}
    with left_clean(book):
        for sheet in originals:
            _copy(book, styles, sheet, remarks.get(sheet.name, SheetRemarks()))
        if not originals:
            _table(book, styles, receipt)
        if receipt.problems:
            _about_the_file(book, styles, receipt.problems)
        content = io.BytesIO()
        book.save(content)
    return sealed(content.getvalue())


# The operator's sheets


def _copy(book: Any, styles: Styles, original: OriginalSheet, remarks: SheetRemarks) -> None:
    try:
        _copy_columns(book, styles, original, remarks, None)
    except _FilledFurtherRight:
        _copy_columns(book, styles, original, remarks, max(map(_filled_columns, original.rows())))


class _FilledFurtherRight(Exception):
    """A row further down is filled beyond the columns that the first rows have: cebd's columns have to stand further right."""


def _filled_columns(row: Sequence[Any]) -> int:
    """How many columns the row has up to its last filled cell."""
    width = len(row)
    while width and row[width - 1] in ("", None):
        width -= 1
    return width


def _copy_columns(
    book: Any, styles: Styles, original: OriginalSheet, remarks: SheetRemarks, columns: int | None
) -> None:
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
    hidden = frozenset(original.facts.hidden_rows)
    comments_left, last = _MAX_COMMENTS, form.heading
    for number, row in enumerate(original.rows(), 1):
        if len(row) > columns and _filled_columns(row) > columns:
            sheet.abandon()
            raise _FilledFurtherRight
        added, colour = _added_to_row(number, form, remarks)
        if number == form.heading or number in remarks.rows or number in remarks.asking:
            cells, explained = _remarked_cells(sheet, styles, number, row, form, remarks, colour, comments_left)
            comments_left -= explained
        else:
            cells = _plain_cells(sheet, styles, row[:columns], form, colour)
        for index, text in added.items():
            kind: Kind = "own heading" if number == form.heading else form.kinds[index]
            cells[index] = (text, styles.id_of(sheet.out, kind, colour))
        wrapped = _texts_to_wrap(number, added, form, remarks)
        if number == form.heading:
            wrapped = zip(map(str, row), form.column_widths, strict=False)
        sheet.write(number, cells, height(wrapped), hidden=number in hidden)
        last = number
    if form.width:
        sheet.filter(form.heading, form.width, last)
    if form.change is not None:
        sheet.choose(form.change, form.heading + 1, last, CHOICES, PROMPT)


def _plain_cells(sheet: Sheet, styles: Styles, row: list[Any], form: Form, colour: str | None) -> list[Cell]:
    """The cells of a row without remarks: most rows are such, and most cells are texts."""
    text = styles.id_of(sheet.out, "text", colour)
    cells = [
        (value, text)
        if value.__class__ is str and value
        else (value, styles.id_of(sheet.out, form.kinds[index] if value in ("", None) else kind_of(value), colour))
        for index, value in enumerate(row + [None] * (form.width - len(row)))
    ]
    for index in form.stale:
        cells[index] = (None, styles.id_of(sheet.out, form.kinds[index], colour))
    return cells


def _remarked_cells(
    sheet: Sheet,
    styles: Styles,
    number: int,
    row: list[Any],
    form: Form,
    remarks: SheetRemarks,
    colour: str | None,
    comments: int,
) -> tuple[list[Cell], int]:
    """The cells of the headings, or of a row with problems; and to how many of them a comment was added, `comments` at the most."""
    cells: list[Cell] = []
    explained = 0
    for index in range(form.width):
        value = None if index in form.stale or index >= len(row) else row[index]
        empty = value is None or value == ""
        kind = form.kinds[index] if empty else "heading" if number == form.heading else kind_of(value)
        shade = colour
        problems = _problems_at(sheet.letter(index), number, index, form, remarks)
        if problems:
            severities = {problem.severity for problem in problems}
            shade = ERROR if "error" in severities else NOTED if "warning" in severities else colour
            if kind != "heading":
                value, kind = typed_over(value, remarks.type, problems[0].field)
            if explained < comments:
                explained += 1
                _comment_on(sheet, number, index, problems)
        cells.append((value, styles.id_of(sheet.out, kind, shade)))
    return cells, explained


def _merge_down(sheet: Sheet, original: OriginalSheet, remarks: SheetRemarks) -> None:
    """Cells merged downwards stay merged, because they hold for all their rows, unless a cell is bad: it must be there to be corrected."""
    for index, first, last in original.merged_down():
        letter = sheet.letter(index)
        if not any(f"{letter}{row}" in remarks.cells for row in range(first + 1, last + 1)):
            sheet.merge_down(index, first, last)


def _problems_at(letter: str, number: int, index: int, form: Form, remarks: SheetRemarks) -> list[Problem]:
    """The problems of a cell; where a row asks whether a change is meant, that question stands on its cell for appType."""
    problems = remarks.cells.get(f"{letter}{number}", [])
    question = remarks.asking.get(number) if index == form.change else None
    if question is not None and question not in problems:
        return [replace(question, field="appType"), *problems]
    return problems


def _added_to_row(number: int, form: Form, remarks: SheetRemarks) -> tuple[dict[int, str], str | None]:
    """The cells that cebd adds to a row, by column, and the colour of the row."""
    if number == form.heading:
        added = {index: text for text, index in form.own.items()}
        return added | ({form.change: CHANGE_HEADING} if form.change is not None and form.change_is_new else {}), None
    record = remarks.records.get(number)
    if record is not None:
        texts = beside_record(record, number, remarks.environment)
        return {index: texts[text] for text, index in form.own.items()}, WORDS[shown_state(record)][1]
    if number in remarks.rows and number > form.heading:
        texts = dict.fromkeys(form.own, "") | {PROBLEMS: in_column(remarks.rows[number], remarks.name)}
        return {index: texts[text] for text, index in form.own.items()}, None
    return {}, None


def _texts_to_wrap(
    number: int, added: dict[int, str], form: Form, remarks: SheetRemarks
) -> Iterator[tuple[str, float]]:
    """The texts that make a row higher: its problems, and the note that its edit is not declared. Other texts stay a line high."""
    record = remarks.records.get(number)
    if record is not None and record.declared is not None:
        yield added[form.own[HEADINGS[0]]], OWN_WIDTHS[HEADINGS[0]]
    problems: Sequence[Problem] = record.problems if record is not None else remarks.rows.get(number, ())
    if form.own.get(PROBLEMS) in added and any(problem.severity != "notice" for problem in problems):
        yield added[form.own[PROBLEMS]], OWN_WIDTHS[PROBLEMS]


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


# Sheets of our own


def _table(book: Any, styles: Styles, receipt: Receipt) -> None:
    """A row for each record of a drop without sheets."""
    sheet = Sheet(book, RECORDS_SHEET)
    first = receipt.records[0] if receipt.records else None
    names = list(first.key) if first is not None else []
    ours = (*HEADINGS, *number_headings(first.type if first is not None else None))
    headings = (*names, "guid", "行 Line", *ours)
    beside = [beside_record(record, environment=receipt.environment) for record in receipt.records]
    rows = [
        (*record.key.values(), record.guid, record.place.row, *map(texts.__getitem__, ours))
        for record, texts in zip(receipt.records, beside, strict=True)
    ]
    own = len(headings) - len(ours)
    own_widths = [OWN_WIDTHS[text] if text in OWN_WIDTHS else heading_width(text) for text in ours]
    for index, width in enumerate((*widths([headings, *rows[:_ROWS_FOR_WIDTHS]], own - 2), 38, 8, *own_widths)):
        sheet.set_column(index, width)
    sheet.freeze_under(1)
    own_style, key_style = styles.id_of(sheet.out, "own heading"), styles.id_of(sheet.out, "heading")
    sheet.write(
        1, [(text, own_style if index >= own else key_style) for index, text in enumerate(headings)], height(())
    )
    for number, (record, row, texts) in enumerate(zip(receipt.records, rows, beside, strict=True), 2):
        colour = WORDS[shown_state(record)][1]
        cells = [
            (value, styles.id_of(sheet.out, own_kind(ours[index - own]) if index >= own else kind_of(value), colour))
            for index, value in enumerate(row)
        ]
        sheet.write(number, cells, height([(texts[PROBLEMS], OWN_WIDTHS[PROBLEMS])]))
    sheet.filter(1, len(headings), len(rows) + 1)


def _about_the_file(book: Any, styles: Styles, problems: Sequence[Problem]) -> None:
    """The problems of the file as a whole."""
    sheet = Sheet(book, FILE_SHEET)
    for index, width in enumerate((12, 16, 10, 60, 60)):
        sheet.set_column(index, width)
    sheet.freeze_under(1)
    headings = ("编号 Id", "工作表 Sheet", "单元格 Cell", "问题与处理", "Problem and what to do")
    sheet.write(1, [(text, styles.id_of(sheet.out, "own heading")) for text in headings], height(()))
    for number, problem in enumerate(problems, 2):
        colour = {"error": WORDS[State.REJECTED][1], "warning": WORDS[State.HELD][1]}.get(problem.severity, "F2F2F2")
        texts = (
            problem.id,
            problem.place.sheet,
            problem.place.cell or problem.place.row,
            "\n".join((problem.zh, problem.fix_zh, *suggestion_lines(problem))),
            f"{problem.en}\n{problem.fix_en}",
        )
        cells = [(text, styles.id_of(sheet.out, "own", colour)) for text in texts]
        sheet.write(number, cells, height((str(text), 60) for text in texts[-2:]))
