"""Headings: which column means which field, and what is said when that is not certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from cebd.messages.description import message_type
from workbooks import LINE_HEADINGS, Opened, a_workbook, an_inventory, an_order, some_settings, table


def test_title_rows_above_the_headings_are_no_orders(tmp_path: Path) -> None:
    rows = [["2026年3月订单明细"], ["制表：测试甲", None, "日期", "2026-03-04"], [], *table([an_order()])]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    assert opened.records[0].rows == (5,)


def test_headings_printed_again_on_every_page_are_no_orders(tmp_path: Path) -> None:
    rows = table([an_order("D-1"), an_order("D-2")])
    opened = Opened(a_workbook(tmp_path / "o.xlsx", [rows[0], rows[1], rows[0], rows[2]]))
    assert opened.ready == ["D-1", "D-2"]
    assert len(opened.records) == 2


def test_a_sheet_may_begin_below_and_right_of_a1(tmp_path: Path) -> None:
    rows = [[], [], *([None, None, *row] for row in table([an_order(单价="x")]))]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.found() == [("CEBD-1204", "AA4")]


@pytest.mark.parametrize(
    "heading",
    ["订单号", "Order number", "orderNo", "OrderHead/orderNo", "订单编号（必填）", "*订单 编号", "订单编号\nOrder No."],
)
def test_a_heading_is_known_by_label_alias_or_element(tmp_path: Path, heading: str) -> None:
    rows = table([an_order()])
    rows[0][0] = heading
    assert Opened(a_workbook(tmp_path / "o.xlsx", rows)).ready == ["D-0001"]


def test_where_only_trade_practice_decides_the_operator_is_told(tmp_path: Path) -> None:
    rows = table([an_order()])
    rows[0][rows[0].index("商品价格")] = "货款"
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    (told,) = opened.problems
    assert (told.id, told.severity, told.value) == ("CEBD-1014", "notice", "货款")
    assert "OrderHead/goodsValue" in told.zh


def test_a_plain_heading_wins_over_one_that_practice_only_might_mean(tmp_path: Path) -> None:
    rows = [[*row, "商品金额合计" if number == 0 else "1"] for number, row in enumerate(table([an_order()]))]
    rows[0][-1] = "货款"
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    assert [(one.id, one.value) for one in opened.problems] == [("CEBD-1006", "货款")]


def test_a_heading_that_may_mean_two_fields_is_asked_about_on_both_cells(tmp_path: Path) -> None:
    rows = [
        [*row, "币制" if number == 0 else "142", "币制" if number == 0 else "142"]
        for number, row in enumerate(table([an_order()]))
    ]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == []
    assert [(one.id, one.place.cell) for one in opened.problems] == [("CEBD-1005", "AB1"), ("CEBD-1005", "AC1")]


def test_a_mapping_says_which_of_two_headings_is_meant(tmp_path: Path) -> None:
    rows = [
        [*row, "币制" if number == 0 else "142", "币制" if number == 0 else "142"]
        for number, row in enumerate(table([an_order()]))
    ]
    columns = {"币制#1": "OrderHead/currency", "币制#2": "OrderList/currency"}
    settings = some_settings({"flat": {"type": "order", "columns": columns}})
    assert Opened(a_workbook(tmp_path / "o.xlsx", rows), settings).ready == ["D-0001"]


def test_an_unknown_column_is_said_and_left_out(tmp_path: Path) -> None:
    rows = [[*row, "内部备忘" if number == 0 else "x"] for number, row in enumerate(table([an_order()]))]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    assert [(one.id, one.place.cell) for one in opened.problems] == [("CEBD-1006", "AB1")]


def test_a_missing_required_column_is_said_once_and_keeps_every_order_back(tmp_path: Path) -> None:
    orders = [an_order("D-1"), an_order("D-2")]
    for order in orders:
        del order["收货人电话"]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(orders)))
    assert opened.ready == []
    assert [(one.id, one.field) for one in opened.problems] == [("CEBD-1004", "consigneeTelephone")]


def test_heads_and_lines_on_two_sheets_find_each_other(tmp_path: Path) -> None:
    order = an_order(商品价格="40", 代扣税款="0", 实际支付金额="40")
    heads = table([{name: value for name, value in order.items() if name not in LINE_HEADINGS}])
    lines = [{"订单编号": "D-0001", **{name: order[name] for name in LINE_HEADINGS}} for _ in range(2)]
    lines[1]["商品序号"] = "2"
    stray = {**lines[0], "订单编号": "D-9999"}
    book = a_workbook(tmp_path / "o.xlsx", heads, table([*lines, stray]), names=("订单", "商品"))
    opened = Opened(book)
    assert opened.ready == ["D-0001"]
    assert opened.records[0].xml.count("<ceb:OrderList>") == 2
    assert [(one.id, one.place.sheet, one.place.row) for one in opened.problems] == [("CEBD-1010", "商品", 4)]


def test_orders_on_several_sheets_are_all_declared(tmp_path: Path) -> None:
    sheets = [table([an_order("D-1")]), table([an_order("D-2")])]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", *sheets, names=("3月4日", "3月5日")))
    assert opened.ready == ["D-1", "D-2"]
    assert [record.place.sheet for record in opened.records] == ["3月4日", "3月5日"]


def test_a_sheet_with_headings_and_no_rows_is_said(tmp_path: Path) -> None:
    sheets = [table([an_order("D-1")]), table([an_order("D-2")])[:1]]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", *sheets))
    assert opened.ready == ["D-1"]
    assert [(one.id, one.place.sheet) for one in opened.problems] == [("CEBD-1019", "Sheet2")]


def test_sheets_that_are_not_declared_are_said(tmp_path: Path) -> None:
    notes = [["说明"], ["请勿修改表头"]]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()]), notes, table([an_inventory()]), []))
    assert opened.ready == ["D-0001"]
    assert [(one.id, one.place.sheet) for one in opened.problems] == [("CEBD-1018", "Sheet2"), ("CEBD-1017", "Sheet3")]


def test_an_inventory_list_is_told_from_an_order(tmp_path: Path) -> None:
    assert Opened(a_workbook(tmp_path / "i.xlsx", table([an_inventory()]))).type is message_type("inventory")
    assert Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()]))).type is message_type("order")


def test_the_inbox_folder_says_the_kind(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order()]))
    assert Opened(book, hint="order").ready == ["D-0001"]
    forced = Opened(book, hint="inventory")
    assert forced.type is message_type("inventory")
    assert forced.ready == []


def test_the_columns_of_a_receipt_workbook_are_not_asked_about(tmp_path: Path) -> None:
    rows = [[*row, "[cebd] 状态 State" if number == 0 else "未申报"] for number, row in enumerate(table([an_order()]))]
    about_the_file = [["编号 Id", "单元格 Cell", "问题", "Problem"], ["CEBD-1006", "AB1", "…", "…"]]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows, about_the_file, names=("Sheet1", "cebd 文件 File")))
    assert (opened.ready, opened.problems) == (["D-0001"], [])


def test_headings_printed_again_and_better_spelt_do_not_hide_the_rows_above(tmp_path: Path) -> None:
    rows = table([an_order("D-1"), an_order("D-2")])
    misspelt = ["某" + text if text == "订购人电话" else text for text in rows[0]]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", [misspelt, rows[1], rows[0], rows[2]]))
    assert ("CEBD-1006", "L1") in [(one.id, one.place.cell) for one in opened.problems]
    assert [record.rows[0] for record in opened.records][:1] == [2]


def test_a_warehouse_entry_needs_no_numbers_on_its_lines(tmp_path: Path) -> None:
    head = {
        "申报海关代码": "5208",
        "企业内部编号": "RK-1",
        "监管场所经营人代码": "9900000006",
        "监管场所经营人名称": "测试监管场所有限公司",
        "运输方式": "5",
        "运输工具编号": "CZ1",
        "航班航次号": "CZ1",
        "提运单号": "784-1",
        "物流企业代码": "9900000003",
        "物流企业名称": "测试物流有限公司",
    }
    flat = table([head | {"物流运单编号": "YD1"}, head | {"物流运单编号": "YD2"}])
    heads = table([head])
    lines = table([{"企业内部编号": "RK-1", "物流运单编号": "YD1"}, {"企业内部编号": "RK-1", "物流运单编号": "YD2"}])
    for sheets in ([flat], [heads, lines]):
        opened = Opened(a_workbook(tmp_path / "d.xlsx", *sheets))
        assert opened.type is message_type("delivery")
        assert [(record.ready, record.xml.count("<ceb:DeliveryList>")) for record in opened.records] == [(True, 2)]
