"""Rows in which only the goods are written: number, buyer and amounts stand on the row above."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders.workbooks import INVENTORY, LINE_HEADINGS, Opened, a_workbook, an_inventory, an_order, table

GOODS_OF_A_LIST = tuple(INVENTORY)[30:]


def goods_alone(row: dict[str, Any], *kept: str) -> dict[str, Any]:
    return {heading: value if heading in kept else None for heading, value in row.items()}


@pytest.mark.parametrize("orders", [1, 40])  # alone, and after many that stand as columns
def test_a_row_of_goods_alone_belongs_to_the_order_above_it(tmp_path: Path, orders: int) -> None:
    rows = [an_order(f"D-{nth:04d}") for nth in range(1, orders)]
    rows.append(an_order("D-9999", 商品价格="40", 实际支付金额="41.82"))
    rows.append(goods_alone(an_order(商品序号="2"), *LINE_HEADINGS))
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert opened.ready[-1] == "D-9999"
    assert opened.records[-1].xml.count("<ceb:OrderList>") == 2
    (told,) = (one for one in opened.problems if one.id == "CEBD-1082")
    assert (told.severity, told.value) == ("notice", str(orders + 2))


def test_a_list_is_never_declared_without_the_goods_below_it(tmp_path: Path) -> None:
    rows = [an_inventory("C-0001"), goods_alone(an_inventory(序号="2"), *GOODS_OF_A_LIST), an_inventory("C-0002")]
    rows[-1] |= {"订单编号": "D-0002", "物流运单编号": "W-0002"}
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table(rows)))
    assert [record.xml.count("<ceb:InventoryList>") for record in opened.records] == [2, 1]


@pytest.mark.parametrize("kept", [("总价",), ("企业商品名称", "总价"), ("订购人姓名", *LINE_HEADINGS)])
def test_what_may_be_another_thing_goes_on_with_nothing(tmp_path: Path, kept: tuple[str, ...]) -> None:
    rows = [an_order(), goods_alone(an_order(商品序号="2"), *kept)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert "CEBD-1082" not in {one.id for one in opened.problems}
    assert opened.records[0].xml.count("<ceb:OrderList>") == 1


def test_a_blank_row_between_them_parts_them(tmp_path: Path) -> None:
    rows = table([an_order(), goods_alone(an_order(商品序号="2"), *LINE_HEADINGS)])
    opened = Opened(a_workbook(tmp_path / "o.xlsx", [*rows[:2], [None] * len(rows[0]), rows[2]]))
    assert [one.id for one in opened.records[1].problems if one.field == "orderNo"] == ["CEBD-1201"]
