"""What is offered for a wrong value, and where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cebd.messages.description import Field, message_type
from cebd.rules.suggestion import code_of, suggested
from workbooks import Opened, a_workbook, an_order, some_settings, table

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
        (COUNTRY, "CEBD-1220", "日本", "116"),
        (COUNTRY, "CEBD-1220", "japan", "116"),
        (UNIT, "CEBD-1220", "千克", "035"),
        (CURRENCY, "CEBD-1220", "人民币", "142"),
        (UNIT, "CEBD-1220", "大盒", None),
        (DAY, "CEBD-1206", "2026-01-05", "20260105"),
        (DAY, "CEBD-1206", "2026年1月5日", "20260105"),
        (DAY, "CEBD-1206", "20260105102030", "20260105"),
        (DAY, "CEBD-1316", "5/1/2026", None),
        (MOMENT, "CEBD-1206", "2026-01-05 10:20:30", "20260105102030"),
        (MOMENT, "CEBD-1206", "2026-01-05 10:20", None),
        (MOMENT, "CEBD-1206", "2026-01-05", None),
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
    rows = [an_order(计量单位="千克", 单价="1,000.00"), an_order("D-0002", 订购人姓名="")]
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
