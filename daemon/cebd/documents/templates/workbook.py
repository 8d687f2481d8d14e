"""A template as a workbook: headings with notes, text columns, drop-down lists, the example row."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cebd.cell_names import column_letters
from cebd.disk.files import write_file
from cebd.documents.reading.cells.understood import digits_of_day
from cebd.documents.templates import flags
from cebd.documents.templates.across_rows import Rows, across_rows
from cebd.documents.templates.content import CODE_SHEET, MARK_HEADING, Column, Page, choice, pages, tables
from cebd.documents.templates.goods import ITEM, Goods, add_goods_list, write_goods
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.messages.description import MessageType
from cebd.plain import columns_of
from cebd.rules.codes.tables import PUBLISHED, Tables
from cebd.rules.figures import Figures
from cebd.rules.figures import figures as published_figures

_OWN, _EXAMPLE_ROW = "404040", "FFF7E0"
_COLOURS = {  # heading by part and whether it must be filled: dark headings must
    ("head", True): "1F4E78",
    ("head", False): "DDEBF7",
    ("line", True): "375623",
    ("line", False): "E2EFDA",
}
_WRONG, _WRONG_TEXT, _LACKING = "FFC7CE", "9C0006", "FFEB9C"
_MAX_LIST_CHARACTERS = 255  # of choices written into the cell's own rule; longer lists stand on a sheet
_NARROWEST, _WIDEST = 9, 34


def write_template(
    path: Path,
    message: MessageType,
    *,
    flat: bool = False,
    codes: Tables = PUBLISHED,
    defaults: Mapping[str, str] | None = None,
    goods: Sequence[Goods] = (),
    figures: Figures | None = None,
) -> None:
    """Write the template of that declaration. `defaults`: what the enterprise's settings fill in (`content.pages`); `goods`: its archive,
    for a sheet to choose from; `figures`: those of the rules, the published ones where none are given. Raises OSError.
    """
    from openpyxl import Workbook

    sheets = pages(message, flat=flat, codes=codes, defaults=defaults or {})
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "cebd"
    book.properties.title = f"{message.zh} {message.code}"
    for page in sheets:
        book.create_sheet(page.title)
    ranges = _write_codes(book, tables(sheets))
    for page in sheets:
        _write_page(book[page.title], page, ranges)
        _flag(book[page.title], page)
    _flag_across(book, across_rows(message, sheets, list(map(_letters, sheets)), figures or published_figures()))
    if goods and any(column.field.name == ITEM for page in sheets for column in page.columns):
        for page in sheets:
            add_goods_list(book[page.title], page, len(goods))
        write_goods(book, goods, [field.name for field in message.line_fields])
    content = io.BytesIO()
    book.save(content)
    write_file(path, content.getvalue())


def _write_codes(book: Any, named: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The code tables on a hidden sheet: as lists offer them, then code and name; gives the range that each table's list offers."""
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.workbook.defined_name import DefinedName

    ranges: dict[str, str] = {}
    if not named:
        return ranges
    sheet = book.create_sheet(CODE_SHEET)
    sheet.sheet_state = "hidden"  # hidden sheets are not read
    for nth, (table, known) in enumerate(named.items()):
        at = 4 * nth + 1
        _text_cell(sheet, 1, at, table)
        for row, (code, name) in enumerate(known.items(), 2):
            _text_cell(sheet, row, at, choice(code, name))
            _text_cell(sheet, row, at + 1, code)
            _text_cell(sheet, row, at + 2, name)
        offered, code_column = (sheet.cell(1, column).column_letter for column in (at, at + 1))
        sheet.column_dimensions[offered].width = 28
        last = len(known) + 1
        ranges[table] = f"'{CODE_SHEET}'!${offered}$2:${offered}${last}"
        book.defined_names[_range_name(table)] = DefinedName(
            _range_name(table), attr_text=f"'{CODE_SHEET}'!${code_column}$2:${code_column}${last}"
        )
    return ranges


def _range_name(table: str) -> str:
    """The name of the range of a table's codes: conditional formats take no other sheet but by a name."""
    return "cebd_" + re.sub(r"\W", "_", table)


