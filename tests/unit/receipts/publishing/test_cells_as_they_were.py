"""The receipt workbook is the operator's own: the same cells in the same places, whatever kind of file was dropped."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from builders.papers import CASES
from builders.receipt_rows import PLAIN, Rows, a_problem, a_record, book_of, colour
from cebd.documents.workbooks.sheets import read_sheets


class TestCellsAsTheyWere:
    @pytest.mark.parametrize(
        "value",
        [
            "0012",
            "690000000000712345678",
            "1E5",
            "=1+1",
            "+86",
            "-",
            "TRUE",
            "2026-01-01",
            " a ",
            "a\nb",
            "<&>\"'",
            "编号",
        ],
    )
    def test_text_stays_text(self, tmp_path: Path, value: str) -> None:
        sheet = book_of(tmp_path, [a_record("sent", 2)], Rows("订单", ["订单编号"], [value]))["订单"]
        assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == (value, "s", "@")

    def test_numbers_truths_and_dates_stay_what_they_are(self, tmp_path: Path) -> None:
        values = [12.5, 7, True, datetime(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5)]  # noqa: DTZ001  as a reader gives them
        sheet = book_of(tmp_path, [a_record("sent", 2)], Rows("订单", list("ABCDE"), values))["订单"]
        assert [cell.value for cell in sheet[2]][:5] == values

    def test_a_long_number_can_be_read(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("sent", 2)], Rows("订单", ["条码"], [6900000000007.0]))["订单"]
        assert (sheet["A2"].value, sheet["A2"].number_format) == (6900000000007, "0")

    def test_letters_that_no_workbook_may_hold_are_shown_as_damaged(self, tmp_path: Path) -> None:
        """Left out, they would make a bad cell good without anybody's doing."""
        sheet = book_of(tmp_path, [a_record("rejected", 2)], Rows("订单", ["A"], ["a\x00b\ufffec\ud800"]))["订单"]
        assert sheet["A2"].value == "a\ufffdb\ufffdc\ufffd"

    def test_a_comment_on_a_cell_with_such_letters_can_be_written(self, tmp_path: Path) -> None:
        found = a_problem("C3", zh="应为数字，现为“1\x0b2”", suggestion="1\x0b2")
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=(found,))], PLAIN)["订单"]
        assert "现为“12”" in sheet["C3"].comment.text

    def test_a_sheet_name_that_no_workbook_may_have_is_made_one(self, tmp_path: Path) -> None:
        name = "2026/03 [大促] 订单: 华南仓与保税仓联合发货清单（最终版）"
        book = book_of(tmp_path, [a_record("sent", 2, sheet=name)], Rows(name, ["A"], ["1"]))
        assert book.sheetnames[0].startswith("2026_03 _大促_ 订单_")
        assert colour(book.worksheets[0]["A2"]) == "DDEBF7"

    def test_other_sheets_come_along_untouched(self, tmp_path: Path) -> None:
        notes = Rows("备注", ["仓库", "电话"], ["华南", "13800000000"])
        book = book_of(tmp_path, [a_record("sent", 2)], PLAIN, notes)
        assert [[cell.value for cell in row] for row in book["备注"].iter_rows()] == [
            ["仓库", "电话"],
            ["华南", "13800000000"],
        ]
        assert colour(book["备注"]["A2"]) is None


class TestSources:
    def test_the_rows_of_a_csv_file_are_coloured_though_the_file_was_called_otherwise_while_it_was_read(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "orders.csv"
        with path.open("w", encoding="gb18030", newline="") as out:
            csv.writer(out).writerows([["订单编号", "总价"], ["0012", "20"], ["0013", "30"]])
        records = [a_record("succeeded", 2, sheet="000007-orders")]
        book = book_of(tmp_path, records, *read_sheets(path))
        sheet = book.worksheets[0]
        assert (sheet.title, sheet["A2"].value, colour(sheet["A2"])) == ("000007-orders", "0012", "C6EFCE")

    def test_an_xls_workbook_comes_back_as_xlsx_with_all_its_cells(self, tmp_path: Path) -> None:
        sheets = list(read_sheets(CASES / "orders-flat-as-found.xls"))
        sheet = book_of(tmp_path, [a_record("succeeded", 2, sheet=sheets[0].name)], *sheets)[sheets[0].name[:31]]
        original = list(sheets[0].rows())
        written = [[cell.value for cell in sheet[row]][: len(original[0])] for row in range(1, sheet.max_row + 1)]
        assert written == [[None if cell == "" else cell for cell in row] for row in original]

    def test_an_xml_drop_gets_a_table_of_its_records(self, tmp_path: Path) -> None:
        records = [a_record("refused", 4, sheet=None), a_record("succeeded", 40, sheet=None)]
        book = book_of(tmp_path, records)
        sheet = book.worksheets[0]
        assert [cell.value for cell in sheet[1]] == ["ebpCode", "ebcCode", "orderNo", "行"]
        assert [cell.value for cell in sheet[2]] == ["9900000001", "9900000002", "A4", 4]
        assert (sheet.own(2, "状态").value, sheet.own(2, "编号").value) == ("海关退单", "A4")
        assert {colour(cell) for cell in sheet.sheet[3]} == {"C6EFCE"}
        assert sheet.freeze_panes == "C2"

    def test_a_drop_without_any_record_still_makes_a_workbook(self, tmp_path: Path) -> None:
        book = book_of(tmp_path, [], problems=(a_problem(None, sheet=None, id="CEBD-1003"),))
        assert book.sheetnames == ["cebd 文件"]
        assert "CEBD-1003" in book["cebd 文件"].sheet["B1"].value
