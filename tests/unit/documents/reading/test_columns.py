"""Headings: which column means which field, and what is said when that is not certain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders.workbooks import LINE_HEADINGS, Opened, a_workbook, an_inventory, an_order, some_settings, table
from cebd.documents.reading.headings import Heading, plain
from cebd.messages.description import message_type


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
    [
        "订单号",
        "Order number",
        "orderNo",
        "OrderHead/orderNo",
        "订单编号（必填）",
        "*订单 编号",
        "订单编号\nOrder No.",
        "1.订单编号",
        "12、★订单编号（必填）",
    ],
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
    assert told.zh == "列“货款”按“商品价格”申报"
    assert "OrderHead/goodsValue" in told.en


@pytest.mark.parametrize("heading", ["起运国（地区）", "起运国(地区)"])
def test_a_label_of_the_specification_is_no_guess_whatever_its_brackets(heading: str) -> None:
    field = message_type("inventory").field("head", "country")
    assert not Heading(0, heading, (field,), spelling=plain(heading)).is_unsure(field)


def test_a_plain_heading_wins_over_one_that_practice_only_might_mean(tmp_path: Path) -> None:
    rows = [[*row, "商品金额合计" if number == 0 else "1"] for number, row in enumerate(table([an_order()]))]
    rows[0][-1] = "货款"
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    assert [(one.id, one.value) for one in opened.problems] == [("CEBD-1006", "货款")]


def test_two_columns_of_one_field_are_named_with_each_other_and_asked_about(tmp_path: Path) -> None:
    rows = [[*row, "货款" if number == 0 else "20"] for number, row in enumerate(table([an_order()]))]
    rows[0][rows[0].index("商品价格")] = "商品总金额"
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == []
    assert [one.zh for one in opened.problems if one.id == "CEBD-1005"] == [
        "列名“商品总金额”可以是“商品价格”，列“货款”也可以是，不作猜测",
        "列名“货款”可以是“商品价格”，列“商品总金额”也可以是，不作猜测",
    ]
    assert "CEBD-1090" in {one.id for one in opened.problems}  # a workbook asks what the columns are


def test_a_heading_that_may_mean_two_fields_is_asked_about_on_both_cells(tmp_path: Path) -> None:
    rows = [
        [*row, "币制" if number == 0 else "142", "币制" if number == 0 else "142"]
        for number, row in enumerate(table([an_order()]))
    ]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == []
    unclear = [one for one in opened.problems if one.id == "CEBD-1005"]
    assert [one.place.cell for one in unclear] == ["AB1", "AC1"]
    assert unclear[0].zh == "列名“币制”可以是“表头币制”、“表体币制”，不作猜测"


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


def test_a_missing_column_is_said_together_with_the_unknown_one_that_may_be_it(tmp_path: Path) -> None:
    orders = [an_order("D-1"), an_order("D-2")]
    named = [{"收货人电话号码机": order.pop("收货人电话"), **order} for order in orders]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(named)))
    found = opened.problems[0]
    assert "CEBD-1006" not in [one.id for one in opened.problems]
    assert (found.id, found.field, found.place.cell) == ("CEBD-1004", "consigneeTelephone", "A1")
    assert "列“收货人电话号码机”不认识，是不是它？" in found.zh


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
    assert ("CEBD-1004", "L1") in [(one.id, one.place.cell) for one in opened.problems]
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


class TestNothingIsPassedOverInSilence:
    def test_a_row_of_data_above_the_headings_is_said_and_not_declared(self, tmp_path: Path) -> None:
        headings, first, second = table([an_order("D-1001"), an_order("D-1002")])
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [first, headings, second], names=("三月",)))
        assert opened.ready == ["D-1002"]
        (told,) = opened.problems
        assert (told.id, told.severity, told.place.sheet, told.place.row) == ("CEBD-1031", "warning", "三月", 1)

    def test_several_rows_of_data_above_the_headings_are_said_in_one_sentence(self, tmp_path: Path) -> None:
        headings, *orders = table([an_order(f"D-{number}") for number in range(1001, 1006)])
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [*orders[:4], headings, orders[4]]))
        assert [(one.id, one.value) for one in opened.problems] == [("CEBD-1031", "1-4")]

    def test_a_row_of_data_with_some_mistakes_is_still_taken_for_one(self, tmp_path: Path) -> None:
        headings, first, second = table([an_order("D-1001", 数量="两", 单价="x", 订购人电话=None), an_order("D-1002")])
        assert Opened(a_workbook(tmp_path / "o.xlsx", [first, headings, second])).said() == ["CEBD-1031"]

    def test_a_goods_line_above_the_headings_of_its_sheet_is_said(self, tmp_path: Path) -> None:
        order = an_order("D-1001")
        heads = table([{name: value for name, value in order.items() if name not in LINE_HEADINGS}])
        headings, line = table([{"订单编号": "D-1001", **{name: order[name] for name in LINE_HEADINGS}}])
        book = a_workbook(tmp_path / "o.xlsx", heads, [line, headings, line], names=("订单", "商品"))
        assert [(one.id, one.place.sheet) for one in Opened(book).problems] == [("CEBD-1031", "商品")]

    @pytest.mark.parametrize(
        "above",
        [
            [["示例跨境电子商务有限公司2026年3月订单明细"]],
            [["订单明细"], ["制表：测试甲", None, None, "日期", "2026-03-04"]],
            [["订单信息", *[None] * 9, "订购人信息", *[None] * 6, "商品信息"]],
            [["打印日期", "2026-03-04 10:00:00"], [], [None, "第 1 页"]],
        ],
        ids=["a title", "who and when", "merged banners", "a date of printing"],
    )
    def test_a_title_above_the_headings_needs_no_word(self, tmp_path: Path, above: list[list[Any]]) -> None:
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [*above, *table([an_order()])]))
        assert (opened.ready, opened.problems) == (["D-0001"], [])

    def test_a_row_of_instructions_above_the_headings_is_noticed_and_not_taken_for_data(self, tmp_path: Path) -> None:
        headings, order = table([an_order()])
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [["必填"] * len(headings), headings, order]))
        assert [(one.id, one.severity, one.value) for one in opened.problems] == [("CEBD-1032", "notice", "1")]

    @pytest.mark.parametrize("word", ["合计", "合 计：", "总计", "小计:40.00", "共 2 单", "Total", "本页小计"])
    def test_a_row_of_totals_is_never_declared_and_always_named(self, tmp_path: Path, word: str) -> None:
        headings, *orders = table([an_order("D-1"), an_order("D-2")])
        total: list[Any] = [None] * len(headings)
        total[0], total[headings.index("商品价格")], total[headings.index("数量")] = word, 40, "4"
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [headings, *orders, total]))
        assert (opened.ready, len(opened.records)) == (["D-1", "D-2"], 2)
        assert [(one.id, one.severity, one.place.row) for one in opened.problems] == [("CEBD-1035", "notice", 4)]

    def test_a_word_for_a_total_in_another_column_is_known_where_all_else_are_figures(self, tmp_path: Path) -> None:
        headings, *orders = table([an_order("D-1"), an_order("D-2")])
        total: list[Any] = [None] * len(headings)
        total[headings.index("企业商品名称")], total[headings.index("总价")] = "合计", "￥40.00"
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [headings, orders[0], total, orders[1], total]))
        assert (opened.ready, len(opened.records)) == (["D-1", "D-2"], 2)
        assert [(one.id, one.value) for one in opened.problems] == [("CEBD-1035", "3, 5")]

    def test_settings_that_fill_in_everything_else_do_not_make_a_declaration_of_a_total(self, tmp_path: Path) -> None:
        defaults = {"logisticsCode": "9900000003", "logisticsName": "测试物流有限公司", "logisticsStatus": "S"}
        settings = some_settings(defaults={"CEB513": {**defaults, "logisticsTime": "20260304100000"}})
        headings = ["物流运单编号", "物流企业代码", "物流企业名称", "物流签收状态"]
        rows: list[list[Any]] = [headings, ["W-0001", None, None, None], ["合计", None, None, None]]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", rows), settings, hint="CEB513")
        assert [record.key for record in opened.records if record.ready] == [("W-0001", "9900000003", "S")]
        assert (len(opened.records), opened.said()[-1]) == (1, "CEBD-1035")

    def test_totals_below_each_order_keep_its_goods_together(self, tmp_path: Path) -> None:
        lines = [an_order("D-1", 商品序号=str(nth), 商品价格="40", 代扣税款="0", 实际支付金额="40") for nth in (1, 2)]
        headings, first, second = table(lines)
        subtotal = ["小计", *[None] * (len(headings) - 1)]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [headings, first, subtotal, second, subtotal]))
        assert (opened.ready, opened.gathered) == (["D-1"], False)
        assert opened.records[0].rows == (2, 4)

    def test_totals_below_the_heads_and_below_the_lines_are_named_on_their_sheets(self, tmp_path: Path) -> None:
        order = an_order("D-1001")
        heads = table([{name: value for name, value in order.items() if name not in LINE_HEADINGS}])
        lines = table([{"订单编号": "D-1001", **{name: order[name] for name in LINE_HEADINGS}}])
        book = a_workbook(tmp_path / "o.xlsx", [*heads, ["合计"]], [*lines, ["合计", 1]], names=("订单", "商品"))
        opened = Opened(book)
        assert opened.ready == ["D-1001"]
        assert {(one.id, one.place.sheet, one.place.row) for one in opened.problems} == {
            ("CEBD-1035", "订单", 3),
            ("CEBD-1035", "商品", 3),
        }

    def test_goods_called_total_are_goods(self, tmp_path: Path) -> None:
        opened = Opened(
            a_workbook(tmp_path / "o.xlsx", table([an_order("D-1", 企业商品名称="Total"), an_order("T-2")]))
        )
        assert (opened.ready, opened.problems) == (["D-1", "T-2"], [])

    def test_goods_without_a_number_are_no_total_whatever_they_are_called(self, tmp_path: Path) -> None:
        rows = table([an_order("D-1"), an_order("D-2", 订单编号=None, 企业商品名称="Total")])
        opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
        assert (opened.ready, len(opened.records), opened.problems) == (["D-1"], 2, [])

    def test_of_a_thousand_totals_the_first_are_named_and_all_are_counted(self, tmp_path: Path) -> None:
        headings, *orders = table([an_order(f"D-{number}") for number in range(1000)])
        total = ["小计", *[None] * (len(headings) - 1)]
        rows = [headings, *(row for order in orders for row in (order, total))]
        (told,) = Opened(a_workbook(tmp_path / "o.xlsx", rows)).problems
        assert told.value == "3, 5, 7, 9, 11, 13, 15, 17 … (1000)"

    def test_filled_columns_without_a_heading_are_named_by_their_letters(self, tmp_path: Path) -> None:
        headings, *orders = table([an_order("D-1"), an_order("D-2"), an_order("D-3")])
        rows = [
            [headings[0], None, *headings[1:]],
            *(
                [row[0], "x" if nth == 1 else None, *row[1:], *(["备用", 0] if nth == 2 else [])]
                for nth, row in enumerate(orders)
            ),
        ]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
        assert opened.ready == ["D-1", "D-2", "D-3"]
        (told,) = opened.problems
        assert (told.id, told.severity, told.value) == ("CEBD-1033", "notice", "B, AC, AD")

    def test_blank_columns_without_a_heading_need_no_word(self, tmp_path: Path) -> None:
        rows = [[row[0], None, *row[1:], " ", None] for row in table([an_order()])]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
        assert (opened.ready, opened.problems) == (["D-0001"], [])

    def test_what_was_passed_over_is_said_once_when_scattered_rows_make_the_sheet_be_read_anew(
        self, tmp_path: Path
    ) -> None:
        rows = [
            [*row, "x" if number else None]
            for number, row in enumerate(table([an_order("D-1"), an_order("D-2"), an_order("D-1")]))
        ]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", [*rows, ["合计"]]))
        assert opened.gathered
        assert opened.said() == ["CEBD-1035", "CEBD-1033"]