def _flag(sheet: Any, page: Page) -> None:
    """Colour what is wrong, and what is missing (`flags`)."""
    letters = {column.field.name: sheet.cell(1, at).column_letter for at, column in enumerate(page.columns, 2)}
    first, last = (sheet.cell(1, at).column_letter for at in (2, len(page.columns) + 1))
    for at, column in enumerate(page.columns, 2):
        letter, field = sheet.cell(1, at).column_letter, column.field
        named = _range_name(field.table) if field.table and not field.closed else None
        formula = flags.mistake(field, letter, dict.fromkeys(column.choices, ()), named)
        if formula is not None:
            _colour(sheet, letter, formula, lacking=False)
        if column.required:
            _colour(sheet, letter, flags.missing(letter, first, last), lacking=True)
    for letter, formula in flags.sums(letters):
        _colour(sheet, letter, formula, lacking=False)


def _flag_across(book: Any, rows: Rows) -> None:
    """Colour what is wrong of several rows together (`across_rows`)."""
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.workbook.defined_name import DefinedName

    for called, range_ in rows.names.items():
        book.defined_names[called] = DefinedName(called, attr_text=range_)
    for flag in rows.flags:
        _colour(book[flag.sheet], flag.letter, flag.formula, lacking=flag.lacking)


def _letters(page: Page) -> list[str]:
    return [column_letters(at) for at in range(1, len(page.columns) + 1)]


def _colour(sheet: Any, letter: str, formula: str, *, lacking: bool) -> None:
    """Have the column's cells coloured, as wrong or as lacking, where the formula of their row holds."""
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import Font, PatternFill

    fill = PatternFill(bgColor=_LACKING if lacking else _WRONG)
    rule = FormulaRule(formula=[formula], fill=fill, font=None if lacking else Font(color=_WRONG_TEXT))  # type: ignore[no-untyped-call]
    sheet.conditional_formatting.add(f"{letter}2:{letter}{flags.LAST_ROW}", rule)


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
        _add_rule(sheet, letter, column, ranges)
    _dress_example(sheet, len(page.columns) + 1)
    sheet.row_dimensions[1].height = 36
    sheet.freeze_panes = "A2"


def _text_cell(sheet: Any, row: int, at: int, text: str) -> None:
    cell = sheet.cell(row, at, text or None)
    cell.number_format = "@"


def _write_heading(sheet: Any, at: int, text: str, colour: str, note: str, *, dark: bool) -> None:
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
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
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.styles import Border, Font, PatternFill, Side

    side = Side("thin", color="E5D9B6")
    for at in range(1, columns + 1):
        cell = sheet.cell(2, at)
        cell.fill = PatternFill("solid", fgColor=_EXAMPLE_ROW)
        cell.font = Font(name="Calibri", italic=True, color="7F6000", bold=cell.value == EXAMPLE)
        cell.border = Border(left=side, right=side, top=side, bottom=side)


def _add_rule(sheet: Any, letter: str, column: Column, ranges: dict[str, str]) -> None:
    """A drop-down list of the codes, each with its name; of other texts a limit of their length.

    A list lets other texts pass without a word: the code alone will do, and a table may be older than the customs' own.
    """
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.worksheet.datavalidation import DataValidation

    field = column.field
    if column.choices:
        listed = ",".join(choice(code, name) for code, name in column.choices.items())
        if ranges.get(field.table or "") is None and len(listed) > _MAX_LIST_CHARACTERS:
            return
        inline = len(listed) <= _MAX_LIST_CHARACTERS and (field.closed or not field.table)
        source = f'"{listed}"' if inline else ranges[field.table or ""]
        rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    elif field.kind == "text" and field.max_length and digits_of_day(field) is None:
        rule = DataValidation(
            type="textLength",
            operator="lessThanOrEqual",
            formula1=str(field.max_length),
            allow_blank=True,
            showErrorMessage=True,
            errorStyle="warning",
            errorTitle="太长 Too long",
            error=f"最多 {field.max_length} 个字符，仍要填写吗？ At most {field.max_length} characters.",
        )
    else:
        return
    rule.add(f"{letter}2:{letter}{flags.LAST_ROW}")
    sheet.add_data_validation(rule)


def _width(column: Column) -> float:
    """Wide enough for the heading's lines and the example."""
    texts = (*column.heading.split("\n"), column.example)
    return float(min(max(*(columns_of(text) + 3 for text in texts), _NARROWEST), _WIDEST))
