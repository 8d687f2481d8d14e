"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word beside the colour.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form (`form.py`):
cells keep their places, and what cebd adds is known by its headings and left out when it is dropped back.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from cebd.documents.reading.totals_rows import holds_a_total_alone
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, EXAMPLE, FILE_SHEET, RECORDS_SHEET, sealed
from cebd.documents.workbooks.write_sheet import Sheet, left_clean, without_control
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
from cebd.receipts.publishing.remarks import (
    Problem,
    SheetRemarks,
    beside_record,
    by_sheet,
    in_column,
    in_comment,
    shown_state,
    suggestion,
)
from cebd.receipts.publishing.styles import ERROR, NOTED, WORDS, Kind, Looks, height, kind_of, widths

_HEADING_WITHIN = 20  # title rows may stand above the headings
Cell = tuple[Any, int]  # value and style
_COMMENTS = 5_000  # more of them make a workbook that nobody can open quickly; the column says the same


class Facts(Protocol):
    """What a sheet says of its rows beyond their cells; numbers count from 1."""

    @property
    def hidden_rows(self) -> tuple[int, ...]: ...


class SheetRows(Protocol):
    """A sheet as it was dropped. `merged_down`: (column from 0, first row, last row)."""

    @property
    def name(self) -> str: ...

    @property
    def facts(self) -> Facts: ...

    def rows(self) -> Iterator[list[Any]]: ...

    def merged_down(self) -> list[tuple[int, int, int]]: ...


