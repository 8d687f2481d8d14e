"""Workbooks and CSV read as they are: lying dimensions, formulas without results, encodings, damaged files."""

from __future__ import annotations

import random
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from builders.papers import CASES
from builders.receipt_rows import a_whole_receipt
from builders.workbooks import Opened, a_csv, a_workbook, an_order, sheet_xml, some_settings, table, with_sheet_xml
from cebd.documents.said_of_file import origin_of
from cebd.documents.workbooks.accepted import is_message
from cebd.documents.workbooks.origin import Origin
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.receipts.publishing.book.workbook import make_book

THREE_ORDERS = table([an_order("D-0001"), an_order("D-0002"), an_order("D-0003")])
ALL_THREE = ["D-0001", "D-0002", "D-0003"]


# Used ranges that are not true


@pytest.mark.parametrize("dimension", ['<dimension ref="A1"/>', "", '<dimension ref="A1:XFD1048576"/>'])
def test_a_workbook_that_lies_about_its_range_is_read_whole(tmp_path: Path, dimension: str) -> None:
    book = with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(THREE_ORDERS, dimension=dimension))
    assert Opened(book).ready == ALL_THREE


def test_rows_and_cells_without_addresses_are_counted(tmp_path: Path) -> None:
    book = with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(THREE_ORDERS, numbered=False))
    opened = Opened(book)
    assert opened.ready == ALL_THREE
    assert [record.rows for record in opened.records] == [(2,), (3,), (4,)]


def test_the_export_whose_range_says_a1_declares_three_orders(tmp_path: Path) -> None:
    part = (CASES / "C09-sheet1-dimension-a1.xml").read_text(encoding="utf-8")
    assert Opened(with_sheet_xml(tmp_path / "o.xlsx", part)).ready == ["C09-0001", "C09-0002", "C09-0003"]


# Formulas


FORMULAS = {
    "stored 0": '<c r="{at}"><f>X2*Y2</f><v>0</v></c>',
    "no result": '<c r="{at}"><f>X2*Y2</f></c>',
    "empty result": '<c r="{at}"><f>X2*Y2</f><v></v></c>',
    "error": '<c r="{at}" t="e"><f>VLOOKUP(A4,Z:Z,1,0)</f><v>#N/A</v></c>',
    "right": '<c r="{at}"><f>X2*Y2</f><v>20</v></c>',
}


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("stored 0", "CEBD-1302"),
        ("no result", "CEBD-1212"),
        ("empty result", "CEBD-1212"),
        ("error", "CEBD-1213"),
        ("right", None),
    ],
)
def test_a_formula_is_declared_with_its_result_or_not_at_all(tmp_path: Path, formula: str, problem: str | None) -> None:
    rows = table([an_order(总价=FORMULAS[formula])])
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(rows)))
    assert opened.ready == ([] if problem else ["D-0001"])
    if problem:
        assert (problem, "Z2") in opened.found()
    else:
        assert "<ceb:totalPrice>20</ceb:totalPrice>" in opened.records[0].xml


def test_a_zero_that_a_program_left_in_place_of_a_result_is_not_declared(tmp_path: Path) -> None:
    rows = table([an_order(运杂费='<c r="{at}"><f>1*0</f><v>0</v></c>')])
    part = sheet_xml(rows)
    assert Opened(with_sheet_xml(tmp_path / "calculated.xlsx", part)).ready == ["D-0001"]
    never = Opened(with_sheet_xml(tmp_path / "never.xlsx", part, uncalculated=True))
    assert never.found() == [("CEBD-1214", "G2")]


def test_an_optional_field_whose_formula_has_no_result_keeps_the_order_back(tmp_path: Path) -> None:
    rows = table([an_order(条形码='<c r="{at}"><f>A1</f></c>')])
    assert Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(rows))).found() == [("CEBD-1212", "V2")]


def test_a_formula_whose_result_is_the_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    rows = table([an_order(条形码='<c r="{at}" t="str"><f>IF(1=2,"x","")</f><v></v></c>')])
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(rows)))
    assert opened.ready == ["D-0001"]
    assert "barCode" not in opened.records[0].xml or "<ceb:barCode></ceb:barCode>" in opened.records[0].xml


