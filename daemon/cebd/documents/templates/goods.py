"""The goods archive in a template: a sheet of item numbers with what customs accepted for them, and a list to choose the number from.

It is there to be looked at and copied from; nothing is filled in of it (docs/decisions/goods-archive.md), and the sheet is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cebd.documents.templates.content import Page
from cebd.documents.workbooks.own_marks import GOODS_SHEET

ITEM = "itemNo"
_HEADINGS = {
    ITEM: "企业商品货号",
    "gcode": "商品编码",
    "unit": "计量单位",
    "unit1": "法定计量单位",
    "unit2": "第二计量单位",
    "country": "原产国（地区）",
    "itemRecordNo": "账册备案料号",
}
_NOTE = "海关已放行的清单中用过的值，供核对和复制；有过两种值的留空。改动此表不会申报。"
_NOTE_EN = "What lists that customs released had; to look at and to copy. Empty where there were two values. This sheet is not declared."
_LAST_ROW = 20_000


class Goods(NamedTuple):
    """An item number, and by element what customs accepted for it; without those of which there were several."""

    item_no: str
    accepted: Mapping[str, str]


def write_goods(book: Any, goods: Sequence[Goods], elements: Sequence[str]) -> None:
    """The sheet, behind the others; only columns that the declaration has."""
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.styles import Font, PatternFill

    sheet = book.create_sheet(GOODS_SHEET)
    sheet.append([f"{_NOTE} {_NOTE_EN}"])
    names = [name for name in _HEADINGS if name == ITEM or name in elements]
    sheet.append([f"{_HEADINGS[name]}\n{name}" for name in names])
    for cell in sheet[2]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E2EFDA")
        sheet.column_dimensions[cell.column_letter].width = 18
        sheet.column_dimensions[cell.column_letter].number_format = "@"
    for one in goods:
        sheet.append([one.item_no, *(one.accepted.get(name, "") for name in names[1:])])
        for cell in sheet[sheet.max_row]:
            cell.number_format = "@"
    sheet.freeze_panes = "B3"
    sheet.auto_filter.ref = f"A2:{sheet.cell(2, len(names)).column_letter}{len(goods) + 2}"


def add_goods_list(sheet: Any, page: Page, count: int) -> None:
    """Item numbers to choose from, where the sheet has a column for them; others may be written as well."""
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.worksheet.datavalidation import DataValidation

    for at, column in enumerate(page.columns, 2):
        if column.field.name != ITEM:
            continue
        letter = sheet.cell(1, at).column_letter
        rules = sheet.data_validations.dataValidation
        rules[:] = [rule for rule in rules if f"{letter}2" not in rule.sqref]
        source = f"'{GOODS_SHEET}'!$A$3:$A${count + 2}"
        rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
        sheet.add_data_validation(rule)
