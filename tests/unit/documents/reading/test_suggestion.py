"""What is offered for a wrong value, and where nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builders.workbooks import Opened, a_workbook, an_inventory, an_order, some_settings, table
from cebd.documents.reading.cells.suggestion import code_of, suggested
from cebd.messages.description import Field, message_type

ORDER, INVENTORY = message_type("order"), message_type("inventory")
NUMBER = ORDER.field("head", "orderNo")
IDENTITY = ORDER.field("head", "buyerIdNumber")
AMOUNT = ORDER.field("head", "goodsValue")
PLACE_IN_LIST = ORDER.field("line", "gnum")
COUNTRY = ORDER.field("line", "country")
UNIT = ORDER.field("line", "unit")
CURRENCY = ORDER.field("line", "currency")
COMMODITY = INVENTORY.field("line", "gcode")
DAY = INVENTORY.field("head", "declTime")
MOMENT = message_type("payment").field("head", "payTime")


@pytest.mark.parametrize(
    ("field", "problem", "text", "offered"),
    [
        (NUMBER, "CEBD-1215", "ＤＤ－１２", "DD-12"),
        (NUMBER, "CEBD-1215", "D\u200b1\u00a02", "D12"),
        (NUMBER, "CEBD-1215", "'0012", "0012"),
        (NUMBER, "CEBD-1215", "D1\nD2", None),
        (IDENTITY, "CEBD-1215", "９99999199001010016", None),
        (AMOUNT, "CEBD-1204", "1,234.50", "1234.50"),
        (AMOUNT, "CEBD-1204", "1，234，567", "1234567"),
        (AMOUNT, "CEBD-1204", "￥12.5", "12.5"),
        (AMOUNT, "CEBD-1204", "１２．５元", "12.5"),
        (AMOUNT, "CEBD-1204", "12,50", None),
        (AMOUNT, "CEBD-1204", "1 2", None),
        (AMOUNT, "CEBD-1204", "$12", None),
        (AMOUNT, "CEBD-1204", "1.2E+3", None),
        (PLACE_IN_LIST, "CEBD-1210", "2.0", "2"),
        (PLACE_IN_LIST, "CEBD-1210", "1.5", "1.5"),
        (UNIT, "CEBD-1218", "35", "035"),
        (COMMODITY, "CEBD-1218", "409000000", "0409000000"),
        (COMMODITY, "CEBD-1206", "1901.10.10.00", "1901101000"),
        (COUNTRY, "CEBD-1220", "日本", "116"),
        (COUNTRY, "CEBD-1220", "japan", "116"),
        (UNIT, "CEBD-1220", "千克", "035"),
        (CURRENCY, "CEBD-1220", "人民币", "142"),
        (UNIT, "CEBD-1220", "大盒", None),
        (DAY, "CEBD-1223", "2026-01-05", "20260105"),
        (DAY, "CEBD-1223", "2026年1月5日", "20260105"),
        (DAY, "CEBD-1223", "20260105102030", "20260105"),
        (DAY, "CEBD-1316", "5/1/2026", None),
        (DAY, "CEBD-1223", "05/01/2026", None),
        (DAY, "CEBD-1223", "25/01/2026", "20260125"),
        (DAY, "CEBD-1223", "01/25/2026", "20260125"),
        (DAY, "CEBD-1223", "25.1.2026", "20260125"),
        (DAY, "CEBD-1223", "２０２６０１０５", "20260105"),
        (DAY, "CEBD-1223", "２０２６１３０５", None),
        (DAY, "CEBD-1223", "5-Jan-2026", "20260105"),
        (DAY, "CEBD-1223", "January 5, 2026", "20260105"),
        (DAY, "CEBD-1223", "05-Jan-26", None),  # the 5th of 2026, or the 26th of 2005
        (DAY, "CEBD-1223", "46027", None),  # a day of Excel's by one way of counting, four years later by the other
        (DAY, "CEBD-1223", "1234", None),
        (DAY, "CEBD-1223", "25-01-2026", "20260125"),
        (DAY, "CEBD-1316", "5/5/2026", "20260505"),
        (DAY, "CEBD-1223", "31/02/2026", None),
        (MOMENT, "CEBD-1223", "2026-01-05 25:20:30", None),
        (DAY, "CEBD-1223", "25/13/2026", None),
        (DAY, "CEBD-1223", "25/01-2026", None),
        (DAY, "CEBD-1223", "25/01/26", None),
        (DAY, "CEBD-1223", "2026-02-30", None),
        (MOMENT, "CEBD-1223", "25/01/2026 10:20:30", "20260125102030"),
        (MOMENT, "CEBD-1223", "25/01/2026", None),
        (MOMENT, "CEBD-1223", "2026-01-05 10:20:30", "20260105102030"),
        (MOMENT, "CEBD-1223", "2026-01-05 10:20", None),
        (MOMENT, "CEBD-1223", "2026-01-05", None),
        (NUMBER, "CEBD-1206", "2026-01-05", None),
        (AMOUNT, "CEBD-1219", "1900-01-05", "5"),
        (AMOUNT, "CEBD-1219", "1900-04-02 12:00:00", "93.5"),
        (AMOUNT, "CEBD-1219", "1904-01-06", None),
        (AMOUNT, "CEBD-1219", "2026-01-05", None),
        (AMOUNT, "CEBD-1217", "1.2E+17", None),
    ],
)
def test_only_what_is_proved_is_offered(field: Field, problem: str, text: str, offered: str | None) -> None:
    assert suggested(field, problem, text) == offered


def test_a_name_of_several_codes_means_none_of_them() -> None:
    assert code_of("customs-districts", "济南海关") is None


def test_the_right_value_stands_beside_the_wrong_one(tmp_path: Path) -> None:
    rows = [an_order(计量单位="35", 单价="1,000.00"), an_order("D-0002", 订购人姓名="")]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert {one.field: one.suggestion for one in opened.records[0].problems} == {"unit": "035", "price": "1000.00"}
    assert opened.ready == []
    offered, nothing = opened.records[0].problems[0], opened.records[1].problems[0]
    assert offered.as_json()["suggestion"] in ("035", "1000.00")
    assert "suggestion" not in nothing.as_json()


def test_what_does_not_fit_either_is_not_offered(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(单价="￥1.234567")])))
    assert [(one.id, one.suggestion) for one in opened.records[0].problems] == [("CEBD-1204", None)]


def test_a_code_newer_than_the_table_is_warned_of_and_declared(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="999")]))
    opened = Opened(book)
    assert [(one.id, one.severity) for one in opened.records[0].problems] == [("CEBD-1203", "warning")]
    assert "units" in opened.records[0].problems[0].en
    assert "2018" in opened.records[0].problems[0].en
    assert opened.ready == ["D-0001"]
    assert "<ceb:unit>999</ceb:unit>" in opened.records[0].xml
    assert Opened(book, some_settings(rules={"CEBD-1203": "error"})).ready == []


# What the record's other amounts prove

SECOND_LINE = {"商品序号": "2", "数量": "1", "单价": "5", "总价": "5"}
OF_TWO_LINES = {"商品价格": "25", "实际支付金额": "26.82"}


def offers(tmp_path: Path, *rows: dict[str, Any]) -> dict[str, str | None]:
    """By problem and field, what is offered for the first record."""
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    return {f"{one.id} {one.field}": one.suggestion for one in opened.records[0].problems}


def test_a_total_is_offered_where_price_goods_value_and_payment_agree(tmp_path: Path) -> None:
    assert offers(tmp_path, an_order(总价="21")) == {"CEBD-1302 totalPrice": "20", "CEBD-1303 goodsValue": None}
    first, second = an_order(**OF_TWO_LINES, 总价="2"), an_order(**OF_TWO_LINES, **SECOND_LINE)
    assert offers(tmp_path, first, second) == {"CEBD-1302 totalPrice": "20", "CEBD-1303 goodsValue": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"单价": "11"},  # the total agrees with goodsValue: price or quantity is wrong
        {"数量": "3"},
        {"总价": "21", "商品价格": "21"},  # two against two
        {"总价": "21", "实际支付金额": "30"},  # goodsValue is in doubt itself
    ],
)
def test_no_total_is_offered_where_something_else_may_be_wrong(tmp_path: Path, changes: dict[str, str]) -> None:
    found = offers(tmp_path, an_order(**changes))
    assert found["CEBD-1302 totalPrice"] is None
    assert set(found.values()) == {None}


def test_with_two_wrong_totals_none_is_offered(tmp_path: Path) -> None:
    first, second = an_order(**OF_TWO_LINES, 总价="2"), an_order(**OF_TWO_LINES, **{**SECOND_LINE, "总价": "50"})
    assert set(offers(tmp_path, first, second).values()) == {None}


def test_no_total_of_a_list_is_offered_whose_head_has_no_sum(tmp_path: Path) -> None:
    assert offers(tmp_path, an_inventory(总价="21")) == {"CEBD-1302 totalPrice": None}


def test_goods_value_is_offered_where_lines_and_payment_agree(tmp_path: Path) -> None:
    assert offers(tmp_path, an_order(商品价格="200")) == {"CEBD-1301 acturalPaid": None, "CEBD-1303 goodsValue": "20"}


@pytest.mark.parametrize(
    "changes",
    [
        {"商品价格": "200", "实际支付金额": "201.82"},  # the payment says what goodsValue says: a line may be missing
        {"商品价格": "200", "代扣税款": "3"},
        {"商品价格": "21", "单价": "11"},
    ],
)
def test_no_goods_value_is_offered_that_only_the_lines_say(tmp_path: Path, changes: dict[str, str]) -> None:
    assert set(offers(tmp_path, an_order(**changes)).values()) == {None}


@pytest.mark.parametrize(
    "changes", [{"实际支付金额": "30"}, {"非现金抵扣金额": "3"}, {"代扣税款": "18.2"}, {"运杂费": "8"}]
)
def test_what_was_paid_is_never_worked_out(tmp_path: Path, changes: dict[str, str]) -> None:
    assert offers(tmp_path, an_order(**changes)) == {"CEBD-1301 acturalPaid": None}


@pytest.mark.parametrize(
    ("changes", "field", "offered"),
    [
        ({"单价": "10,00"}, "price", "10.00"),
        ({"单价": "10，0"}, "price", "10.0"),
        ({"总价": "20,00"}, "totalPrice", "20.00"),
        ({"数量": "2,0"}, "qty", "2.0"),
        ({"商品价格": "20,0"}, "goodsValue", "20.0"),
        ({"代扣税款": "1,82"}, "taxTotal", "1.82"),
        ({"实际支付金额": "21,82"}, "acturalPaid", "21.82"),
        ({"运杂费": "0,00"}, "freight", "0.00"),
    ],
)
def test_a_decimal_comma_is_read_where_the_amounts_beside_it_say_so(
    tmp_path: Path, changes: dict[str, str], field: str, offered: str
) -> None:
    assert offers(tmp_path, an_order(**changes)) == {f"CEBD-1204 {field}": offered}


def test_amounts_that_all_have_a_decimal_comma_prove_each_other(tmp_path: Path) -> None:
    amounts = {
        "单价": "617,25",
        "总价": "1.234,50",
        "商品价格": "1234,50",
        "代扣税款": "1,82",
        "实际支付金额": "1236,32",
    }
    assert offers(tmp_path, an_order(**amounts)) == {
        "CEBD-1204 goodsValue": "1234.50",
        "CEBD-1204 taxTotal": "1.82",
        "CEBD-1204 acturalPaid": "1236.32",
        "CEBD-1204 price": "617.25",
        "CEBD-1204 totalPrice": "1234.50",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"单价": "12,50"},  # 25, but the total says 20
        {"单价": "10,00", "数量": ""},
        {"单价": "12,50", "数量": "0", "总价": "0"},  # nothing times anything is nothing
        {"总价": "20,00", "商品价格": "21"},
        {"单价": "10,00", "数量": "2kg"},
    ],
)
def test_a_comma_is_not_read_where_nothing_else_says_what_it_is(tmp_path: Path, changes: dict[str, str]) -> None:
    assert set(offers(tmp_path, an_order(**changes)).values()) == {None}


def test_thousands_stay_thousands_unless_the_other_amounts_say_otherwise(tmp_path: Path) -> None:
    thousands = {"商品价格": "2000", "单价": "1,000", "总价": "2000", "实际支付金额": "2001.82"}
    assert offers(tmp_path, an_order(**thousands)) == {"CEBD-1204 price": "1000"}
    assert offers(tmp_path, an_order(单价="10,000")) == {"CEBD-1204 price": "10.000"}


def test_the_comma_of_a_line_is_read_on_the_line_it_stands_on(tmp_path: Path) -> None:
    first, second = an_order(**OF_TWO_LINES), an_order(**OF_TWO_LINES, **{**SECOND_LINE, "单价": "5,00"})
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([first, second])))
    assert [(one.place.row, one.suggestion) for one in opened.records[0].problems] == [(3, "5.00")]


def test_the_comma_of_a_list_is_read_by_its_line(tmp_path: Path) -> None:
    assert offers(tmp_path, an_inventory(总价="20,00")) == {"CEBD-1204 totalPrice": "20.00"}
    assert offers(tmp_path, an_inventory(运费="12,50")) == {"CEBD-1204 freight": None}


def test_a_column_that_is_missing_leaves_its_amounts_unread(tmp_path: Path) -> None:
    row = {name: value for name, value in an_order(单价="10,00").items() if name != "总价"}
    assert set(offers(tmp_path, row).values()) == {None}
