"""What people write in another way than it is declared, and what of it is taken."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from builders.workbooks import Opened, a_workbook, an_inventory, an_order, table
from cebd.documents.reading.cells.section import Column
from cebd.messages.description import Field, message_type

DAY = message_type("inventory").field("head", "declTime")
MOMENT = message_type("payment").field("head", "payTime")
UNIT = message_type("order").field("line", "unit")
COUNTRY = message_type("order").field("line", "country")
CURRENCY = message_type("order").field("head", "currency")
LIST = message_type("inventory")
APP_TYPE = LIST.field("head", "appType")
DISTRICT, TRANSPORT, PACKAGES = (LIST.field("head", name) for name in ("customsCode", "trafMode", "wrapType"))
FRACTION = datetime(2026, 11, 26, 9, 29, 59, 999_600)  # noqa: DTZ001 - cells have no time zone


def read(field: Field, cell: object) -> tuple[str, str | None]:
    """What is declared, and the id of what is said of it."""
    reading = Column(field, 0, None).reading(cell)
    declared = reading.xml.removeprefix(f"<ceb:{field.name}>").removesuffix(f"</ceb:{field.name}>")
    return declared, reading.wrong.id if reading.wrong else None


@pytest.mark.parametrize(
    ("cell", "declared"),
    [
        ("2026-11-26 09:30:00", "20261126093000"),
        ("2026/11/26 9:30", "20261126093000"),
        ("2026年11月26日 9时30分", "20261126093000"),
        ("2026年11月26日9时30分05秒", "20261126093005"),
        ("2026-11-26T09:30:00+08:00", "20261126093000"),
        ("2026-11-26 09:29:59.6", "20261126093000"),
        ("２０２６-11-26 09：30", "20261126093000"),
        ("2026-11-26 下午 3:05", "20261126150500"),
        ("2026/11/26 上午9:30:05", "20261126093005"),
        ("2026-11-26 3:05 PM", "20261126150500"),
        ("20261126093000", "20261126093000"),
        (FRACTION, "20261126093000"),
        (datetime(2026, 11, 26, 9, 30, 0, 400_000), "20261126093000"),  # noqa: DTZ001 - cells have no time zone
    ],
)
def test_a_time_is_taken_as_everybody_writes_it(cell: object, declared: str) -> None:
    assert read(MOMENT, cell) == (declared, None)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-26",
        "2026/11/26",
        "2026年11月26日 9时30分 左右",
        "20261126",
        "2026-11-26 25:00",
        "11/26",
        "明天",
        "2026-11-26 12:05 PM",
    ],
)
def test_a_time_that_is_in_doubt_is_asked_for_with_an_example(cell: object) -> None:
    assert read(MOMENT, cell) == ("", "CEBD-1223")


def test_a_day_cell_says_no_hour() -> None:
    assert read(MOMENT, date(2026, 11, 26)) == ("", "CEBD-1223")


@pytest.mark.parametrize(
    "cell",
    ["2026-11-26", "2026/11/26", "2026.11.26", "2026年11月26日", "2026-11-26 09:30:00", "20261126093000", "20261126"],
)
def test_a_day_is_taken_as_everybody_writes_it(cell: str) -> None:
    assert read(DAY, cell) == ("20261126", None)


@pytest.mark.parametrize("cell", ["2026-02-30", "11/26/26", "2026-11/26", "26/11/2026", "1126", "2026"])
def test_no_day_is_guessed(cell: str) -> None:
    assert read(DAY, cell) == ("", "CEBD-1223")


@pytest.mark.parametrize(
    ("field", "name", "code"),
    [
        (UNIT, "罐", "122"),
        (UNIT, "kg", "035"),
        (UNIT, " KGS ", "035"),
        (COUNTRY, "日本国", "116"),
        (COUNTRY, "Japan", "116"),
        (COUNTRY, "DE", "304"),
        (COUNTRY, "中国台湾", "143"),
        (LIST.field("head", "tradeMode"), "直购进口", "9610"),
        (CURRENCY, "CNY", "142"),
        (DISTRICT, "东莞", "5204"),
        (DISTRICT, "东莞海关", "5204"),
        (TRANSPORT, "公路", "4"),
        (PACKAGES, "纸箱", "2"),
        (PACKAGES, "纸制或纤维板制盒/箱", "2"),
        (COUNTRY, "U.S.A.", "502"),
        (TRANSPORT, "汽车", "4"),
        (APP_TYPE, "变更", "2"),
    ],
)
def test_a_name_that_one_code_has_is_taken_and_said(field: Field, name: str, code: str) -> None:
    assert read(field, name) == (code, "CEBD-1221")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (DISTRICT, "济南海关"),
        (DISTRICT, "北京"),
        (UNIT, "大盒"),
        (COUNTRY, "朝鲜国国"),
        (UNIT, "箱子"),
        (PACKAGES, "纸盒"),
        (COUNTRY, "Japann"),
    ],
)
def test_a_name_that_may_mean_another_is_not_taken(field: Field, name: str) -> None:
    assert read(field, name) == ("", "CEBD-1220")


@pytest.mark.parametrize("cell", ["122 罐", "122罐", "122-罐", "122 (罐)", "122：罐", "122　罐", "罐(122)", "罐 122"])
def test_a_code_with_its_name_is_the_code(cell: str) -> None:
    assert read(UNIT, cell) == ("122", None)


@pytest.mark.parametrize("cell", ["122 盒", "122（盒）", "盒(122)"])
def test_a_code_with_the_name_of_another_is_a_problem_that_names_both(tmp_path: Path, cell: str) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位=cell)])))
    (found,) = opened.records[0].problems
    assert (found.id, found.severity, found.place.row, found.suggestion) == ("CEBD-1222", "error", 2, None)
    assert "122" in found.zh
    assert "罐" in found.zh
    assert "140 盒" in found.fix_zh


def test_names_alike_are_offered_beside_one_that_is_not_known(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="大盒")])))
    (found,) = opened.records[0].problems
    assert (found.id, found.suggestion) == ("CEBD-1220", None)
    assert "140 盒" in found.fix_zh


def test_a_packing_that_is_no_code_is_told_with_the_codes_and_not_with_its_length(tmp_path: Path) -> None:
    rows = [[*row, "包装种类" if number == 0 else "纸盒"] for number, row in enumerate(table([an_inventory()]))]
    opened = Opened(a_workbook(tmp_path / "l.xlsx", rows))
    found = next(one for one in opened.records[0].problems if one.field == "wrapType")
    assert (found.id, "2 纸箱 / 3 桶装" in found.fix_zh, "2 carton" in found.fix_en) == ("CEBD-1220", True, True)


def test_a_name_is_declared_as_its_code_and_the_notice_keeps_nothing_back(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位="罐")])))
    assert opened.ready == ["D-0001"]
    assert [(one.id, one.severity) for one in opened.records[0].problems] == [("CEBD-1221", "notice")]
    assert "<ceb:unit>122</ceb:unit>" in opened.records[0].xml


def test_a_wrong_length_is_not_explained_by_a_cause_that_nobody_saw(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "l.xlsx", table([an_inventory(商品编码="1234567890123")])))
    found = next(one for one in opened.records[0].problems if one.id == "CEBD-1206")
    assert "Excel" not in found.fix_zh
    assert "Excel" not in found.fix_en
