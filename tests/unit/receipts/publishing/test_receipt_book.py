"""The receipt workbook is the operator's own: same cells in the same places, coloured, with words, fit to be dropped back."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cebd.documents.reading.columns import OWN_SHEETS, recognise
from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, OWN_HEADING
from cebd.documents.workbooks.sheets import Sheet, read_sheets
from cebd.messages.description import message_type
from cebd.problems.problem import Place, problem
from cebd.receipts.publishing.form import HEADINGS
from cebd.receipts.publishing.styles import ERROR, NOTED, WORDS
from cebd.receipts.publishing.workbook import FILE_SHEET, RECORDS_SHEET, make_book
from cebd.trial.rows import order_rows, write_workbook
from receipt_rows import PLAIN, Rows, a_problem, a_record, a_whole_receipt, book_of, colour
from support import CASES
from workbooks import Opened, a_workbook, an_order, some_settings, table


class TestStates:
    @pytest.mark.parametrize("state", sorted(WORDS))
    def test_every_row_has_the_colour_of_its_state_and_the_word_beside_it(self, tmp_path: Path, state: str) -> None:
        sheet = book_of(tmp_path, [a_record(state, 2)], PLAIN)["订单"]
        word, wanted = WORDS[state]
        assert sheet["D2"].value == word
        assert {colour(cell) for cell in sheet[2]} == {wanted}
        assert {colour(cell) for cell in sheet[4]} == {None}

    def test_all_rows_of_an_order_with_several_goods_are_coloured(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2, 4), a_record("rejected", 3)], PLAIN)["订单"]
        assert [sheet.cell(row, 4).value.split()[0] for row in (2, 3, 4)] == ["成功", "未申报", "成功"]
        assert [colour(sheet.cell(row, 1)) for row in (2, 3, 4)] == ["C6EFCE", "FFC7CE", "C6EFCE"]

    def test_a_problem_is_told_once_on_its_own_row_and_the_other_rows_of_the_order_point_there(
        self, tmp_path: Path
    ) -> None:
        record = a_record("rejected", 2, 3, 4, problems=(a_problem("C3"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert sheet["G3"].value.startswith("CEBD-1302 C3")
        assert [sheet["G2"].value, sheet["G4"].value] == ["见第 3 行 See row 3"] * 2

    def test_what_is_wrong_with_the_whole_order_is_told_on_its_first_row(self, tmp_path: Path) -> None:
        record = a_record("refused", 2, 4, problems=(a_problem(None, sheet=None, id="CEBD-1702"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert sheet["G2"].value.startswith("CEBD-1702")
        assert sheet["G4"].value == "见第 2 行 See row 2"

    def test_red_is_for_what_needs_the_operator_and_nothing_else(self) -> None:
        def reddish(rgb: str) -> bool:
            red, green, blue = (int(rgb[start : start + 2], 16) for start in (0, 2, 4))
            return red > 230 and green < 205 and blue < 220 and abs(green - blue) < 20

        assert {state for state, (_, rgb) in WORDS.items() if reddish(rgb)} == {"rejected", "refused"}

    def test_what_customs_say_stands_in_words_with_the_time(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], PLAIN)["订单"]
        assert [cell.value for cell in sheet[1]][3:] == list(HEADINGS)
        assert sheet["E2"].value == "120 海关入库 Entered at customs\n入库成功"
        assert sheet["F2"].value == "2026-03-04 10:00:00"

    def test_the_headings_stay_in_sight_and_can_be_filtered(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], PLAIN)["订单"]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == "A1:G4"

    def test_headings_under_title_rows_are_found(self, tmp_path: Path) -> None:
        titled = Rows("订单", ["一月订单"], [], ["订单编号", "数量", "总价"], [], ["A5", "1", "20"])
        sheet = book_of(tmp_path, [a_record("sent", 5)], titled)["订单"]
        assert sheet.freeze_panes == "A4"
        assert sheet["D3"].value == HEADINGS[0]
        assert sheet["A1"].value == "一月订单"


class TestBadCells:
    def test_a_bad_cell_is_red_with_the_problem_as_its_comment(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=(a_problem("C3"),))], PLAIN)["订单"]
        assert colour(sheet["C3"]) == ERROR
        comment = sheet["C3"].comment
        assert comment.text.splitlines() == ["CEBD-1302 总价不对", "请更正。", "The total is wrong", "Correct it."]
        assert comment.height <= 320
        assert [cell.comment for cell in sheet[3] if cell.coordinate != "C3"] == [None] * 6
        assert "CEBD-1302 C3 总价不对。请更正。" in sheet["G3"].value

    def test_a_warning_is_orange(self, tmp_path: Path) -> None:
        warned = a_record("sent", 3, problems=(a_problem("C3", severity="warning"),))
        sheet = book_of(tmp_path, [warned], PLAIN)["订单"]
        assert colour(sheet["C3"]) == NOTED

    def test_a_notice_is_a_comment_and_no_alarm(self, tmp_path: Path) -> None:
        noticed = a_record("succeeded", 3, problems=(a_problem("C3", severity="notice"),))
        sheet = book_of(tmp_path, [noticed], PLAIN)["订单"]
        assert colour(sheet["C3"]) == WORDS["succeeded"][1]
        assert sheet["C3"].comment is not None

    def test_several_problems_of_a_cell_are_in_one_comment_each_once(self, tmp_path: Path) -> None:
        twice = (a_problem("C3"), a_problem("C3"), a_problem("C3", id="CEBD-1303"))
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=twice)], PLAIN)["订单"]
        assert sheet["C3"].comment.text.count("CEBD-1302") == 1
        assert "CEBD-1303" in sheet["C3"].comment.text

    def test_a_problem_on_a_goods_line_is_marked_on_the_sheet_of_the_lines(self, tmp_path: Path) -> None:
        lines = Rows("商品", ["说明"], ["订单编号", "数量", "总价"], ["A2", "1", "20"], ["A2", "2", "99"])
        record = a_record("rejected", 2, problems=(a_problem("C4", sheet="商品"),))
        book = book_of(tmp_path, [record], PLAIN, lines)
        sheet = book["商品"]
        assert colour(sheet["C4"]) == ERROR
        assert sheet["C4"].comment is not None
        assert [cell.value for cell in sheet[2]] == ["订单编号", "数量", "总价", HEADINGS[3]]
        assert "CEBD-1302" in sheet["D4"].value
        assert colour(book["订单"]["C4"]) is None

    def test_a_problem_of_the_whole_column_is_on_its_heading_and_on_the_sheet_about_the_file(
        self, tmp_path: Path
    ) -> None:
        found = a_problem("B1", id="CEBD-1005")
        book = book_of(tmp_path, [a_record("rejected", 2)], PLAIN, problems=(found,))
        assert colour(book["订单"]["B1"]) == ERROR
        assert [cell.value for cell in book[FILE_SHEET][2]][:3] == ["CEBD-1005", "订单", "B1"]

    def test_more_bad_cells_than_comments_still_have_their_colour_and_their_words(self, tmp_path: Path) -> None:
        rows = [["A", "1", "2"] for _ in range(5_100)]
        records = [a_record("rejected", row, problems=(a_problem(f"C{row}"),)) for row in range(2, 5_102)]
        sheet = book_of(tmp_path, records, Rows("订单", ["订单编号", "数量", "总价"], *rows))["订单"]
        assert colour(sheet["C5101"]) == ERROR
        assert "CEBD-1302" in sheet["G5101"].value
        assert sum(1 for row in sheet.iter_rows() for cell in row if cell.comment) == 5_000


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


class TestCorrecting:
    """What is typed into a cell stays as it was typed, and what nobody touches stays what it was."""

    def red(self, folder: Path, value: Any, field: str | None, code: str = "CEB311") -> Any:
        found = a_problem("B2", field=field)
        sheet = Rows("订单", ["订单编号", "列"], ["A2", value])
        return book_of(folder, [a_record("rejected", 2, problems=(found,), type=code)], sheet)["订单"]["B2"]

    @pytest.mark.parametrize(
        "value", ["", None, 1.1010119900101e17, 13800000000.0, True, "１２", Faulty("#N/A", "CEBD-1213")]
    )
    def test_a_bad_cell_of_a_text_field_has_the_format_text(self, tmp_path: Path, value: Any) -> None:
        assert self.red(tmp_path, value, "buyerIdNumber").number_format == "@"

    def test_a_bad_number_is_still_the_number_that_it_was(self, tmp_path: Path) -> None:
        cell = self.red(tmp_path, 1.1010119900101e17, "buyerIdNumber")
        assert (cell.value, cell.data_type) == (1.1010119900101e17, "n")

    @pytest.mark.parametrize("value", ["", None, "一百", 0.5, Faulty(NO_RESULT, "CEBD-1212")])
    def test_a_bad_cell_of_an_amount_takes_numbers_and_formulas(self, tmp_path: Path, value: Any) -> None:
        assert self.red(tmp_path, value, "totalPrice").number_format == "General"

    def test_a_bad_date_and_a_bad_number_shown_with_zeros_keep_their_format(self, tmp_path: Path) -> None:
        assert self.red(tmp_path, date(2026, 1, 2), "gmodel").number_format == "yyyy-mm-dd"
        assert self.red(tmp_path, Shown("0012", 12.0), "customsCode", "CEB621").number_format == "0000"

    def test_a_date_in_place_of_an_amount_does_not_make_a_date_of_the_amount_typed_over_it(
        self, tmp_path: Path
    ) -> None:
        cell = self.red(tmp_path, date(2026, 1, 2), "totalPrice")
        assert (cell.value, cell.number_format) == ("2026-01-02", "General")

    def test_an_error_of_a_formula_is_shown_and_read_back_as_one(self, tmp_path: Path) -> None:
        self.red(tmp_path, Faulty("#DIV/0!", "CEBD-1213"), "totalPrice")
        (read,) = read_sheets(tmp_path / "x.receipt.xlsx")[:1]
        assert list(read.rows())[1][1] == "#DIV/0!"

    def test_empty_cells_are_text_unless_their_column_has_numbers(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "条码", "总价"], ["A2", "", ""], ["A3", "69", 20.5], ["A4", None, None])
        sheet = book_of(tmp_path, [a_record("sent", row) for row in (2, 3, 4)], rows)["订单"]
        assert [sheet[cell].number_format for cell in ("B2", "C2", "B4", "C4")] == ["@", "General"] * 2
        assert sheet.column_dimensions["B"].number_format == "@"

    def test_hidden_rows_stay_hidden_and_are_coloured(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号"], ["A2"], ["A3"], hidden=(3,))
        sheet = book_of(tmp_path, [a_record("succeeded", row) for row in (2, 3)], rows)["订单"]
        assert [sheet.row_dimensions[row].hidden for row in (2, 3)] == [False, True]
        assert colour(sheet["A3"]) == "C6EFCE"

    def test_merged_cells_stay_merged_for_they_hold_for_all_their_rows(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "数量"], ["A2", 1.0], ["", 2.0], ["A4", 3.0], merged=[(0, 2, 3)])
        book_of(tmp_path, [a_record("succeeded", 2, 3), a_record("succeeded", 4)], rows)
        (read,) = read_sheets(tmp_path / "x.receipt.xlsx")
        assert read.merged_down() == [(0, 2, 3)]

    def test_a_bad_cell_under_a_merged_one_is_there_to_be_mended(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "数量"], ["A2", 1.0], ["A2", ""], merged=[(1, 2, 3)])
        record = a_record("rejected", 2, 3, problems=(a_problem("B3", field="qty"),))
        sheet = book_of(tmp_path, [record], rows)["订单"]
        assert (list(sheet.merged_cells.ranges), colour(sheet["B3"])) == ([], ERROR)

    def test_cells_right_of_the_headings_are_not_written_over(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号"], ["A2"], ["A3", "", "仓库：急"])
        sheet = book_of(tmp_path, [a_record("sent", row) for row in (2, 3)], rows)["订单"]
        assert (sheet["C3"].value, sheet["D1"].value) == ("仓库：急", HEADINGS[0])

    def test_a_suggestion_is_told_beside_the_problem_and_put_in_nowhere(self, tmp_path: Path) -> None:
        found = a_problem("C3", suggestion="30")
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=(found,))], PLAIN)["订单"]
        assert sheet["C3"].comment.text.splitlines()[-1] == "建议 suggestion: 30"
        assert sheet["G3"].value.splitlines()[-1] == "建议 suggestion: 30"
        assert sheet["C3"].value == "30"

    def test_a_problem_on_another_sheet_is_told_with_the_name_of_that_sheet(self, tmp_path: Path) -> None:
        record = a_record("rejected", 2, problems=(a_problem("C4", sheet="商品"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert sheet["G2"].value.startswith("CEBD-1302 商品!C4 ")


class TestOfferingAChange:
    def changed(self, *rows: int, cell: str | None = None, **changes: Any) -> Any:
        found = problem("CEBD-1402", Place("订单", rows[0], cell), value="A2", file="a.xlsx", state="succeeded")
        return a_record("rejected", *rows, problems=(found,), **changes)

    def test_a_changed_row_gets_a_column_right_of_all_with_the_types_to_choose_from(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [self.changed(2), a_record("succeeded", 3)], PLAIN)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", "数量", "总价", *HEADINGS, CHANGE_HEADING]
        assert [(sheet[cell].value, sheet[cell].number_format) for cell in ("H2", "H3")] == [(None, "@")] * 2
        assert (colour(sheet["H2"]), colour(sheet["H3"])) == (ERROR, "C6EFCE")
        assert "CEBD-1402" in sheet["H2"].comment.text
        (choice,) = sheet.data_validations.dataValidation
        assert (choice.type, choice.formula1, str(choice.sqref)) == ("list", '"1,2,3"', "H2:H4")

    def test_every_row_of_the_order_is_asked(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [self.changed(2, 4)], PLAIN)["订单"]
        assert [colour(sheet[cell]) for cell in ("H2", "H3", "H4")] == [ERROR, None, ERROR]

    @pytest.mark.parametrize(
        "heading", ["报送类型", "企业报送类型", "OrderHead/appType", "报送类型\nOrderHead/appType"]
    )
    def test_a_sheet_that_has_such_a_column_gets_no_other(self, tmp_path: Path, heading: str) -> None:
        rows = Rows("订单", [heading, "订单编号"], ["1", "A2"])
        sheet = book_of(tmp_path, [self.changed(2)], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == [heading, "订单编号", *HEADINGS]
        assert (colour(sheet["A2"]), str(sheet.data_validations.dataValidation[0].sqref)) == (ERROR, "A2")

    def test_a_column_that_the_settings_call_the_type_is_known_by_the_cell_that_the_problem_names(
        self, tmp_path: Path
    ) -> None:
        record = self.changed(2, 3, cell="B2")
        rows = Rows("订单", ["订单编号", "业务"], ["A2", "1"], ["A2", "1"])
        sheet = book_of(tmp_path, [record], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", "业务", *HEADINGS]
        assert (colour(sheet["B2"]), colour(sheet["B3"])) == (ERROR, ERROR)

    def test_the_column_offered_earlier_keeps_its_place_and_its_drop_down(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", *HEADINGS, CHANGE_HEADING], ["A2", "", "", "", "", "2"])
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", *HEADINGS, CHANGE_HEADING]
        assert (sheet["F2"].value, str(sheet.data_validations.dataValidation[0].sqref)) == ("2", "F2")

    def test_where_nothing_was_changed_nothing_is_offered(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("rejected", 2, problems=(a_problem("C2"),))], PLAIN)["订单"]
        assert CHANGE_HEADING not in [cell.value for cell in sheet[1]]

    def test_a_kind_of_declaration_that_knows_no_change_is_offered_none(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [self.changed(2, type="CEB623")], PLAIN)["订单"]
        assert CHANGE_HEADING not in [cell.value for cell in sheet[1]]

    def test_the_column_is_read_as_the_type_of_the_declaration(self, tmp_path: Path) -> None:
        rows = table([an_order()])
        path = a_workbook(tmp_path / "o.xlsx", [[*rows[0], CHANGE_HEADING], [*rows[1], "2"]])
        opened = Opened(path)
        assert ([record.app_type for record in opened.records], opened.problems) == (["2"], [])

    def test_a_column_that_the_settings_call_the_type_goes_before_the_one_offered(self, tmp_path: Path) -> None:
        rows = table([an_order()])
        path = a_workbook(tmp_path / "o.xlsx", [[*rows[0], "业务", CHANGE_HEADING], [*rows[1], "2", "1"]])
        mapping = {"m": {"type": "order", "files": ["*"], "columns": {"业务": "appType"}}}
        opened = Opened(path, some_settings(mapping))
        assert [record.app_type for record in opened.records] == ["2"]
        assert opened.said() == ["CEBD-1006"]


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
        again = [row[: len(original[0])] for row in sheets[0].rows()]
        assert again == original

    def test_every_kind_of_cell_is_read_back_as_it_was(self, tmp_path: Path) -> None:
        """Else a row that nobody touched would count as another declaration."""
        moment = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  as a reader gives it
        values = ["007", 7.0, 12.5, 6900000000007.0, Shown("007", 7.0), True, moment, "=1+1", " a\nb "]
        values += [date(2026, 1, 2), timedelta(hours=30, minutes=5), 1.1010119900101e17, 0.1 + 0.2, -0.005, "1.2E+17"]
        values += ["a\x0bb", "_x000B_", "_x0041_x0042_", "a\r\nb", "#N/A", NO_RESULT, "１２３", "\u200b12", "\ufeff"]
        headings = [f"列{index}" for index in range(len(values))]
        book_of(tmp_path, [a_record("rejected", 2)], Rows("订单", headings, values))
        read = list(next(iter(read_sheets(tmp_path / "x.receipt.xlsx"))).rows())[1][: len(values)]
        assert read == values
        assert [type(cell) for cell in read] == [type(value) for value in values]

    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), min_size=1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.integers(-(10**15) + 1, 10**15 - 1).map(float)
            | st.from_regex(r"(_x[0-9A-F]{4})+_", fullmatch=True)
            | st.from_regex(r"[0-9]{1,25}", fullmatch=True, alphabet="0123456789"),
            min_size=1,
            max_size=12,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_whatever_a_cell_holds_it_is_read_back_as_it_was(self, values: list[Any]) -> None:
        with TemporaryDirectory() as folder:
            book_of(Path(folder), [a_record("rejected", 2)], Rows("订单", ["列"] * len(values), values))
            (sheet,) = read_sheets(Path(folder) / "x.receipt.xlsx")
            read = list(sheet.rows())[1][: len(values)]
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
        book = load_workbook(second)
        headings = [cell.value for cell in book[sheet][1]]
        assert headings[len(original[0]) :] == list(HEADINGS)
        assert book[sheet].cell(2, len(original[0]) + 1).value == WORDS["sent"][0]
        assert book[sheet].cell(4, len(original[0]) + 1).value is None
        third = tmp_path / "c.receipt.xlsx"
        third.write_bytes(
            make_book(
                a_whole_receipt(a_record("sent", 2, 3, sheet=sheet), problems=problems), list(read_sheets(second))
            )
        )
        assert load_workbook(third).sheetnames == [sheet, FILE_SHEET]

    def test_names_that_receipts_made_earlier_carry_are_known_for_ever(self) -> None:
        assert OWN_SHEETS == (FILE_SHEET, RECORDS_SHEET) == ("cebd 文件 File", "cebd 记录 Records")
        assert (OWN_HEADING, CHANGE_HEADING) == ("[cebd]", "报送类型 appType")
        assert all(heading.startswith(OWN_HEADING) for heading in HEADINGS)

    @pytest.mark.parametrize("name", [FILE_SHEET, RECORDS_SHEET])
    def test_sheets_of_our_own_are_not_read(self, tmp_path: Path, name: str) -> None:
        own = [["ebpCode", "ebcCode", "orderNo", "guid"], ["9900000001", "9900000002", "A1", "G"]]
        opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()]), own, names=("Sheet1", name)))
        assert (opened.ready, opened.problems) == (["D-0001"], [])

    def test_a_column_added_right_of_ours_keeps_its_place(self, tmp_path: Path) -> None:
        widened = Rows("订单", ["订单编号", *HEADINGS, "备注"], ["A2", "旧", "旧", "旧", "旧", "急"])
        sheet = book_of(tmp_path, [a_record("sent", 2)], widened)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", *HEADINGS, "备注"]
        assert [cell.value for cell in sheet[2]] == ["A2", "已发送 sent", None, None, None, "急"]


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
        written = [[cell.value for cell in row][: len(original[0])] for row in sheet.iter_rows()]
        assert written == [[None if cell == "" else cell for cell in row] for row in original]

    def test_an_xml_drop_gets_a_table_of_its_records(self, tmp_path: Path) -> None:
        records = [a_record("refused", 4, sheet=None), a_record("succeeded", 40, sheet=None)]
        book = book_of(tmp_path, records)
        sheet = book.worksheets[0]
        assert [cell.value for cell in sheet[1]] == ["ebpCode", "ebcCode", "orderNo", "guid", "行 Line", *HEADINGS]
        assert [cell.value for cell in sheet[2]][:6] == [
            "9900000001",
            "9900000002",
            "A4",
            "11111111-2222-4333-8444-555555555555",
            4,
            WORDS["refused"][0],
        ]
        assert {colour(cell) for cell in sheet[3]} == {"C6EFCE"}
        assert sheet.freeze_panes == "A2"

    def test_a_drop_without_any_record_still_makes_a_workbook(self, tmp_path: Path) -> None:
        book = book_of(tmp_path, [], problems=(a_problem(None, sheet=None, id="CEBD-1003"),))
        assert book[FILE_SHEET]["A2"].value == "CEBD-1003"


class TestOneReading:
    """A large sheet is read once for its receipt: reading it takes as long as writing it."""

    class Counted(Rows):
        read = 0

        def rows(self) -> Iterator[list[Any]]:
            for row in super().rows():
                self.read += 1
                yield row

    def test_a_sheet_is_read_once_however_long_it_is(self, tmp_path: Path) -> None:
        sheet = self.Counted("订单", ["订单编号", "总价"], *([f"A{row}", "20"] for row in range(2, 1002)))
        book_of(tmp_path, [a_record("sent", 2)], sheet)
        assert sheet.read <= 1001 + 21

    def test_blank_cells_further_right_make_it_no_wider(self, tmp_path: Path) -> None:
        sheet = self.Counted("订单", ["订单编号", "总价"], *(["A2", "20", "", None] for _ in range(1000)))
        written = book_of(tmp_path, [a_record("sent", 2)], sheet)["订单"]
        assert sheet.read <= 1001 + 21
        assert written["C1"].value == HEADINGS[0]

    def test_what_cebd_adds_stands_right_of_a_note_far_down(self, tmp_path: Path) -> None:
        rows = [["A2", "20"] for _ in range(1000)]
        rows[700] = ["A702", "20", "", "改天再报"]
        written = book_of(
            tmp_path, [a_record("sent", 2), a_record("succeeded", 702)], Rows("订单", ["订单编号", "总价"], *rows)
        )
        assert written.sheetnames == ["订单"]
        sheet = written["订单"]
        assert (sheet["D702"].value, sheet["E1"].value, sheet["E702"].value) == (
            "改天再报",
            HEADINGS[0],
            WORDS["succeeded"][0],
        )
        assert sheet["C1"].value is None

    @pytest.mark.parametrize("damage", ["wider", "broken"])
    def test_what_was_begun_in_vain_leaves_nothing_on_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()

        class Breaking(Rows):
            def rows(self) -> Iterator[list[Any]]:
                yield from super().rows()
                if damage == "broken":
                    raise ValueError("damaged further down")

        sheet = Breaking("订单", ["订单编号"], *(["A2"] for _ in range(100)), ["A102", "x"])
        with nullcontext() if damage == "wider" else pytest.raises(ValueError, match="further down"):
            book_of(tmp_path, [a_record("sent", 2)], sheet)
        assert list((tmp_path / "temporary").iterdir()) == []


def test_totals_right_below_the_headings_are_not_taken_for_them(tmp_path: Path) -> None:
    rows = Rows("订单", ["订单编号", "合计"], ["合计", "50"], ["A2", "20"], ["A3", "30"])
    sheet = book_of(tmp_path, [a_record("sent", 3), a_record("sent", 4)], rows)["订单"]
    assert (sheet["C1"].value, sheet["C2"].value, sheet["C3"].value) == (HEADINGS[0], None, WORDS["sent"][0])


def test_ten_thousand_rows_are_written_in_a_few_seconds(tmp_path: Path) -> None:
    rows = [[f"值{row}-{column}" for column in range(30)] for row in range(10_000)]
    records = [
        a_record("rejected" if row % 5 == 0 else "sent", row, problems=(a_problem(f"C{row}"),) if row % 5 == 0 else ())
        for row in range(2, 10_002)
    ]
    began = time.process_time()
    (tmp_path / "x.xlsx").write_bytes(make_book(a_whole_receipt(*records), [Rows("订单", ["列"] * 30, *rows)]))
    assert time.process_time() - began < 6.0
