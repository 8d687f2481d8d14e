"""The receipt workbook is the correction form: a cell keeps what is typed into it, and a row that was changed is asked what that means."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from builders.receipt_rows import PLAIN, Rows, a_problem, a_record, book_of, colour
from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.documents.workbooks.sheets import read_sheets
from cebd.problems.problem import Place, problem
from cebd.receipts.publishing.book.styles import ERROR


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
        assert list(read.rows())[1][6] == "#DIV/0!"  # behind five columns of cebd's

    def test_empty_cells_are_text_unless_their_column_has_numbers(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "条码", "总价"], ["A2", "", ""], ["A3", "69", 20.5], ["A4", None, None])
        sheet = book_of(tmp_path, [a_record("sent", row) for row in (2, 3, 4)], rows)["订单"]
        assert [sheet[cell].number_format for cell in ("B2", "C2", "B4", "C4")] == ["@", "General"] * 2
        assert sheet.column_dimensions[sheet["B1"].column_letter].number_format == "@"

    def test_hidden_rows_stay_hidden_and_are_coloured(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号"], ["A2"], ["A3"], hidden=(3,))
        sheet = book_of(tmp_path, [a_record("succeeded", row) for row in (2, 3)], rows)["订单"]
        assert [sheet.row_dimensions[row].hidden for row in (2, 3)] == [False, True]
        assert colour(sheet["A3"]) == "C6EFCE"

    def test_rows_kept_back_because_nobody_saw_them_are_there_to_be_seen(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号"], ["A2"], ["A3"], ["A4"], hidden=(3, 4))
        kept_back = a_record("rejected", 3, problems=(a_problem(None, id="CEBD-1060"),))
        sheet = book_of(tmp_path, [a_record("succeeded", 2), kept_back, a_record("succeeded", 4)], rows)["订单"]
        assert [sheet.row_dimensions[row].hidden for row in (2, 3, 4)] == [False, False, True]

    def test_rows_struck_through_stay_so_and_are_kept_back_again(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "数量", "单价"], ["A2", 1.0, 2.0], ["A3", 1.0, 2.0], struck=(3,))
        kept_back = a_record("rejected", 3, problems=(a_problem(None, id="CEBD-1060"),))
        book_of(tmp_path, [a_record("succeeded", 2), kept_back], rows)
        read = read_sheets(tmp_path / "x.receipt.xlsx")[0]
        assert read.facts.struck_rows == (3,)

    def test_merged_cells_stay_merged_for_they_hold_for_all_their_rows(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "数量"], ["A2", 1.0], ["", 2.0], ["A4", 3.0], merged=[(0, 2, 3)])
        book_of(tmp_path, [a_record("succeeded", 2, 3), a_record("succeeded", 4)], rows)
        read = read_sheets(tmp_path / "x.receipt.xlsx")[0]
        assert read.merged_down() == [(5, 2, 3)]

    def test_groups_above_the_headings_stay_merged_for_they_say_whose_name_it_is(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订购人", ""], ["姓名", "电话"], ["甲", "1"], ["乙", "2"], across=[(1, 0, 1), (4, 0, 1)])
        book_of(tmp_path, [a_record("succeeded", 3), a_record("succeeded", 4)], rows)
        assert read_sheets(tmp_path / "x.receipt.xlsx")[0].merged_across() == [(1, 5, 6)]

    def test_a_bad_cell_under_a_merged_one_is_there_to_be_mended(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "数量"], ["A2", 1.0], ["A2", ""], merged=[(1, 2, 3)])
        record = a_record("rejected", 2, 3, problems=(a_problem("B3", field="qty"),))
        sheet = book_of(tmp_path, [record], rows)["订单"]
        assert (list(sheet.merged_cells.ranges), colour(sheet["B3"])) == ([], ERROR)

    def test_cells_right_of_the_headings_are_not_written_over(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号"], ["A2"], ["A3", "", "仓库：急"])
        sheet = book_of(tmp_path, [a_record("sent", row) for row in (2, 3)], rows)["订单"]
        assert (sheet["C3"].value, sheet["D3"].value) == ("仓库：急", None)

    def test_a_suggestion_is_told_beside_the_problem_and_put_in_nowhere(self, tmp_path: Path) -> None:
        found = a_problem("C3", suggestion="30")
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=(found,))], PLAIN)["订单"]
        assert "建议 suggestion: 30" in sheet["C3"].comment.text.splitlines()
        assert sheet.own(3, "处理").value.splitlines()[1] == "建议: 30"
        assert sheet["C3"].value == "30"

    def test_a_problem_on_another_sheet_is_told_with_the_name_of_that_sheet(self, tmp_path: Path) -> None:
        record = a_record("rejected", 2, problems=(a_problem("C4", sheet="商品"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert sheet.own(2, "处理").value.startswith("商品!C4 ")


class TestOfferingAChange:
    def changed(self, *rows: int, cell: str | None = None, **changes: Any) -> Any:
        found = problem("CEBD-1402", Place("订单", rows[0], cell), value="A2", file="a.xlsx", state="succeeded")
        return a_record("rejected", *rows, problems=(found,), **changes)

    def test_a_changed_row_gets_a_column_right_of_all_with_the_types_to_choose_from(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [self.changed(2), a_record("succeeded", 3)], PLAIN)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", "数量", "总价", CHANGE_HEADING]
        assert [(sheet[cell].value, sheet[cell].number_format) for cell in ("D2", "D3")] == [(None, "@")] * 2
        assert (colour(sheet["D2"]), colour(sheet["D3"])) == (ERROR, "C6EFCE")
        assert "CEBD-1402" in sheet["D2"].comment.text
        (choice,) = sheet.data_validations.dataValidation
        assert (choice.type, choice.formula1, str(choice.sqref)) == ("list", '"1,2,3"', "I2:I4")

    def test_every_row_of_the_order_is_asked(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [self.changed(2, 4)], PLAIN)["订单"]
        assert [colour(sheet[cell]) for cell in ("D2", "D3", "D4")] == [ERROR, None, ERROR]

    @pytest.mark.parametrize(
        "heading", ["报送类型", "企业报送类型", "OrderHead/appType", "报送类型\nOrderHead/appType"]
    )
    def test_a_sheet_that_has_such_a_column_gets_no_other(self, tmp_path: Path, heading: str) -> None:
        rows = Rows("订单", [heading, "订单编号"], ["1", "A2"])
        sheet = book_of(tmp_path, [self.changed(2)], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == [heading, "订单编号"]
        assert (colour(sheet["A2"]), str(sheet.data_validations.dataValidation[0].sqref)) == (ERROR, "F2")

    def test_a_column_that_the_settings_call_the_type_is_known_by_the_cell_that_the_problem_names(
        self, tmp_path: Path
    ) -> None:
        record = self.changed(2, 3, cell="B2")
        rows = Rows("订单", ["订单编号", "业务"], ["A2", "1"], ["A2", "1"])
        sheet = book_of(tmp_path, [record], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", "业务"]
        assert (colour(sheet["B2"]), colour(sheet["B3"])) == (ERROR, ERROR)

    def test_the_column_offered_earlier_keeps_its_place_and_its_drop_down(self, tmp_path: Path) -> None:
        rows = Rows("订单", ["订单编号", "[cebd] 状态 State", CHANGE_HEADING], ["A2", "", "2"])
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], rows)["订单"]
        assert [cell.value for cell in sheet[1]] == ["订单编号", CHANGE_HEADING]
        assert (sheet["B2"].value, str(sheet.data_validations.dataValidation[0].sqref)) == ("2", "G2")

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
