"""Every row of the receipt workbook shows its state as a colour and a word, and a bad cell what is wrong with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from builders.receipt_rows import PLAIN, Rows, a_problem, a_record, book_of, colour
from cebd.declared.consequences import Consequence, ConsequenceKind
from cebd.receipts.publishing.book.styles import ERROR, NOTED, WORDS


class TestStates:
    @pytest.mark.parametrize("state", sorted(WORDS))
    def test_every_row_has_the_colour_of_its_state_and_the_word_beside_it(self, tmp_path: Path, state: str) -> None:
        sheet = book_of(tmp_path, [a_record(state, 2)], PLAIN)["订单"]
        word, _, wanted = WORDS[state]
        of_customs = {"succeeded": "已入库", "refused": "海关退单"}  # the record was answered 120, or 100
        assert sheet.own(2, "状态").value == of_customs.get(state, word)
        assert {colour(cell) for cell in sheet.sheet[2]} == {wanted}
        assert {colour(cell) for cell in sheet.sheet[4]} == {None}

    def test_rows_that_are_alike_in_all_else_each_say_what_would_become_of_them(self, tmp_path: Path) -> None:
        consequences = (
            Consequence(ConsequenceKind.NEW, "将申报", "declared"),
            Consequence(ConsequenceKind.WAITS, "等待运单", "waits"),
            None,
        )
        held = [a_record("held", row, consequence=one) for row, one in enumerate(consequences, 2)]
        sheet = book_of(tmp_path, held, PLAIN)["订单"]
        assert [sheet.own(row, "处理").value for row in (2, 3, 4)] == ["将申报", "等待运单", None]

    def test_all_rows_of_an_order_with_several_goods_are_coloured(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2, 4), a_record("rejected", 3)], PLAIN)["订单"]
        assert [sheet.own(row, "状态").value for row in (2, 3, 4)] == ["已入库", "未申报", "已入库"]
        assert [colour(sheet.cell(row, 1)) for row in (2, 3, 4)] == ["C6EFCE", "FFC7CE", "C6EFCE"]

    def test_a_problem_is_told_once_on_its_own_row_and_the_other_rows_of_the_order_point_there(
        self, tmp_path: Path
    ) -> None:
        record = a_record("rejected", 2, 3, 4, problems=(a_problem("C3"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert sheet.own(3, "处理").value == f"{sheet['C3'].coordinate} 请更正。\n总价不对 (CEBD-1302)"
        assert [sheet.own(row, "处理").value for row in (2, 4)] == ["见第 3 行"] * 2

    def test_an_order_number_filled_down_ten_thousand_rows_has_its_receipt_in_seconds(self, tmp_path: Path) -> None:
        rows = range(2, 10_002)
        sheet = Rows("订单", ["订单编号", "数量", "总价"], *([f"A{row}", "1", "20"] for row in rows))
        record = a_record("rejected", *rows, problems=tuple(a_problem(f"C{row}") for row in rows[1:]))
        began = time.process_time()
        book = book_of(tmp_path, [record], sheet)["订单"]
        assert time.process_time() - began < 60  # it was hours
        assert book.own(2, "处理").value == "见第 3 行"
        assert book.own(10001, "处理").value.startswith("H10001 ")

    def test_what_is_wrong_with_the_whole_order_is_told_on_its_first_row(self, tmp_path: Path) -> None:
        record = a_record("refused", 2, 4, problems=(a_problem(None, sheet=None, id="CEBD-1702"),))
        sheet = book_of(tmp_path, [record], PLAIN)["订单"]
        assert "CEBD-1702" in sheet.own(2, "处理").value
        assert sheet.own(4, "处理").value == "见第 2 行"

    def test_red_is_for_what_needs_the_operator_and_nothing_else(self) -> None:
        def reddish(rgb: str) -> bool:
            red, green, blue = (int(rgb[start : start + 2], 16) for start in (0, 2, 4))
            return red > 230 and green < 205 and blue < 220 and abs(green - blue) < 20

        assert {state for state, word in WORDS.items() if reddish(word.colour)} == {"rejected", "refused"}

    def test_what_customs_say_stands_in_words_with_the_time(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], PLAIN)["订单"]
        assert sheet.headings() == ["[cebd] 状态", "[cebd] 编号", "[cebd] 处理", "[cebd] 海关回执", "[cebd] 回执时间"]
        assert sheet.own(2, "海关回执").value == "120 海关入库"
        assert sheet.own(2, "回执时间").value == "2026-03-04 10:00:00"

    def test_headings_state_and_number_stay_in_sight_and_can_be_filtered(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("succeeded", 2)], PLAIN)["订单"]
        assert [cell.value for cell in sheet.sheet[2]][:2] == ["已入库", "A2"]
        assert sheet.freeze_panes == "C2"
        assert sheet.auto_filter.ref == "A1:H4"

    def test_headings_under_title_rows_are_found(self, tmp_path: Path) -> None:
        titled = Rows("订单", ["一月订单"], [], ["订单编号", "数量", "总价"], [], ["A5", "1", "20"])
        sheet = book_of(tmp_path, [a_record("sent", 5)], titled)["订单"]
        assert sheet.freeze_panes == "C4"
        assert sheet.sheet["A3"].value.startswith("[cebd] 状态")
        assert sheet["A1"].value == "一月订单"


class TestBadCells:
    def test_a_bad_cell_is_red_with_the_problem_as_its_comment(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("rejected", 3, problems=(a_problem("C3"),))], PLAIN)["订单"]
        assert colour(sheet["C3"]) == ERROR
        comment = sheet["C3"].comment
        assert comment.text.splitlines() == ["请更正。", "总价不对 (CEBD-1302)", "Correct it.", "The total is wrong"]
        assert comment.height <= 320
        assert [cell.comment for cell in sheet.sheet[3] if cell.coordinate != sheet["C3"].coordinate] == [None] * 7
        assert sheet.own(3, "处理").value == "H3 请更正。\n总价不对 (CEBD-1302)"

    def test_a_warning_is_orange(self, tmp_path: Path) -> None:
        warned = a_record("sent", 3, problems=(a_problem("C3", severity="warning"),))
        sheet = book_of(tmp_path, [warned], PLAIN)["订单"]
        assert colour(sheet["C3"]) == NOTED

    def test_a_bad_heading_in_the_first_row_is_explained_as_any_cell_is(self, tmp_path: Path) -> None:
        sheet = book_of(tmp_path, [a_record("rejected", 2)], PLAIN, problems=[a_problem("C1")])["订单"]
        assert sheet["C1"].comment.text.startswith("请更正。\n总价不对")

    def test_a_notice_is_a_comment_and_no_alarm(self, tmp_path: Path) -> None:
        noticed = a_record("succeeded", 3, problems=(a_problem("C3", severity="notice"),))
        sheet = book_of(tmp_path, [noticed], PLAIN)["订单"]
        assert colour(sheet["C3"]) == WORDS["succeeded"].colour
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
        assert [cell.value for cell in sheet[2]] == ["订单编号", "数量", "总价"]
        assert sheet.own(4, "处理").value == "D4 请更正。\n总价不对 (CEBD-1302)"
        assert colour(book["订单"]["C4"]) is None

    def test_a_problem_of_the_whole_column_is_on_its_heading_and_on_the_sheet_about_the_file(
        self, tmp_path: Path
    ) -> None:
        found = a_problem("B1", id="CEBD-1005")
        book = book_of(tmp_path, [a_record("rejected", 2)], PLAIN, problems=(found,))
        assert colour(book["订单"]["B1"]) == ERROR
        assert book["cebd 文件"].sheet["B1"].value == "订单!G1 请更正。\n总价不对 (CEBD-1005)"


def test_totals_right_below_the_headings_are_not_taken_for_them(tmp_path: Path) -> None:
    rows = Rows("订单", ["订单编号", "合计"], ["合计", "50"], ["A2", "20"], ["A3", "30"])
    sheet = book_of(tmp_path, [a_record("sent", 3), a_record("sent", 4)], rows)["订单"]
    assert sheet.sheet["A1"].value.startswith("[cebd] 状态")
    assert [sheet.own(row, "状态").value for row in (2, 3)] == [None, "待回执"]