def test_orders_whose_numbers_are_all_not_calculated_stay_apart(tmp_path: Path) -> None:
    rows = table([an_order('<c r="{at}"><f>B1</f></c>'), an_order('<c r="{at}"><f>B1</f></c>')])
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(rows)))
    assert [opened.found(0), opened.found(1)] == [[("CEBD-1212", "A2")], [("CEBD-1212", "A3")]]


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#DIV/0!", "#无结果 no result"])
def test_an_error_value_written_as_text_is_an_error_too(tmp_path: Path, text: str) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(条形码=text)])))
    assert opened.ready == []
    assert opened.records[0].problems[0].place.cell == "V2"


def test_of_four_formulas_only_the_one_with_a_true_result_is_declared(tmp_path: Path) -> None:
    part = (CASES / "C11-sheet1-formulas.xml").read_text(encoding="utf-8")
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert opened.ready == ["C11-0004"]
    assert ("CEBD-1302", "Z2") in opened.found(0)
    assert opened.found(1) == [("CEBD-1212", "Z3")]
    assert opened.found(2) == [("CEBD-1213", "Z4")]


# What number formats show


def test_zeros_that_the_number_format_shows_belong_to_the_code(tmp_path: Path) -> None:
    rows = table([an_order(计量单位='<c r="{at}" s="1"><v>35</v></c>', 数量='<c r="{at}" s="1"><v>2</v></c>')])
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(rows)))
    assert opened.ready == ["D-0001"]
    assert "<ceb:unit>035</ceb:unit><ceb:qty>2</ceb:qty>" in opened.records[0].xml


def test_zeros_that_excel_dropped_are_named_on_the_cell(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order(计量单位=35)])))
    assert opened.found() == [("CEBD-1218", "W2")]


@pytest.mark.parametrize("unseen", ['hidden="1"', 'ht="0" customHeight="1"', "ht='0.0'"])
def test_hidden_rows_are_kept_back_and_said(tmp_path: Path, unseen: str) -> None:
    part = sheet_xml(THREE_ORDERS).replace('<row r="3">', f'<row r="3" {unseen}>')
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert opened.ready == [ALL_THREE[0], ALL_THREE[2]]
    assert [(one.id, one.place.row) for one in opened.records[1].problems] == [("CEBD-1060", 3)]


# .xls, which keeps all this in another way


def an_xls(path: Path, rows: list[list[object]]) -> Path:
    """An .xls of these rows; a function among them is called with the sheet, row and column to write the cell itself."""
    xlwt = pytest.importorskip("xlwt", reason="xlwt, which writes .xls here, is not installed")
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if callable(value):
                value(xlwt, sheet, number, column)
            else:
                sheet.write(number, column, value)
    book.save(str(path))
    return path


def test_an_error_cell_of_an_xls_is_named(tmp_path: Path) -> None:
    def error(xlwt: Any, sheet: Any, row: int, column: int) -> None:
        sheet.row(row).set_cell_error(column, 0x2A)

    opened = Opened(an_xls(tmp_path / "o.xls", table([an_order(条形码=error), an_order("D-2")])))
    assert opened.ready == ["D-2"]
    assert opened.found() == [("CEBD-1213", "V2")]
    assert opened.records[0].problems[0].value == "#N/A"


def test_a_formula_of_an_xls_that_was_never_calculated_is_named(tmp_path: Path) -> None:
    def formula(xlwt: Any, sheet: Any, row: int, column: int) -> None:
        sheet.write(row, column, xlwt.Formula("X2*Y2"))

    opened = Opened(an_xls(tmp_path / "o.xls", table([an_order(总价=formula, 条形码=formula)])))
    assert opened.found() == [("CEBD-1212", "V2"), ("CEBD-1212", "Z2")]


