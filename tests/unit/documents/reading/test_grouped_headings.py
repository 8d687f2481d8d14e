"""Headings in two rows: groups above (订购人, 收货人), and names, telephones, addresses under each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from builders.decided_books import book_of
from builders.desk import Desk
from builders.workbooks import Opened, a_workbook, an_order, table
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.text.heading_groups import merged_headings
from cebd.store.messages import message_body
from cebd.store.tables import messages

GROUPS = {
    "订购人信息": {"姓名": "订购人姓名", "证件号码": "订购人证件号码", "电话": "订购人电话"},
    "收货人信息": {"姓名": "收货人姓名", "电话": "收货人电话", "地址": "收货地址"},
    "商品信息": {"名称": "企业商品名称", "数量": "数量", "单价": "单价", "金额": "总价"},
}
ORDER = an_order(
    订购人姓名="测试甲",
    收货人姓名="测试乙",
    订购人电话="13800000001",
    收货人电话="13900000002",
    收货地址="测试省示例市1号",
)


def grouped(path: Path, *, title: bool = False, merged: bool = True) -> Path:
    """A workbook of one order with its headings in two rows, the groups merged across their columns."""
    upper: list[str | None] = []
    lower: list[str | None] = []
    values: list[object] = []
    ranges: list[tuple[int, int, int, int]] = []
    in_groups = {heading for group in GROUPS.values() for heading in group.values()}
    for heading, value in ORDER.items():
        if heading not in in_groups:
            ranges.append((1, len(upper) + 1, 2, len(upper) + 1))
            upper, lower, values = [*upper, heading], [*lower, None], [*values, value]
    for group, columns in GROUPS.items():
        ranges.append((1, len(upper) + 1, 1, len(upper) + len(columns)))
        upper += [group, *[None] * (len(columns) - 1)]
        lower += columns
        values += [ORDER[heading] for heading in columns.values()]
    above = [["一月订单"]] if title else []
    a_workbook(path, [*above, upper, lower, values])
    book = load_workbook(path)
    for top, left, bottom, right in ranges if merged else ():
        more = len(above)
        book.active.merge_cells(start_row=top + more, start_column=left, end_row=bottom + more, end_column=right)
    book.save(path)
    return path


def test_a_name_belongs_to_whom_the_group_above_it_names(tmp_path: Path) -> None:
    for title in (False, True):
        opened = Opened(grouped(tmp_path / "o.xlsx", title=title))
        assert opened.ready == ["D-0001"]
        (record,) = opened.records
        for name, value in (
            ("buyerName", "测试甲"),
            ("buyerTelephone", "13800000001"),
            ("consignee", "测试乙"),
            ("consigneeTelephone", "13900000002"),
            ("consigneeAddress", "测试省示例市1号"),
        ):
            assert f"<ceb:{name}>{value}</ceb:{name}>" in record.xml
        assert "CEBD-1032" not in {
            one.id for one in opened.problems
        }  # the groups are no stray words above the headings


def test_without_merged_cells_no_group_is_guessed(tmp_path: Path) -> None:
    opened = Opened(grouped(tmp_path / "o.xlsx", merged=False))
    assert opened.ready == []


def as_text(book: Path, path: Path) -> Path:
    """The sheet as Excel saves it as text: of merged cells the first has the text."""
    rows = load_workbook(book).active.iter_rows(values_only=True)
    separator = {".csv": ",", ".txt": "\t"}[path.suffix]
    lines = (separator.join("" if cell is None else str(cell) for cell in row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="gb18030")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".txt"])
@pytest.mark.parametrize("title", [False, True])
def test_a_text_file_shows_its_groups_by_where_they_stand(tmp_path: Path, suffix: str, title: bool) -> None:
    opened = Opened(as_text(grouped(tmp_path / "o.xlsx", title=title), tmp_path / f"o{suffix}"))
    assert opened.ready == ["D-0001"]
    (record,) = opened.records
    for name, value in (("buyerName", "测试甲"), ("consignee", "测试乙"), ("consigneeTelephone", "13900000002")):
        assert f"<ceb:{name}>{value}</ceb:{name}>" in record.xml
    assert not {"CEBD-1006", "CEBD-1032"} & set(opened.said())


@pytest.mark.parametrize(
    ("top", "merged"),
    [
        ([["订单", "买家", ""], ["", "姓名", "电话"], ["T1", "甲", "1"]], [((0, 0), (1, 0)), ((0, 1), (0, 2))]),
        ([["一月订单"], ["订单", "姓名", "电话"], ["T1", "甲", "1"]], []),
        ([["订单", "", "数量"], ["T0001", "奶粉", "2"]], []),  # a column without a heading
        ([["订单", "数量", "备注"], ["orderNo", "qty", "note"], ["T0001", "2", ""]], []),
        ([["订单", "买家", ""], ["", "", "姓名"], ["T0001", "甲", "乙"]], []),  # a name beside what is above it
        ([["订单", "买家", ""]], []),
        ([["2026年1月"], ["订单", "买家", ""], ["", "姓名", "电话"]], [((1, 0), (2, 0)), ((1, 1), (1, 2))]),
        ([["店铺", "批次", "", ""], ["订单", "姓名", "电话", "数量"], ["T0001", "甲", "1", "2"]], []),
        ([["订单", "买家", ""], ["", "姓名", "电话"]], [((0, 0), (1, 0)), ((0, 1), (0, 2))]),
        ([["", "买家", ""], ["序号", "姓名", "电话"], ["1", "甲", "1"]], []),
    ],
)
def test_only_two_rows_that_fit_each_other_are_groups_and_their_headings(
    top: list[list[object]], merged: list[object]
) -> None:
    assert merged_headings(top) == merged


def test_the_receipt_of_a_text_file_with_groups_is_corrected_and_read_as_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    original = as_text(grouped(tmp_path / "o.xlsx"), tmp_path / "o.csv")
    original.write_bytes(original.read_bytes().replace(b"D-0001", b"D-" + b"0" * 70))
    assert [record["state"] for record in desk.convert(original)] == ["rejected"]
    receipt = book_of(desk, original, tmp_path / "o.receipt.xlsx")
    book = load_workbook(receipt)
    *_, bad = (cell for row in book.worksheets[0].iter_rows() for cell in row if str(cell.value).startswith("D-000"))
    bad.value = "D-0001"
    book.save(receipt)
    assert [record["state"] for record in desk.convert(receipt)] == ["ready"]
    with desk.store.read() as transaction:
        (one,) = transaction.execute(select(messages.c.id)).scalars().all()
        assert "<ceb:consignee>测试乙</ceb:consignee>" in message_body(transaction, one).decode()


def test_a_title_merged_over_the_whole_sheet_is_no_group(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", [["收货人信息"], *table([an_order()])])
    book = load_workbook(path)
    book.active.merge_cells("A1:M1")
    book.save(path)
    assert Opened(path).ready == ["D-0001"]


def test_cells_merged_across_are_told_by_their_rows(tmp_path: Path) -> None:
    (sheet,) = read_sheets(grouped(tmp_path / "o.xlsx"))
    assert sorted((row, last - first + 1) for row, first, last in sheet.merged_across()) == [(1, 3), (1, 3), (1, 4)]


def test_a_receipt_with_groups_is_corrected_and_read_as_its_original_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    original = grouped(tmp_path / "o.xlsx", title=True)
    book = load_workbook(original)
    (price,) = (cell for row in book.active.iter_rows(min_row=3, max_row=3) for cell in row if cell.value == "单价")
    right = book.active.cell(4, price.column).value
    book.active.cell(4, price.column).value = "12元"
    book.save(original)
    assert [record["state"] for record in desk.convert(original)] == ["rejected"]
    receipt = book_of(desk, original, tmp_path / "o.receipt.xlsx")
    book = load_workbook(receipt)
    (bad,) = (cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == "12元")
    bad.value = right
    book.save(receipt)
    assert [(record["state"], record["ids"]) for record in desk.convert(receipt)] == [("ready", [])]
    with desk.store.read() as transaction:
        ids = transaction.execute(select(messages.c.id)).scalars().all()
        (declared,) = (message_body(transaction, one).decode() for one in ids)
    assert "<ceb:buyerName>测试甲</ceb:buyerName>" in declared
    assert "<ceb:consignee>测试乙</ceb:consignee>" in declared
