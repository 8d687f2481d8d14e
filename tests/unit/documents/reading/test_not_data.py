"""Rows of a sheet that are no data: notes, signatures, headings once more; and numbers that stand twice where each stands once."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.workbooks import LINE_HEADINGS, ORDER, Opened, a_workbook, an_order, table
from cebd.documents.reading.headings import names_of
from cebd.messages.description import message_type

MESSAGE = message_type("order")
HEADINGS = list(ORDER)
NUMBER = HEADINGS.index("订单编号")


def named(heading: str, what: str) -> str:
    """The field's official or English name."""
    field = names_of(MESSAGE)[heading.replace(" ", "")][0]
    return str(getattr(field, what))


def of_rows(tmp_path: Path, *rows: list[object]) -> Opened:
    return Opened(a_workbook(tmp_path / "o.xlsx", [HEADINGS, *rows]))


def orders(count: int) -> list[list[object]]:
    return table([an_order(f"D-{number}", 订购人姓名=f"测试{number}") for number in range(count)])[1:]


def skipped(opened: Opened) -> list[tuple[str, str | None]]:
    return [(one.id, one.value) for one in opened.problems]


@pytest.mark.parametrize("what", ["name", "en"])
@pytest.mark.parametrize("count", [2, 60])
def test_headings_in_english_under_the_headings_are_no_record(tmp_path: Path, what: str, count: int) -> None:
    opened = of_rows(tmp_path, [named(heading, what) for heading in HEADINGS], *orders(count))
    assert len(opened.ready) == len(opened.records) == count
    assert skipped(opened) == [("CEBD-1062", "2")]


def test_a_row_that_says_how_to_fill_the_columns_in_is_no_record(tmp_path: Path) -> None:
    notes = ["必填，文本", "必填，18位以内", "必填", *(["选填"] * 10)]
    opened = of_rows(tmp_path, notes, *orders(2))
    assert len(opened.records) == 2
    assert skipped(opened) == [("CEBD-1062", "2")]


def test_a_note_over_the_whole_width_is_no_record(tmp_path: Path) -> None:
    opened = of_rows(tmp_path, ["填写说明：红色列必填，请勿改动表头"], *orders(2))
    assert len(opened.records) == 2
    assert skipped(opened) == [("CEBD-1062", "2")]


@pytest.mark.parametrize("count", [2, 60])
@pytest.mark.parametrize(
    "footer",
    [
        ["制表人：测试甲"],
        ["制表人：测试甲", "", "审核：测试乙", "日期：2026-11-26"],
        ["", "制表人", "测试甲", "审核", "测试乙"],
        ["打印时间：2026-11-26 09:30"],
        ["备注：本表仅供申报使用"],
        ["第 2 页 / 共 3 页"],
        ["", "第3页共3页"],
        ["——以下空白——"],
        ["数据来源：测试系统"],
    ],
)
def test_signatures_under_the_data_are_no_record(tmp_path: Path, footer: list[object], count: int) -> None:
    opened = of_rows(tmp_path, *orders(count), footer)
    assert len(opened.ready) == len(opened.records) == count
    assert skipped(opened) == [("CEBD-1062", str(count + 2))]


def test_notes_and_signatures_are_named_once(tmp_path: Path) -> None:
    footer: list[object] = ["制表人：测试甲"]
    opened = of_rows(tmp_path, ["说明：必填"], *orders(2), footer, footer)
    assert skipped(opened) == [("CEBD-1062", "2, 5, 6")]


def test_an_order_whose_number_is_missing_is_no_signature(tmp_path: Path) -> None:
    (row,) = table([an_order("", 订购人姓名="制表人")])[1:]
    assert len(of_rows(tmp_path, row).records) == 1


@pytest.mark.parametrize("number", ["第3单", "以下", "共享-1", "-0001", "完美1号"])
def test_an_order_whose_number_begins_like_a_remark_is_still_an_order(tmp_path: Path, number: str) -> None:
    (row,) = table([an_order(number)])[1:]
    assert len(of_rows(tmp_path, row).records) == 1


def test_an_order_with_little_in_it_is_still_a_mistake(tmp_path: Path) -> None:
    opened = of_rows(tmp_path, *orders(2), ["", "9900000001", "测试平台有限公司"])
    assert len(opened.records) == 3


# Two sheets: heads, and lines


def two_sheets(tmp_path: Path, numbers: list[str]) -> Opened:
    head_headings = [heading for heading in HEADINGS if heading not in LINE_HEADINGS]
    rows = [an_order(number) for number in numbers]
    heads = [head_headings, *([row[heading] for heading in head_headings] for row in rows)]
    lines_of = [an_order(number) for number in dict.fromkeys(numbers)]
    lines = [
        ["订单编号", *LINE_HEADINGS],
        *([row["订单编号"], *(row[heading] for heading in LINE_HEADINGS)] for row in lines_of),
    ]
    return Opened(a_workbook(tmp_path / "o.xlsx", heads, lines))


def test_a_number_that_heads_have_twice_is_said_on_both_cells_and_nothing_else(tmp_path: Path) -> None:
    opened = two_sheets(tmp_path, ["D-1", "D-2", "D-3", "D-2"])
    assert opened.ready == ["D-1", "D-3"]
    found = [one for record in opened.records for one in record.problems]
    assert [(one.id, one.place.cell) for one in found] == [("CEBD-1063", "A3"), ("CEBD-1063", "A5")]
    assert {one.zh for one in found} == {"“订单编号” D-2 在第 3、5 行重复"}


def test_too_many_lines_are_said_first_and_no_sums_are_checked(tmp_path: Path) -> None:
    rows = [an_order("D-1", 商品序号=str(number), 总价="1") for number in range(1, 150)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table(rows)))
    assert opened.records[0].problems[0].id == "CEBD-1012"
    assert "CEBD-1304" not in {one.id for one in opened.records[0].problems}


# Words of the platforms


@pytest.mark.parametrize(
    ("heading", "field"),
    [("手机号", "buyerTelephone"), ("详细地址", "consigneeAddress"), ("规格", "gmodel"), ("金额", "totalPrice")],
)
def test_the_usual_words_of_exports_are_known_and_what_they_are_taken_for_is_said(
    tmp_path: Path, heading: str, field: str
) -> None:
    official = {"手机号": "订购人电话", "详细地址": "收货地址", "规格": "商品规格型号", "金额": "总价"}[heading]
    rows = table([an_order()])
    rows[0][rows[0].index(official)] = heading
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert opened.ready == ["D-0001"]
    assert [(one.id, f"按“{official}”申报" in one.zh, field in one.en) for one in opened.problems] == [
        ("CEBD-1014", True, True)
    ]


def test_a_telephone_without_a_person_is_the_consignee_s(tmp_path: Path) -> None:
    rows = table([an_order(收货人电话="13111111111")])
    rows[0][rows[0].index("收货人电话")] = "联系电话"
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert "<ceb:consigneeTelephone>13111111111</ceb:consigneeTelephone>" in opened.records[0].xml


def test_labels_of_the_template_are_known_without_their_english_line(tmp_path: Path) -> None:
    rows = [[*row, text] for row, text in zip(table([an_order()]), ("表体备注", "易碎"), strict=True)]
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert "<ceb:note>易碎</ceb:note></ceb:OrderList>" in opened.records[0].xml