def test_zeros_shown_by_the_format_of_an_xls_belong_to_the_code(tmp_path: Path) -> None:
    def padded(value: float) -> Any:
        def write(xlwt: Any, sheet: Any, row: int, column: int) -> None:
            sheet.write(row, column, value, xlwt.easyxf(num_format_str="000"))

        return write

    book = an_xls(tmp_path / "o.xls", table([an_order(计量单位=padded(35), 原产国=padded(116), 单价=padded(10))]))
    opened = Opened(book)
    assert opened.ready == ["D-0001"]
    assert "<ceb:unit>035</ceb:unit><ceb:qty>2</ceb:qty><ceb:price>10</ceb:price>" in opened.records[0].xml


@pytest.mark.parametrize("attribute", ["hidden", "height"])
def test_hidden_rows_of_an_xls_are_said(tmp_path: Path, attribute: str) -> None:
    def hiding(xlwt: Any, sheet: Any, row: int, column: int) -> None:
        sheet.write(row, column, "D-2")
        setattr(sheet.row(row), attribute, attribute == "hidden")

    opened = Opened(an_xls(tmp_path / "o.xls", table([an_order("D-1"), an_order(hiding)])))
    assert opened.ready == ["D-1"]
    assert [(one.id, one.place.row) for one in opened.records[1].problems] == [("CEBD-1060", 3)]


def test_a_large_xls_is_read_whole(tmp_path: Path) -> None:
    orders = [an_order(f"D-{number}", 收货地址=f"测试路{number}号") for number in range(2000)]
    assert len(Opened(an_xls(tmp_path / "o.xls", table(orders))).ready) == 2000


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
def test_an_xls_cut_off_is_never_read_as_a_shorter_one(tmp_path: Path, part: float) -> None:
    orders = [an_order(f"D-{number}", 收货地址=f"测试路{number}号") for number in range(300)]
    path = an_xls(tmp_path / "o.xls", table(orders))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(Unreadable):
        Opened(path)


def test_a_damaged_xls_is_named_and_takes_nothing_down(tmp_path: Path) -> None:
    good = an_xls(tmp_path / "o.xls", table([an_order(f"D-{number}") for number in range(20)])).read_bytes()
    verdicts = set()
    for seed in range(25):
        chance = random.Random(seed)
        content = bytearray(good)
        for _ in range(20):
            content[chance.randrange(8, len(content))] = chance.randrange(256)
        (tmp_path / "o.xls").write_bytes(bytes(content))
        try:
            Opened(tmp_path / "o.xls")
            verdicts.add("read")
        except Unreadable:
            verdicts.add("unreadable")
    assert "unreadable" in verdicts


def test_an_xls_whose_sectors_run_in_a_circle_is_named(tmp_path: Path) -> None:
    path = an_xls(tmp_path / "o.xls", table([an_order()]))
    content = bytearray(path.read_bytes())
    (first_table,) = struct.unpack_from("<I", content, 76)
    for sector in range(len(content) // 512 - 1):
        struct.pack_into("<I", content, 512 * (first_table + 1) + 4 * sector, sector)
    path.write_bytes(bytes(content))
    with pytest.raises(Unreadable):
        Opened(path)


# CSV


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("gbk", "GB 18030 (GBK)"),
        ("gb18030", "GB 18030 (GBK)"),
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
    ],
)
def test_csv_is_read_in_the_encodings_of_chinese_spreadsheets_and_the_encoding_is_said(
    tmp_path: Path, encoding: str, said: str
) -> None:
    opened = Opened(a_csv(tmp_path / "o.csv", table([an_order(收货地址='测试省,测试路"一"号')]), encoding=encoding))
    assert opened.ready == ["D-0001"]
    assert '<ceb:consigneeAddress>测试省,测试路"一"号</ceb:consigneeAddress>' in opened.records[0].xml
    assert [(one.id, one.value) for one in opened.problems] == [("CEBD-1016", said)]


