"""Rows brought together as records: amounts per line, order of lines, numbers that are missing, too long or merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook

from builders.papers import CASES
from builders.workbooks import Opened, a_workbook, an_inventory, an_order, some_settings, table
from cebd.messages.description import message_type

AMOUNTS = ["goodsValue", "freight", "discount", "taxTotal", "acturalPaid"]
PER_LINE = {
    "type": "order",
    "files": ["orders-flat*"],
    "sum_per_order": AMOUNTS,
    "columns": {
        "币制#1": "OrderHead/currency",
        "币制#2": "OrderList/currency",
        "法定数量": "-",
        "法定计量单位": "-",
        "海关商品编码(Hscode)": "-",
        "国检商品编号": "-",
    },
}
AS_FOUND = some_settings({"orders-flat": PER_LINE}, {"order": {"buyerRegNo": "{buyerTelephone}"}})


def values(xml: str, name: str) -> list[str]:
    """The texts of every element of that name, in order."""
    root = etree.fromstring(f'<r xmlns:ceb="urn:x">{xml}</r>')
    return [one.text or "" for one in root.iter(f"{{urn:x}}{name}")]


def an_export(path: Path) -> Path:
    """A flat export as shops make them: amounts stand per goods line, codes are numbers, 币制 stands twice, one order is two rows."""
    headings = [
        "订单编号",
        "电商平台代码",
        "电商平台名称",
        "电商企业代码",
        "电商企业名称",
        "商品价格",
        "运杂费",
        "非现金抵扣金额",
        "代扣税款",
        "实际支付金额",
        "币制",
        "订购人姓名",
        "订购人电话",
        "订购人证件类型",
        "订购人证件号码",
        "收货人姓名",
        "收货人电话",
        "收货地址",
        "商品序号",
        "企业商品名称",
        "数量",
        "计量单位",
        "法定数量",
        "法定计量单位",
        "原产国",
        "海关商品编码(Hscode)",
        "国检商品编号",
        "商品规格型号",
        "单价",
        "总价",
        "币制",
    ]

    def row(number: str, nth: int, qty: int, tax: float) -> list[Any]:
        value = 93 * qty
        shop = ["4407961999", "示例跨境电子商务有限公司"] * 2
        buyer = ["测试甲", "13000000000", 1, "999999199001010016", "测试甲", "13000000000", "测试路1号"]
        goods = [
            nth,
            f"奶粉{nth}段",
            qty,
            122,
            0.9 * qty,
            "035",
            601,
            "1901101000",
            2015617298,
            "900克/罐",
            93,
            value,
            142,
        ]
        return [number, *shop, value, 0, "0", tax, round(value + tax, 2), "142", *buyer, *goods]

    rows = [row("V1", 1, 3, 33.2), row("V2", 1, 2, 22.13), row("V2", 2, 4, 44.27), row("V3", 1, 6, 64.97)]
    return a_workbook(path, [headings, *rows])


# Flat exports


def test_a_flat_export_becomes_orders_with_summed_amounts_and_their_lines_in_order(tmp_path: Path) -> None:
    opened = Opened(an_export(tmp_path / "orders-flat.xlsx"), AS_FOUND)
    assert (opened.ready, opened.problems) == (["V1", "V2", "V3"], [])
    order = opened.records[1]
    assert order.rows == (3, 4)
    assert values(order.xml, "goodsValue") == ["558"]
    assert values(order.xml, "taxTotal") == ["66.40"]
    assert values(order.xml, "acturalPaid") == ["624.40"]
    assert values(order.xml, "discount") == ["0"]
    assert values(order.xml, "gnum") == ["1", "2"]
    assert values(order.xml, "itemName") == ["奶粉1段", "奶粉2段"]
    assert values(order.xml, "currency") == ["142", "142", "142"]
    assert values(order.xml, "country") == ["601", "601"]
    assert values(order.xml, "unit") == ["122", "122"]
    assert values(order.xml, "buyerRegNo") == ["13000000000"]


def test_without_a_mapping_nothing_of_a_flat_export_is_declared_and_each_question_is_on_its_cell(
    tmp_path: Path,
) -> None:
    opened = Opened(an_export(tmp_path / "orders-flat.xlsx"))
    assert opened.ready == []
    asked = {(one.id, one.place.cell) for one in opened.problems if one.severity == "error"}
    assert asked == {("CEBD-1005", "K1"), ("CEBD-1005", "AE1"), ("CEBD-1004", None)}
    assert {("CEBD-1013", "F4"), ("CEBD-1013", "I4"), ("CEBD-1013", "J4")} <= set(opened.found(1))


def test_the_export_as_it_was_found_is_declared_whole() -> None:
    opened = Opened(CASES / "orders-flat-as-found.xls", AS_FOUND)
    assert opened.ready == [
        "V8526018159", "V8821993518", "V8527601895", "V8907866661", "V8777741215", "V8338750047",
        "V8676122202", "V8205798682", "V8175989834", "V8672326865", "V8448347824", "V8014620168",
    ]  # fmt: skip
    assert opened.problems == []
    two_lines = [record for record in opened.records if len(record.rows) == 2]
    assert [record.rows for record in two_lines] == [(4, 5), (12, 13)]
    for order in two_lines:
        assert values(order.xml, "goodsValue") == ["558"]
        assert values(order.xml, "taxTotal") == ["66.40"]
        assert values(order.xml, "acturalPaid") == ["624.40"]
        assert values(order.xml, "totalPrice") == ["186", "372"]
        assert values(order.xml, "itemName") == ["bellamy婴儿奶粉1段900g", "Bellamy婴儿奶粉2段900g"]
    assert {values(record.xml, "country")[0] for record in opened.records} == {"601"}
    assert {text for record in opened.records for text in values(record.xml, "currency")} == {"142"}


def test_the_export_as_it_was_found_is_not_guessed_at_without_a_mapping() -> None:
    opened = Opened(CASES / "orders-flat-as-found.xls")
    assert opened.ready == []
    assert {("CEBD-1005", "K1"), ("CEBD-1005", "AE1")} <= {(one.id, one.place.cell) for one in opened.problems}
    assert {("CEBD-1013", "F5"), ("CEBD-1013", "I5"), ("CEBD-1013", "J5")} <= set(opened.found(2))


# Rows of one order


def test_rows_of_an_order_that_stand_apart_come_together(tmp_path: Path) -> None:
    first, second = an_order("D-1", 商品价格="40", 代扣税款="0", 实际支付金额="40"), an_order("D-2")
    later = {**first, "商品序号": "2", "企业商品货号": "SKU-2"}
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([first, second, later])))
    assert opened.ready == ["D-1", "D-2"]
    assert opened.records[0].rows == (2, 4)
    assert values(opened.records[0].xml, "itemNo") == ["SKU-1", "SKU-2"]


def test_rows_of_an_order_that_disagree_are_shown_both(tmp_path: Path) -> None:
    rows = [an_order("D-1"), an_order("D-1", 商品序号="2", 收货地址="别处")]
    assert ("CEBD-1013", "Q3") in Opened(a_workbook(tmp_path / "o.xlsx", table(rows))).found()


def test_buyers_who_disagree_are_not_named_by_their_whole_identity_numbers(tmp_path: Path) -> None:
    numbers = "310101199502234014", "440106199003034025"
    rows = [an_order("D-1", 订购人证件号码=number, 商品序号=str(gnum)) for gnum, number in enumerate(numbers, 1)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    (found,) = (one for record in opened.records for one in record.problems if one.id == "CEBD-1013")
    assert "3101**********4014" in found.zh
    assert not any(number in f"{found.zh}{found.en}{found.fix_zh}{found.fix_en}" for number in numbers)


def test_the_same_row_pasted_twice_is_not_declared(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order("D-1"), an_order("D-1")])))
    assert opened.ready == []
    assert {"CEBD-1303", "CEBD-1304"} <= {one.id for one in opened.records[0].problems}


def test_lines_are_numbered_where_the_sheet_does_not(tmp_path: Path) -> None:
    order = an_order("D-1", 商品价格="40", 代扣税款="0", 实际支付金额="40")
    del order["商品序号"]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([order, order])))
    assert values(opened.records[0].xml, "gnum") == ["1", "2"]


@pytest.mark.parametrize(("lines", "ready"), [(99, 1), (100, 0)])
def test_an_order_has_at_most_99_lines(tmp_path: Path, lines: int, ready: int) -> None:
    head = {"商品价格": str(20 * lines), "代扣税款": "0", "实际支付金额": str(20 * lines)}
    rows = [an_order("D-1", 商品序号=str(nth), **head) for nth in range(1, lines + 1)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert len(opened.ready) == ready
    assert ready or ("CEBD-1012", None) in opened.found()


def test_an_order_number_that_is_missing_is_named_on_its_cell(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(None), an_order("D-2")])))  # type: ignore[arg-type]
    assert opened.ready == ["D-2"]
    assert opened.found() == [("CEBD-1201", "A2")]


def test_all_that_is_wrong_with_an_order_is_said_at_once(tmp_path: Path) -> None:
    wrong = an_order(单价="十", 计量单位="999", 收货人电话=None, 订购人证件号码="1.10101E+17")
    found = Opened(a_workbook(tmp_path / "o.xlsx", table([wrong]))).found()
    assert set(found) == {("CEBD-1204", "Y2"), ("CEBD-1203", "W2"), ("CEBD-1201", "P2"), ("CEBD-1217", "M2")}


# Merged cells


def merged(path: Path, *ranges: str) -> Path:
    book = load_workbook(path)
    for one in ranges:
        book.active.merge_cells(one)  # type: ignore[union-attr]
    book.save(path)
    return path


def test_a_number_merged_over_its_goods_lines_holds_them_together(tmp_path: Path) -> None:
    order = an_order("D-1", 商品价格="40", 代扣税款="0", 实际支付金额="40")
    rows = table([order, {**order, "商品序号": "2"}, an_order("D-2")])
    heads = ["A", *"BCDEFGHIJKLMNOPQ"]
    book = merged(a_workbook(tmp_path / "o.xlsx", rows), *(f"{letter}2:{letter}3" for letter in heads))
    opened = Opened(book)
    assert opened.ready == ["D-1", "D-2"]
    assert values(opened.records[0].xml, "goodsValue") == ["40"]


def test_an_amount_merged_over_goods_lines_is_not_added_up_twice(tmp_path: Path) -> None:
    order = an_order("D-1", 商品价格="40", 代扣税款="0", 实际支付金额="40")
    book = merged(a_workbook(tmp_path / "o.xlsx", table([order, {**order, "商品序号": "2"}])), "F2:F3", "J2:J3")
    opened = Opened(book, some_settings({"flat": {"type": "order", "sum_per_order": AMOUNTS}}))
    assert opened.ready == ["D-1"]
    assert values(opened.records[0].xml, "acturalPaid") == ["40"]


# Numbers of inventory lists


def test_lists_without_a_number_of_their_own_are_not_declared_and_no_number_is_made_up(tmp_path: Path) -> None:
    inventory = an_inventory()
    del inventory["企业内部编号"]
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([inventory])))
    assert opened.ready == []
    assert [(one.id, one.field) for one in opened.problems] == [("CEBD-1004", "copNo")]


@pytest.fixture
def copied_number() -> Any:
    return some_settings(defaults={"inventory": {"copNo": "{orderNo}"}})


def test_the_settings_may_take_the_order_number_as_the_number_of_the_list(tmp_path: Path, copied_number: Any) -> None:
    first = {**an_inventory(), "件数": "2"}
    del first["企业内部编号"]
    second = {**first, "序号": "2"}
    other = {**first, "订单编号": "D-0002"}
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([first, second, other])), copied_number)
    assert opened.ready == ["D-0001", "D-0002"]
    assert values(opened.records[0].xml, "copNo") == ["D-0001"]
    assert opened.records[0].rows == (2, 3)


def test_an_order_number_too_long_for_the_list_is_named_on_its_cell(tmp_path: Path, copied_number: Any) -> None:
    inventory = an_inventory()
    del inventory["企业内部编号"]
    inventory["订单编号"] = "D-" + "1" * 19
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([inventory])), copied_number)
    assert [(one.id, one.field, one.place.cell) for one in opened.records[0].problems] == [("CEBD-1202", "copNo", "A2")]


def test_a_list_is_declared_and_not_only_stored(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([an_inventory()])))
    assert opened.ready == ["C-0001"]
    xml = opened.records[0].xml
    assert (values(xml, "appType"), values(xml, "appStatus"), values(xml, "ieFlag")) == (["1"], ["2"], ["I"])
    assert values(xml, "currency") == ["142", "142"]


def test_the_way_of_trade_is_never_assumed(tmp_path: Path) -> None:
    inventory = an_inventory()
    del inventory["贸易方式"]
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([inventory])))
    assert (opened.ready, [one.field for one in opened.problems]) == ([], ["tradeMode"])


@pytest.mark.parametrize(("mode", "ready"), [("9610", 1), ("1210", 1), ("1239", 1), ("0110", 0)])
def test_the_three_ways_of_trade_in_use_are_declared(tmp_path: Path, mode: str, ready: int) -> None:
    inventory = an_inventory(贸易方式=mode)
    if mode in ("1210", "1239"):
        inventory |= {"账册编号": "H1", "区内企业代码": "9900000005", "区内企业名称": "测试仓储", "账册备案料号": "7"}
        inventory["InventoryHead/country"] = "142"
    opened = Opened(a_workbook(tmp_path / "i.xlsx", table([inventory])))
    assert len(opened.ready) == ready


def test_a_default_fills_only_what_the_sheet_leaves_out(tmp_path: Path) -> None:
    settings = some_settings(defaults={"order": {"note": "默认", "ebpName": "别的平台"}})
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()])), settings)
    assert values(opened.records[0].xml, "note") == ["默认"]
    assert values(opened.records[0].xml, "ebpName") == ["测试平台有限公司"]


def test_a_code_that_is_weighed_down_is_declared_as_it_stands(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="999")]))
    assert Opened(book).found() == [("CEBD-1203", "W2")]
    warned = Opened(book, some_settings(rules={"CEBD-1203": "warning"}))
    assert (warned.ready, values(warned.records[0].xml, "unit")) == (["D-0001"], ["999"])


@pytest.mark.parametrize(
    ("cell", "text", "problem"),
    [
        ({"订购人证件类型": "护照护照"}, "护照护照", "CEBD-1206"),  # a closed value of one character
        ({"订单编号": "Ｄ" * 61}, "Ｄ" * 61, "CEBD-1202"),
        ({"OrderHead/currency": "502"}, "502", "CEBD-1207"),  # the schema itself names the only text
    ],
)
def test_what_no_schema_takes_is_named_on_its_cell_whatever_the_settings_tolerate(
    tmp_path: Path, cell: dict[str, str], text: str, problem: str
) -> None:
    tolerant = some_settings(rules={"CEBD-1207": "warning", "CEBD-1215": "off"})
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([{**an_order(), **cell}])), tolerant)
    (found,) = (one for one in opened.records[0].problems if one.severity == "error")
    assert (opened.ready, found.id, found.value) == ([], problem, text if len(text) <= 60 else text[:57] + "...")


def test_a_text_that_the_settings_tolerate_is_declared_if_the_schema_takes_it(tmp_path: Path) -> None:
    tolerant = some_settings(rules={"CEBD-1207": "warning", "CEBD-1215": "off"})
    book = a_workbook(tmp_path / "o.xlsx", table([{**an_order("Ｄ１"), "订购人证件类型": "2"}]))
    opened = Opened(book, tolerant)
    assert (opened.ready, values(opened.records[0].xml, "buyerIdType")) == (["Ｄ１"], ["2"])


def test_blanks_around_a_default_do_not_count(tmp_path: Path) -> None:
    opened = Opened(
        a_workbook(tmp_path / "o.xlsx", table([an_order()])), some_settings(defaults={"order": {"note": " 默认\n"}})
    )
    assert values(opened.records[0].xml, "note") == ["默认"]


def test_a_record_tells_which_elements_it_has(tmp_path: Path) -> None:
    half = {"数量": "1", "总价": "10"}
    rows = [an_order(条形码=None), an_order("D-2", **half), an_order("D-2", 商品序号="2", 条形码=None, **half)]
    first, second = Opened(a_workbook(tmp_path / "o.xlsx", table(rows))).records
    message = message_type("order")
    for record in (first, second):
        order = etree.fromstring(f'<r xmlns:ceb="urn:x">{record.xml}</r>')[0]
        fields = [message.head_fields, *[message.line_fields] * (len(order) - 1)]
        assert record.shape == bytes(
            part.find(f"{{urn:x}}{field.name}") is not None
            for part, of_part in zip(order, fields, strict=True)
            for field in of_part
            if field.name not in ("guid", "appTime")
        )
    assert len(second.shape) - len(first.shape) == len(message.line_fields)
    rejected = Opened(a_workbook(tmp_path / "p.xlsx", table([an_order(单价="x")]))).records[0]
    assert rejected.shape == b""


def test_a_value_that_cannot_be_declared_is_kept_back_whatever_the_settings_say(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(条形码="#N/A"), an_order("D-2", 单价="x")]))
    opened = Opened(book, some_settings(rules={"CEBD-1213": "off", "CEBD-1204": "warning"}))
    assert opened.ready == []


def test_a_small_x_is_named_on_its_cell_with_the_capital_one_beside_it(tmp_path: Path) -> None:
    opened = Opened(CASES / "N10-small-x.csv")
    assert [one for one in opened.found() if one[0] == "CEBD-1306"] == [("CEBD-1306", "M2")]
    (found,) = (one for one in opened.records[0].problems if one.id == "CEBD-1306")
    assert (found.severity, found.suggestion) == ("error", "99999919990101002X")
    assert opened.ready == ["N23-0002"]


def test_a_rule_may_be_weighed_down_and_switched_off(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(订购人证件号码="999999199001010017")]))
    assert Opened(book).found() == [("CEBD-1306", "M2")]
    warned = Opened(book, some_settings(rules={"CEBD-1306": "warning"}))
    assert (warned.ready, [one.severity for one in warned.records[0].problems]) == (["D-0001"], ["warning"])
    silent = Opened(book, some_settings(rules={"CEBD-1306": "off"}))
    assert (silent.ready, silent.found()) == (["D-0001"], [])


# Amounts stay what they are


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.decimals(min_value="0.00001", max_value="9999999", places=5), min_size=1, max_size=4))
def test_amounts_are_declared_as_written_and_summed_exactly(tmp_path: Path, prices: list[Any]) -> None:
    orders = []
    for nth, price in enumerate(prices, 1):
        text = format(price, "f")
        amounts = {"商品价格": text, "实际支付金额": text, "代扣税款": "0", "数量": "1", "单价": text, "总价": text}
        orders.append(an_order("D-1", 商品序号=str(nth), **amounts))
    opened = Opened(
        a_workbook(tmp_path / "o.xlsx", table(orders)),
        some_settings({"flat": {"type": "order", "sum_per_order": AMOUNTS}}, rules={"CEBD-1307": "off"}),
    )
    assert opened.ready == ["D-1"]
    assert values(opened.records[0].xml, "price") == [format(price, "f") for price in prices]
    assert values(opened.records[0].xml, "goodsValue") == [format(sum(prices), "f")]
