"""The receipt workbook speaks one language, and in that the words of a declarant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import load_workbook as load_with_calamine

from builders.receipt_rows import PLAIN, Rows, a_problem, a_record, a_whole_receipt, book_of
from cebd.declared.consequences import Consequence, ConsequenceKind
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.book.styles import WORDS
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.saved import Saved

CHINESE, LATIN_WORD = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]{3,}")
OURS = re.compile(r"\[cebd\]|cebd|CEBD-\d{4}|\.xlsx?")
GUID = re.compile("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-")


def of_every_kind() -> list[ReceiptRecord]:
    """A record in each state, two of them with problems, and one for each consequence of a preview."""
    of_states = [a_record(state, row) for row, state in enumerate(sorted(WORDS), 2)]
    of_states[0] = a_record("rejected", 2, problems=(a_problem("C2"), a_problem("B2", suggestion="1")))
    foretold = [
        a_record("ready", row, consequence=Consequence(kind, "将申报", "It goes"))
        for row, kind in enumerate(ConsequenceKind, 20)
    ]
    return [*of_states, *foretold]


ROWS = Rows("订单", ["订单编号", "数量", "总价"], *([f"A{row}", "1", "20"] for row in range(2, 40)))


def texts(language: Language, *problems: Problem, sheets: tuple[Any, ...] = (ROWS,)) -> list[str]:
    """All that the workbook of these says in the columns of cebd's, and on the sheet of the file."""
    from io import BytesIO

    receipt = a_whole_receipt(*of_every_kind(), problems=problems)
    receipt = ReceiptWith.saved(receipt)
    book = load_workbook(BytesIO(make_book(receipt, list(sheets), language=language)))
    first, about = book.worksheets[0], book.worksheets[-1]
    front = [cell.value for row in first.iter_rows(max_col=5) for cell in row]
    return [str(value) for value in (*front, *(cell.value for row in about.iter_rows() for cell in row)) if value]


class ReceiptWith:
    @staticmethod
    def saved(receipt: Any) -> Any:
        from dataclasses import replace

        return replace(receipt, saved=Saved("张三", "2026-11-26T09:30:00+08:00"), times=3)


def test_the_chinese_workbook_has_no_english_no_state_word_and_no_guid() -> None:
    said = texts("zh", a_problem("B1", id="CEBD-1005"))
    assert len(said) > 50
    assert [text for text in said if LATIN_WORD.search(OURS.sub("", text))] == []
    assert [text for text in said if GUID.search(text) or "记录" in text] == []


def test_the_english_workbook_has_no_chinese_but_names() -> None:
    said = texts("en", a_problem("B1", id="CEBD-1005"))
    names = ("张三", "入库成功", "订单")
    assert [text for text in said if CHINESE.search(re.sub("|".join(names), "", text))] == []


def test_a_drop_without_sheets_shows_no_guid() -> None:
    assert [text for text in texts("zh", sheets=()) if GUID.search(text)] == []


def test_how_the_file_came_out_stands_in_sight_above_the_states(tmp_path: Path) -> None:
    records = [a_record("succeeded", 2), a_record("rejected", 3)]
    sheet = book_of(tmp_path, records, PLAIN)["订单"]
    assert sheet.sheet["A1"].value == "[cebd] 状态\n成功 1 · 未申报 1 · 待回执 0"


def test_how_long_it_still_takes_stands_above_the_rows(tmp_path: Path) -> None:
    progress = problem("CEBD-2408", value="sftp", count=200, rate="2.0", ends="10:14")
    path = tmp_path / "x.xlsx"
    path.write_bytes(make_book(a_whole_receipt(a_record("ready", 2), problems=[progress]), [PLAIN]))
    told = str(load_workbook(path).worksheets[0]["C1"].value)
    assert (
        told == "[cebd] 处理\n经 sftp 发送：还有 200 份报文，每秒 2.0 份，约 10:14 完成：无需处理，不要重复放入文件。"
    )


def test_the_file_says_who_saved_it_and_the_how_manieth_it_is() -> None:
    said = texts("zh")
    assert "张三 2026-11-26 09:30" in said
    assert "2026-03-04 05:00（第 3 次）" in said


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_the_other_language_stands_in_the_comments(language: Language, tmp_path: Path) -> None:
    record = a_record("rejected", 3, problems=(a_problem("C3"),))
    path = tmp_path / "x.xlsx"
    path.write_bytes(make_book(a_whole_receipt(record), [PLAIN], language=language))
    comment = load_workbook(path).worksheets[0]["H3"].comment.text
    assert comment.startswith("Correct it." if language == "en" else "请更正。")
    assert "总价不对" in comment
    assert "The total is wrong" in comment
    assert load_with_calamine(str(path)).get_sheet_by_index(0).to_python()[2][1] == "A3"


@pytest.mark.parametrize(("language", "heading"), [("zh", "[cebd] State"), ("en", "[cebd] 状态"), ("both", None)])
def test_headings_and_customs_words_stand_in_the_other_language_in_their_comments(
    language: Language, heading: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "x.xlsx"
    receipt = a_whole_receipt(a_record("succeeded", 2), a_record("succeeded", 3))
    path.write_bytes(make_book(receipt, [PLAIN], language=language))
    comments = [cell.comment and cell.comment.text for cell in load_workbook(path).worksheets[0][1]]
    assert comments[0] == heading
    of_customs = [text for text in comments if text and "120 海关入库 = Entered at customs" in text]
    assert len(of_customs) == (heading is not None)


def test_a_row_is_as_high_as_its_texts_and_no_higher_than_a_row_may_be(tmp_path: Path) -> None:
    many = tuple(a_problem("C3", id=f"CEBD-13{number:02d}", zh="原因" * 40) for number in range(30))
    records = [a_record("rejected", 2, problems=many[:1]), a_record("rejected", 3, problems=many)]
    sheet = book_of(tmp_path, records, PLAIN)["订单"]
    assert sheet.row_dimensions[2].height == 4 * 17  # what to do, and a reason of three lines
    assert sheet.row_dimensions[3].height <= 409
    assert re.search(r"还有 \d+ 个问题，见批注", sheet.own(3, "处理").value)


def test_on_paper_it_is_landscape_a4_with_headings_state_and_number_on_every_page(tmp_path: Path) -> None:
    sheet = book_of(tmp_path, [a_record("sent", 2)], PLAIN)["订单"].sheet
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$B")
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