def test_a_rare_character_of_gb18030_is_kept(tmp_path: Path) -> None:
    opened = Opened(a_csv(tmp_path / "o.csv", table([an_order(收货人姓名="测试𠀀")]), encoding="gb18030"))
    assert "<ceb:consignee>测试𠀀</ceb:consignee>" in opened.records[0].xml


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig"])
def test_a_character_across_the_first_8192_bytes_does_not_change_the_encoding(tmp_path: Path, mark: str) -> None:
    rows = table([an_order(f"D-{number:04d}") for number in range(120)])
    for shift in range(3):
        rows[1][2] = "测试平台有限公司" + "A" * shift
        content = a_csv(tmp_path / "o.csv", rows, encoding=mark).read_bytes()
        if content[8192] & 0xC0 == 0x80:
            break
    assert content[8192] & 0xC0 == 0x80
    assert len(Opened(tmp_path / "o.csv").ready) == 120


def test_csv_in_no_encoding_is_refused_with_the_byte(tmp_path: Path) -> None:
    path = a_csv(tmp_path / "o.csv", table([an_order()]), encoding="gbk")
    content = path.read_bytes()
    path.write_bytes(content + b"\xff\xff")
    with pytest.raises(Unreadable, match=rf"GB 18030 \(byte {len(content)}\)"):
        Opened(path)


def test_csv_marked_as_utf8_is_not_tried_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_bytes(b"\xef\xbb\xbfab,\xb2\xe2")
    with pytest.raises(Unreadable, match="byte 6 is not UTF-8"):
        Opened(path)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_parted_by_semicolons_or_tabs_is_read(tmp_path: Path, separator: str) -> None:
    rows = table([an_order(收货地址="测试省;甲,乙\t1号")])
    opened = Opened(a_csv(tmp_path / "o.csv", rows, separator=separator))
    assert opened.ready == ["D-0001"]


def test_blank_lines_at_the_end_are_no_orders(tmp_path: Path) -> None:
    width = len(an_order())
    rows = [*table([an_order()]), [""] * width, [" "] + [""] * (width - 1), []]
    assert len(Opened(a_csv(tmp_path / "o.csv", rows)).records) == 1


def test_a_quote_that_never_ends_does_not_swallow_the_orders_below(tmp_path: Path) -> None:
    path = a_csv(tmp_path / "o.csv", THREE_ORDERS)
    path.write_text(path.read_text(encoding="utf-8").replace("SKU-1", '"SKU-1', 1), encoding="utf-8", newline="")
    with pytest.raises(Unreadable, match="CSV"):
        Opened(path)


def test_a_csv_number_forced_to_be_text_is_that_text(tmp_path: Path) -> None:
    opened = Opened(a_csv(tmp_path / "o.csv", table([an_order(计量单位='="035"')])))
    assert "<ceb:unit>035</ceb:unit>" in opened.records[0].xml


def test_replacement_characters_are_never_declared(tmp_path: Path) -> None:
    opened = Opened(a_csv(tmp_path / "o.csv", table([an_order(收货人姓名="测\ufffd甲")])))
    assert opened.found() == [("CEBD-1216", "O2")]


@pytest.mark.parametrize(
    ("name", "orders"), [("C13-gbk.csv", 2), ("C13-gb18030-4byte.csv", 1), ("C13-utf8-split-at-8192.csv", 120)]
)
def test_csv_of_the_field_keeps_every_order(name: str, orders: int) -> None:
    assert len(Opened(CASES / name).ready) == orders


# Files that are no workbooks