def make_book(receipt: dict[str, Any], sheets: Sequence[SheetRows], marks: Mapping[str, str] | None = None) -> bytes:
    """The workbook; without `sheets` (an XML drop) a table of the records. Raises OSError: large sheets are put together on the disk.

    `marks` are properties of the workbook by name: what it remembers of its original beside what it shows.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty

    book: Any = Workbook(write_only=True)
    for mark, text in (marks or {}).items():
        book.custom_doc_props.append(StringProperty(name=mark, value=without_control(text)))
    looks = Looks()
    said = by_sheet(receipt)
    originals = [sheet for sheet in sheets if sheet.name not in (FILE_SHEET, RECORDS_SHEET)]
    if len(originals) == 1 and originals[0].name not in said and len(said) == 1:
        # The one sheet of a CSV file is named after the file, whose name is another in each folder; here it is called as in the JSON.
        said = {originals[0].name: next(iter(said.values()))}
    with left_clean(book):
        for sheet in originals:
            _copy(book, looks, sheet, said.get(sheet.name, SheetRemarks()))
        if not originals:
            _table(book, looks, receipt)
        if receipt["problems"]:
            _about_the_file(book, looks, receipt["problems"])
        content = io.BytesIO()
        book.save(content)
    return sealed(content.getvalue())


# The operator's sheets


def _copy(book: Any, looks: Looks, original: SheetRows, said: SheetRemarks) -> None:
    try:
        _copy_within(book, looks, original, said, None)
    except _Wider:
        _copy_within(book, looks, original, said, max(map(_filled, original.rows())))


class _Wider(Exception):
    """A row further down is filled beyond the columns that the first rows have: what cebd adds has to stand further right."""


def _filled(row: Sequence[Any]) -> int:
    """How many columns the row has up to its last filled cell."""
    width = len(row)
    while width and row[width - 1] in ("", None):
        width -= 1
    return width


def _copy_within(book: Any, looks: Looks, original: SheetRows, said: SheetRemarks, columns: int | None) -> None:
    """Copy the sheet, so many columns wide; without `columns` as wide as its first rows. Raises _Wider, having left nothing behind.

    The first rows mostly tell: to ask every row first would be to read the whole sheet twice, at each receipt that comes.
    """
    top = list(islice(original.rows(), _HEADING_WITHIN + 1))
    columns = max(map(_filled, top), default=0) if columns is None else columns
    wanted = (*HEADINGS, *number_headings(said.type)) if said.records else (PROBLEMS,) if said.rows else ()
    form = plan(top, _heading_row(top, said), columns, wanted, said.type, said.asked.values())
    sheet = Sheet(book, said.name or original.name)
    for index, wide in enumerate(form.wide):
        sheet.set_column(index, wide, "@" if form.kinds[index] == "text" else "General")
    sheet.freeze_under(form.heading)
    sheet.print_across(form.heading)
    _merge(sheet, original, said)
    hidden = frozenset(original.facts.hidden_rows)
    comments, last = _COMMENTS, form.heading
    for number, row in enumerate(original.rows(), 1):
        if len(row) > columns and _filled(row) > columns:
            sheet.abandon()
            raise _Wider
        added, colour = _beside(number, form, said)
        if number == form.heading or number in said.rows or number in said.asked:
            cells, explained = _judged(sheet, looks, number, row, form, said, comments)
            comments -= explained
        else:
            cells = _plain(sheet, looks, row[:columns], form, colour)
        for index, text in added.items():
            kind: Kind = "own heading" if number == form.heading else form.kinds[index]
            cells[index] = (text, looks.of(sheet.out, kind, colour))
        wrapped = _grown_for(number, added, form, said)
        if number == form.heading:
            wrapped = zip(map(str, row), form.wide, strict=False)
        sheet.write(number, cells, height(wrapped), hidden=number in hidden)
        last = number
    if form.width:
        sheet.filter(form.heading, form.width, last)
    if form.change is not None:
        sheet.choose(form.change, form.heading + 1, last, CHOICES, PROMPT)


def _plain(sheet: Sheet, looks: Looks, row: list[Any], form: Form, colour: str | None) -> list[Cell]:
    """The cells of a row of which there is nothing to say: most rows are such, and most cells are texts."""
    text = looks.of(sheet.out, "text", colour)
    cells = [
        (value, text)
        if value.__class__ is str and value
        else (value, looks.of(sheet.out, form.kinds[index] if value in ("", None) else kind_of(value), colour))
        for index, value in enumerate(row + [None] * (form.width - len(row)))
    ]
    for index in form.stale:
        cells[index] = (None, looks.of(sheet.out, form.kinds[index], colour))
    return cells


def _judged(
    sheet: Sheet, looks: Looks, number: int, row: list[Any], form: Form, said: SheetRemarks, comments: int
) -> tuple[list[Cell], int]:
    """The cells of the headings, or of a row with problems; and to how many of them a comment was added, `comments` at the most."""
    colour = None if number == form.heading else _beside(number, form, said)[1]
    cells: list[Cell] = []
    explained = 0
    for index in range(form.width):
        value = None if index in form.stale or index >= len(row) else row[index]
        empty = value is None or value == ""
        kind = form.kinds[index] if empty else "heading" if number == form.heading else kind_of(value)
        shade = colour
        found = _found_at(sheet.letter(index), number, index, form, said)
        if found:
            severities = {one["severity"] for one in found}
            shade = ERROR if "error" in severities else NOTED if "warning" in severities else colour
            if kind != "heading":
                value, kind = typed_over(value, said.type, found[0]["field"])
            if explained < comments:
                explained += 1
                _explain(sheet, number, index, found)
        cells.append((value, looks.of(sheet.out, kind, shade)))
    return cells, explained


def _merge(sheet: Sheet, original: SheetRows, said: SheetRemarks) -> None:
    """Cells merged with those below stay merged, for they hold for all their rows; but a bad cell must be there to be mended."""
    for index, first, last in original.merged_down():
        letter = sheet.letter(index)
        if not any(f"{letter}{row}" in said.cells for row in range(first + 1, last + 1)):
            sheet.merge_down(index, first, last)


def _found_at(letter: str, number: int, index: int, form: Form, said: SheetRemarks) -> list[Problem]:
    """The problems of a cell; where a row asks whether a change is meant, that question stands on its cell for appType."""
    found = said.cells.get(f"{letter}{number}", [])
    if index == form.change and number in said.asked and said.asked[number] not in found:
        return [{**said.asked[number], "field": "appType"}, *found]
    return found


def _beside(number: int, form: Form, said: SheetRemarks) -> tuple[dict[int, str], str | None]:
    """What cebd adds to a row, by column, and the colour of the row."""
    if number == form.heading:
        added = {index: text for text, index in form.own.items()}
        return added | ({form.change: CHANGE_HEADING} if form.change is not None and form.change_is_new else {}), None
    if number in said.records:
        texts = beside_record(said.records[number], number)
        return {index: texts[text] for text, index in form.own.items()}, WORDS[shown_state(said.records[number])][1]
    if number in said.rows and number > form.heading:
        texts = dict.fromkeys(form.own, "") | {PROBLEMS: in_column(said.rows[number], said.name)}
        return {index: texts[text] for text, index in form.own.items()}, None
    return {}, None


def _grown_for(number: int, added: dict[int, str], form: Form, said: SheetRemarks) -> Iterator[tuple[str, float]]:
    """The texts that a row grows for: its problems, and that its edit is not declared. A row that is well stays one line high."""
    if number in said.records and said.records[number].get("declared"):
        yield added[form.own[HEADINGS[0]]], OWN_WIDTHS[HEADINGS[0]]
    found = said.records[number]["problems"] if number in said.records else said.rows.get(number, ())
    if form.own.get(PROBLEMS) in added and any(one["severity"] != "notice" for one in found):
        yield added[form.own[PROBLEMS]], OWN_WIDTHS[PROBLEMS]


def _heading_row(top: list[list[Any]], said: SheetRemarks) -> int:
    """The 1-based row of the headings: right above the first record; without records, the fullest of the first rows."""
    filled = [sum(1 for cell in row if cell not in ("", None)) for row in top]
    if said.records:
        first = min(said.records)
        # Between the headings and the first record may stand what is no record: the example row of a template, totals.
        above = [
            number
            for number, row in enumerate(top[: first - 1], 1)
            if filled[number - 1] and EXAMPLE not in row and not holds_a_total_alone(row)
        ]
        return above[-1] if above else max(first - 1, 1)
    return filled.index(max(filled)) + 1 if filled else 1


def _explain(sheet: Sheet, number: int, index: int, problems: list[Problem]) -> None:
    """The comment on a bad cell; its box is no larger than its text needs."""
    text = in_comment(problems)
    lines = sum(1 + len(line.encode("gb18030")) // 56 for line in text.split("\n"))
    sheet.comment(number, index, text, width=340, height=min(24 + 17 * lines, 320))


# Sheets of our own


def _table(book: Any, looks: Looks, receipt: dict[str, Any]) -> None:
    """One row for each record of a drop that has no sheets."""
    sheet = Sheet(book, RECORDS_SHEET)
    names = list(receipt["records"][0]["key"]) if receipt["records"] else []
    ours = (*HEADINGS, *number_headings(receipt["records"][0]["type"] if receipt["records"] else None))
    headings = (*names, "guid", "行 Line", *ours)
    told = [beside_record(record) for record in receipt["records"]]
    rows = [
        (*record["key"].values(), record["guid"], record["place"]["row"], *map(texts.__getitem__, ours))
        for record, texts in zip(receipt["records"], told, strict=True)
    ]
    own = len(headings) - len(ours)
    own_widths = [OWN_WIDTHS[text] if text in OWN_WIDTHS else heading_width(text) for text in ours]
    for index, wide in enumerate((*widths([headings, *rows[:50]], own - 2), 38, 8, *own_widths)):
        sheet.set_column(index, wide)
    sheet.freeze_under(1)
    mine, theirs = looks.of(sheet.out, "own heading"), looks.of(sheet.out, "heading")
    sheet.write(1, [(text, mine if index >= own else theirs) for index, text in enumerate(headings)], height(()))
    for number, (record, row, texts) in enumerate(zip(receipt["records"], rows, told, strict=True), 2):
        colour = WORDS[shown_state(record)][1]
        cells = [
            (value, looks.of(sheet.out, own_kind(ours[index - own]) if index >= own else kind_of(value), colour))
            for index, value in enumerate(row)
        ]
        sheet.write(number, cells, height([(texts[PROBLEMS], OWN_WIDTHS[PROBLEMS])]))
    sheet.filter(1, len(headings), len(rows) + 1)


def _about_the_file(book: Any, looks: Looks, problems: list[Problem]) -> None:
    """What is said of the file as a whole."""
    sheet = Sheet(book, FILE_SHEET)
    for index, wide in enumerate((12, 16, 10, 60, 60)):
        sheet.set_column(index, wide)
    sheet.freeze_under(1)
    headings = ("编号 Id", "工作表 Sheet", "单元格 Cell", "问题与处理", "Problem and what to do")
    sheet.write(1, [(text, looks.of(sheet.out, "own heading")) for text in headings], height(()))
    for number, found in enumerate(problems, 2):
        colour = {"error": WORDS["rejected"][1], "warning": WORDS["held"][1]}.get(found["severity"], "F2F2F2")
        texts = (
            found["id"],
            found["sheet"],
            found["cell"] or found["row"],
            "\n".join((found["zh"], found["fix_zh"], *suggestion(found))),
            f"{found['en']}\n{found['fix_en']}",
        )
        cells = [(text, looks.of(sheet.out, "own", colour)) for text in texts]
        sheet.write(number, cells, height((text, 60) for text in texts[-2:]))
