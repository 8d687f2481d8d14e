"""A receipt workbook that is dropped back is read as the original was, and what cebd added is known again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from builders.receipt_rows import Hers, Rows, a_problem, a_record, a_whole_receipt, book_of
from builders.workbooks import Opened, a_workbook, an_order, table
from cebd.documents.reading.layouts import OWN_SHEETS, recognise
from cebd.documents.workbooks.cells import NO_RESULT, Shown
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, OWN_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.documents.workbooks.sheets import read_sheets
from cebd.messages.description import message_type
from cebd.receipts.publishing.book.numbers import all_number_headings
from cebd.receipts.publishing.book.own_columns import is_heading
from cebd.receipts.publishing.book.workbook import make_book
from cebd.trial.rows import order_rows, write_workbook

EARLIER_RECEIPTS = Path(__file__).with_name("earlier")
EARLIER = ["[cebd] 状态 State", "[cebd] 海关 Customs", "[cebd] 时间 Time", "[cebd] 问题与处理 Problems"]
FRONT = ["[cebd] 状态", "[cebd] 编号", "[cebd] 处理", "[cebd] 海关回执", "[cebd] 回执时间"]


def takes_up(headings: list[Any]) -> list[Any]:
    """The columns of cebd's before the operator's."""
    return list(takewhile(lambda cell: str(cell).startswith(OWN_HEADING), headings))


class TestDroppedBack:
    def dropped(self, folder: Path, sheet: str) -> tuple[Path, list[list[Any]]]:
        rows = list(order_rows(3, lines=2))
        original = folder / "orders.xlsx"
        write_workbook(original, "order", rows)
        sheets = list(read_sheets(original))
        assert sheets[0].name == sheet
        first = folder / "a.receipt.xlsx"
        records = [a_record("rejected", 2, 3, sheet=sheet, problems=(a_problem("B2", sheet=sheet),))]
        records += [a_record("refused", row, row + 1, sheet=sheet) for row in (4, 6)]
        first.write_bytes(make_book(a_whole_receipt(*records), sheets))
        return first, list(sheets[0].rows())

    def test_it_is_read_as_the_original_was(self, tmp_path: Path) -> None:
        message = message_type("order")
        receipt, original = self.dropped(tmp_path, message.zh)
        sheets = list(read_sheets(receipt))
        layout = recognise(sheets, None, {})
        assert layout.type.code == "CEB311"
        assert layout.problems == recognise([Sheet(message.zh, Rows(message.zh, *original))], None, {}).problems
        front = len(takes_up(next(iter(sheets[0].rows()))))
        again = [row[front : front + len(original[0])] for row in sheets[0].rows()]
        assert again == original

    def test_every_kind_of_cell_is_read_back_as_it_was(self, tmp_path: Path) -> None:
        """Else a row that nobody touched would count as another declaration."""
        moment = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  as a reader gives it
        values = ["007", 7.0, 12.5, 6900000000007.0, Shown("007", 7.0), True, moment, "=1+1", " a\nb "]
        values += [date(2026, 1, 2), timedelta(hours=30, minutes=5), 1.1010119900101e17, 0.1 + 0.2, -0.005, "1.2E+17"]
        values += ["a\x0bb", "_x000B_", "_x0041_x0042_", "a\r\nb", "#N/A", NO_RESULT, "１２３", "\u200b12", "\ufeff"]
        headings = [f"列{index}" for index in range(len(values))]
        book_of(tmp_path, [a_record("rejected", 2)], Rows("订单", headings, values))
        heading, row, *_ = next(iter(read_sheets(tmp_path / "x.receipt.xlsx"))).rows()
        front = len(takes_up(heading))
        read = row[front : front + len(values)]
        assert read == values
        assert [type(cell) for cell in read] == [type(value) for value in values]

    def test_its_own_receipt_has_the_columns_of_cebd_once_and_in_the_same_place(self, tmp_path: Path) -> None:
        sheet = message_type("order").zh
        receipt, original = self.dropped(tmp_path, sheet)
        second = tmp_path / "b.receipt.xlsx"
        problems = [a_problem(None, sheet=None)]
        second.write_bytes(
            make_book(
                a_whole_receipt(a_record("sent", 2, 3, sheet=sheet), problems=problems), list(read_sheets(receipt))
            )
        )
        sheet_of_second = Hers(load_workbook(second)[sheet])
        assert sheet_of_second.headings() == FRONT
        assert [cell.value for cell in sheet_of_second[1]] == original[0]
        assert [sheet_of_second.own(row, "状态").value for row in (2, 4)] == ["待回执", None]
        third = tmp_path / "c.receipt.xlsx"
        third.write_bytes(
            make_book(
                a_whole_receipt(a_record("sent", 2, 3, sheet=sheet), problems=problems), list(read_sheets(second))
            )
        )
        assert load_workbook(third).sheetnames == [sheet, "cebd 文件"]

    def test_names_that_receipts_made_earlier_carry_are_known_for_ever(self) -> None:
        names = {"cebd 文件 File", "cebd 记录 Records", "cebd 决定 Decisions", "cebd 映射 Mapping", "cebd 栏目 Fields"}
        assert names < set(OWN_SHEETS)
        assert (OWN_HEADING, CHANGE_HEADING) == ("[cebd]", "报送类型 appType")
        assert all(
            is_heading(heading, all_number_headings()) for heading in (*EARLIER, *FRONT, "[cebd] 清单编号 invtNo")
        )

    @pytest.mark.parametrize("name", OWN_SHEETS[:-3])  # the last three make a workbook one that says what headings mean
    def test_sheets_of_our_own_are_not_read(self, tmp_path: Path, name: str) -> None:
        own = [["ebpCode", "ebcCode", "orderNo", "guid"], ["9900000001", "9900000002", "A1", "G"]]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()]), own, names=("Sheet1", name)))
        assert (opened.ready, opened.problems) == (["D-0001"], [])

    def test_columns_of_an_earlier_receipt_are_left_out_and_what_was_typed_right_of_them_stays(
        self, tmp_path: Path
    ) -> None:
        widened = Rows("订单", ["订单编号", *EARLIER, "备注"], ["A2", "旧", "旧", "旧", "旧", "急"])
        sheet = book_of(tmp_path, [a_record("sent", 2)], widened)["订单"]
        assert sheet.headings() == FRONT
        assert [cell.value for cell in sheet[1]] == ["订单编号", "备注"]
        assert [cell.value for cell in sheet[2]] == ["A2", "急"]
        assert sheet.own(2, "状态").value == "待回执"

    @pytest.mark.parametrize("name", sorted(path.name for path in EARLIER_RECEIPTS.iterdir()))
    def test_receipts_of_every_earlier_version_are_read_when_they_are_dropped_again(self, name: str) -> None:
        """They were made by `cebd run` of their time from a workbook of three orders with two goods each, one of them refused here."""
        opened = Opened(EARLIER_RECEIPTS / name)
        assert [record.key[-1] for record in opened.records] == ["T0000000001", "T0000000002", "T0000000003"]
        assert {found.id for found in opened.records[1].problems} == {"CEBD-1204"}
        assert opened.problems == []