def test_a_broken_workbook_is_named(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", THREE_ORDERS)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Unreadable):
        Opened(path)


def test_a_workbook_with_a_damaged_part_is_named(tmp_path: Path) -> None:
    part = sheet_xml(THREE_ORDERS)
    with pytest.raises(Unreadable):
        Opened(with_sheet_xml(tmp_path / "o.xlsx", part[: len(part) // 2]))


@pytest.mark.parametrize("name", ["o.xlsx", "o.xls", "o.csv"])
def test_an_empty_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(Unreadable, match="empty"):
        Opened(tmp_path / name)


@pytest.mark.parametrize("suffix", [".xls", ".csv", ".xlsm"])
def test_a_workbook_with_a_wrong_suffix_is_read_by_its_content(tmp_path: Path, suffix: str) -> None:
    path = a_workbook(tmp_path / "o.xlsx", THREE_ORDERS)
    assert Opened(path.rename(path.with_suffix(suffix))).ready == ALL_THREE


def test_a_web_page_saved_as_xls_is_named(tmp_path: Path) -> None:
    (tmp_path / "o.xls").write_text("<html><body>请先登录</body></html>", encoding="utf-8")
    with pytest.raises(Unreadable):
        Opened(tmp_path / "o.xls")


def test_a_zip_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", THREE_ORDERS)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        size = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02"))
    for found in re.finditer(re.escape(size.to_bytes(4, "little")), bytes(content[entry:])):
        content[entry + found.start() : entry + found.end()] = (2**31 + 2**30).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with pytest.raises(Unreadable, match="1 GiB"):
        Opened(path)


def test_a_stray_cell_at_the_end_of_the_world_is_named_and_not_laid_out(tmp_path: Path) -> None:
    part = sheet_xml(THREE_ORDERS).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with pytest.raises(Unreadable, match="XFD1048576"):
        Opened(with_sheet_xml(tmp_path / "o.xlsx", part))


def test_an_empty_workbook_and_a_workbook_of_another_kind_are_not_recognised(tmp_path: Path) -> None:
    empty = Opened(a_workbook(tmp_path / "empty.xlsx", []))
    other = Opened(a_workbook(tmp_path / "other.xlsx", [["姓名", "部门", "工资"], ["甲", "乙", 1]]))
    assert (empty.type, empty.said()) == (None, ["CEBD-1083"])
    assert (other.type, other.said()) == (None, ["CEBD-1002", "CEBD-1090"])  # it is asked what its columns are


# Values read back as they were written

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20).filter(
    lambda text: text == text.strip() and not text.startswith(("=", "#")) and "_x" not in text
)
NUMBERS = st.decimals(min_value=-(10**9), max_value=10**9, places=5).map(float)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(st.one_of(TEXTS, NUMBERS, st.booleans()), min_size=3, max_size=3), min_size=1, max_size=6)
)
def test_cells_written_are_cells_read(tmp_path: Path, rows: list[list[object]]) -> None:
    rows = [["first", *row] for row in rows]
    (sheet,) = read_sheets(a_workbook(tmp_path / "o.xlsx", rows))
    read = [row + [""] * (4 - len(row)) for row in sheet.rows()]
    assert read == rows


# A receipt workbook dropped back


SHOP = {"type": "order", "files": ["nothing"], "columns": {"店铺单号": "orderNo"}}


def of_the_shop() -> list[list[Any]]:
    """An order whose number only the mapping of the shop knows."""
    headings, order = table([an_order("D-0001")])
    return [["店铺单号", *headings[1:]], order]


def a_receipt_of(folder: Path, origin: Origin, rows: list[list[Any]]) -> Path:
    original = a_workbook(folder / "original.xlsx", rows)
    path = folder / "fixed by hand.xlsx"
    path.write_bytes(make_book(a_whole_receipt(), list(read_sheets(original)), origin.as_marks()))
    return path


def saved_by_another_program(path: Path) -> Path:
    load_workbook(path).save(path)
    return path


def test_a_receipt_dropped_back_is_read_by_the_mapping_whose_subfolder_its_file_came_from(tmp_path: Path) -> None:
    settings = some_settings({"shop": SHOP})
    receipt = saved_by_another_program(a_receipt_of(tmp_path, Origin("shop", "o.xlsx"), of_the_shop()))
    assert Opened(tmp_path / "original.xlsx", settings).ready == []
    assert Opened(receipt, settings).ready == ["D-0001"]


def test_a_receipt_renamed_is_read_by_the_mapping_that_goes_by_the_name_of_its_file(tmp_path: Path) -> None:
    settings = some_settings({"shop": {**SHOP, "files": ["店铺-*.xlsx"]}})
    receipt = a_receipt_of(tmp_path, Origin(None, "店铺-3月.xlsx"), of_the_shop())
    assert Opened(receipt, settings).ready == ["D-0001"]


