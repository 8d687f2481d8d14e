"""A template as a workbook: headings with notes, text columns, drop-down lists, the example row."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cebd.disk import write_file
from cebd.documents.templates.content import CODE_SHEET, MARK_HEADING, Column, Page, pages, tables
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.messages.description import MessageType
from cebd.plain import columns_of
from cebd.rules.codes import PUBLISHED, Tables

_OWN, _EXAMPLE_ROW = "404040", "FFF7E0"
_COLOURS = {  # heading by part and whether it must be filled: dark headings must
    ("head", True): "1F4E78",
    ("head", False): "DDEBF7",
    ("line", True): "375623",
    ("line", False): "E2EFDA",
}
_LAST_CHOICE_ROW = 20_000  # drop-down lists reach so far down
_MAX_LIST_CHARACTERS = 255  # of choices written into the cell's own rule; longer lists stand on a sheet
_NARROWEST, _WIDEST = 9, 34


def write_template(path: Path, message: MessageType, *, flat: bool = False, codes: Tables = PUBLISHED) -> None:
    """Write the template of that declaration. Raises OSError."""
    from openpyxl import Workbook

    sheets = pages(message, flat=flat, codes=codes)
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "cebd"
    book.properties.title = f"{message.zh} {message.code}"
    for page in sheets:
        book.create_sheet(page.title)
    ranges = _write_codes(book, tables(sheets))
    for page in sheets:
        _write_page(book[page.title], page, ranges)
    content = io.BytesIO()
    book.save(content)
    write_file(path, content.getvalue())


def _write_codes(book: Any, named: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The code tables on a hidden sheet, code beside name; gives the range of each table's codes."""
    ranges: dict[str, str] = {}
    if not named:
        return ranges
    sheet = book.create_sheet(CODE_SHEET)
    sheet.sheet_state = "hidden"  # hidden sheets are not read
    for nth, (table, known) in enumerate(named.items()):
        at = 3 * nth + 1
        _text_cell(sheet, 1, at, table)
        for row, (code, name) in enumerate(known.items(), 2):
            _text_cell(sheet, row, at, code)
            _text_cell(sheet, row, at + 1, name)
        letter = sheet.cell(1, at).column_letter
        sheet.column_dimensions[sheet.cell(1, at + 1).column_letter].width = 28
        ranges[table] = f"'{CODE_SHEET}'!${letter}$2:${letter}${len(known) + 1}"
    return ranges


def _write_page(sheet: Any, page: Page, ranges: dict[str, str]) -> None:
    _write_heading(sheet, 1, MARK_HEADING, _OWN, page.mark_note, dark=True)
    _text_cell(sheet, 2, 1, EXAMPLE)
    sheet.column_dimensions["A"].width = 16
    for at, column in enumerate(page.columns, 2):
        colour = _COLOURS[column.field.part, column.required]
        _write_heading(sheet, at, column.heading, colour, column.note, dark=column.required)
        letter = sheet.cell(1, at).column_letter
        sheet.column_dimensions[letter].width = _width(column)
        if column.field.kind == "text":
            sheet.column_dimensions[letter].number_format = "@"
            _text_cell(sheet, 2, at, column.example)
        elif column.example:
            sheet.cell(2, at, float(column.example) if column.field.kind == "decimal" else int(column.example))
        _add_list(sheet, letter, column, ranges)
    _dress_example(sheet, len(page.columns) + 1)
    sheet.row_dimensions[1].height = 36
    sheet.freeze_panes = "A2"


def _text_cell(sheet: Any, row: int, at: int, text: str) -> None:
    cell = sheet.cell(row, at, text or None)
    cell.number_format = "@"


def _write_heading(sheet: Any, at: int, text: str, colour: str, note: str, *, dark: bool) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell = sheet.cell(1, at, text)
    cell.font = Font(name="Calibri", bold=True, color="FFFFFF" if dark else "000000")
    cell.fill = PatternFill("solid", fgColor=colour)
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    side = Side("thin", color="BFBFBF")
    cell.border = Border(left=side, right=side, top=side, bottom=side)
    lines = sum(1 + columns_of(line) // 56 for line in note.split("\n"))
    cell.comment = Comment(note, "cebd", width=380, height=min(24 + 17 * lines, 420))


def _dress_example(sheet: Any, columns: int) -> None:
    from openpyxl.styles import Border, Font, PatternFill, Side

    side = Side("thin", color="E5D9B6")
    for at in range(1, columns + 1):
        cell = sheet.cell(2, at)
        cell.fill = PatternFill("solid", fgColor=_EXAMPLE_ROW)
        cell.font = Font(name="Calibri", italic=True, color="7F6000", bold=cell.value == EXAMPLE)
        cell.border = Border(left=side, right=side, top=side, bottom=side)


def _add_list(sheet: Any, letter: str, column: Column, ranges: dict[str, str]) -> None:
    """A drop-down list of the codes. It warns of others and lets them pass: a table may be older than the customs' own."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if not column.choices:
        return
    listed = f'"{",".join(column.choices)}"'
    inline = column.field.closed and len(listed) <= _MAX_LIST_CHARACTERS
    rule = DataValidation(
        type="list",
        formula1=listed if inline else ranges[column.field.table or ""],
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="warning",
        errorTitle="代码 Code",
        error="列表中没有这个代码，仍要填写吗？ The list does not have this code.",
    )
    rule.add(f"{letter}2:{letter}{_LAST_CHOICE_ROW}")
    sheet.add_data_validation(rule)


def _width(column: Column) -> float:
    """Wide enough for the heading's lines and the example."""
    texts = (*column.heading.split("\n"), column.example)
    return float(min(max(*(columns_of(text) + 3 for text in texts), _NARROWEST), _WIDEST))
