"""A receipt workbook in which somebody wrote another number over one that was declared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from builders.decided_books import book_of
from builders.desk import Desk
from cebd.trial.rows import order_rows, write_workbook

ORDERS = 40  # as many as are read side by side


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def corrected(
    desk: Desk, change: Callable[[Worksheet, int], None], orders: int = ORDERS
) -> list[tuple[str, list[str]]]:
    """States and problems of the receipt of some declared orders, dropped again after that change; it is given the numbers' column."""
    original = desk.folder / "o.xlsx"
    write_workbook(original, "order", list(order_rows(orders)))
    desk.convert(original)
    book = load_workbook(book_of(desk, original, desk.folder / "r.xlsx"))
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if str(cell.value).startswith("订单编号"))
    assert isinstance(column, int)
    change(sheet, column)
    book.save(desk.folder / "again.xlsx")
    return [(row["state"], row["ids"]) for row in desk.convert(desk.folder / "again.xlsx")]


@pytest.mark.parametrize("orders", [2, ORDERS])
def test_a_declared_order_is_not_declared_again_under_another_number(desk: Desk, orders: int) -> None:
    def change(sheet: Worksheet, column: int) -> None:
        sheet.cell(2, column).value = "T9999999999"

    found = corrected(desk, change, orders)
    assert sorted(found) == [("rejected", ["CEBD-1452"]), *[("repeat", ["CEBD-1403"])] * (orders - 1)]


def test_a_row_that_was_copied_is_another_order(desk: Desk) -> None:
    def change(sheet: Worksheet, column: int) -> None:
        last = sheet.max_row
        for cell in sheet[2]:
            sheet.cell(last + 1, cell.column).value = cell.value
        sheet.cell(last + 1, column).value = "T9999999999"

    assert ("ready", []) in corrected(desk, change)


def test_an_order_that_was_never_declared_may_get_another_number(desk: Desk) -> None:
    original = desk.folder / "o.xlsx"
    write_workbook(original, "order", [row | {"line.unit": "盒子"} for row in order_rows(1)])
    assert [row["state"] for row in desk.convert(original)] == ["rejected"]
    book = load_workbook(book_of(desk, original, desk.folder / "r.xlsx"))
    for cell in book.worksheets[0][2]:
        heading = str(book.worksheets[0].cell(1, cell.column).value)
        cell.value = {"订单编号": "T9999999999", "单位": "122"}.get(heading.split("\n", maxsplit=1)[0], cell.value)
    book.save(desk.folder / "again.xlsx")
    assert [row["state"] for row in desk.convert(desk.folder / "again.xlsx")] == ["ready"]