def test_the_subfolder_it_lies_in_goes_before_what_a_receipt_remembers(tmp_path: Path) -> None:
    settings = some_settings({"shop": SHOP, "other": {**SHOP, "columns": {"店铺单号": "-"}}})
    receipt = a_receipt_of(tmp_path, Origin("other", "o.xlsx"), of_the_shop())
    assert Opened(receipt, settings).ready == []
    assert Opened(receipt, settings, hint="shop").ready == ["D-0001"]
    assert Opened(receipt, settings, hint="2026-03-04").ready == []  # a subfolder of the operator's own says nothing


def test_a_receipt_whose_mapping_is_gone_is_not_declared_and_the_mapping_is_named(tmp_path: Path) -> None:
    receipt = a_receipt_of(tmp_path, Origin("shop", "o.xlsx"), table([an_order()]))
    opened = Opened(receipt)
    assert (opened.records, opened.said()) == ([], ["CEBD-1034"])
    assert "shop" in opened.problems[0].zh
    assert Opened(receipt, hint="order").ready == ["D-0001"]


@pytest.mark.parametrize(
    "mark", ["../../etc/passwd", "{value.__class__}", "shop\n[mapping]", "x" * 200, "CEB312", "enterprise", "*"]
)
def test_a_file_can_name_nothing_that_the_settings_do_not_know(tmp_path: Path, mark: str) -> None:
    settings = some_settings({"shop": SHOP})
    opened = Opened(a_receipt_of(tmp_path, Origin(mark, mark), of_the_shop()), settings)
    assert (opened.records, opened.said()) == ([], ["CEBD-1034"])


@pytest.mark.parametrize(
    "content",
    [
        b"<Properties",
        b'<!DOCTYPE x [<!ENTITY a "shop">]><Properties><property name="cebd inbox folder">&a;</property></Properties>',
        b"<Properties>" + b"<property/>" * 1_000_001 + b"</Properties>",
        b'<Properties><property name="cebd inbox folder"></property></Properties>',
        b'<Properties><property name="cebd inbox folder">' + b"x" * 100_000 + b"</property></Properties>",
    ],
    ids=["cut off", "with entities", "a million properties", "empty", "endless"],
)
def test_properties_that_make_no_sense_say_nothing(tmp_path: Path, content: bytes) -> None:
    path = a_workbook(tmp_path / "o.xlsx", THREE_ORDERS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("docProps/custom.xml", content)
    assert Opened(path).ready == ALL_THREE


def test_the_receipt_of_a_receipt_tells_on_what_it_was_told(tmp_path: Path) -> None:
    options = some_settings({"shop": SHOP}).reading_options
    receipt = a_receipt_of(tmp_path, Origin("shop", "o.xlsx"), of_the_shop())

    def told(path: Path, folder: str | None, name: str) -> tuple[str | None, str | None]:
        origin = origin_of(path, options, folder, name)
        return origin.folder, origin.name

    assert told(receipt, None, receipt.name) == ("shop", "o.xlsx")
    assert told(receipt, "order", receipt.name) == ("order", "o.xlsx")
    assert told(tmp_path / "original.xlsx", "2026", "n.xlsx") == (None, "n.xlsx")
    assert told(tmp_path / "taken away.xlsx", "shop", "n.xlsx") == ("shop", "n.xlsx")


def test_a_file_whose_name_has_no_ending_is_refused_by_what_it_lacks_and_not_by_a_sign(tmp_path: Path) -> None:
    said = {}
    for name in ("orders", "orders.dat"):
        (tmp_path / name).write_text("D-0001", encoding="utf-8")
        with pytest.raises(Unreadable) as raised:
            is_message(tmp_path / name)
        said[name] = raised.value.problem
    assert said["orders"].zh.startswith("文件无法读取：文件名没有后缀，只接受 .xlsx")
    assert said["orders"].en.startswith("The file cannot be read: its name has no ending; only .xlsx")
    assert said["orders.dat"].zh.startswith("文件无法读取：不支持 .dat，只接受")
    assert said["orders.dat"].en.startswith("The file cannot be read: .dat is not supported; only")
