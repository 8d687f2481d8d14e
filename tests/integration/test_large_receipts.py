"""The receipt of a large drop: its sheet is read once and written in seconds, and no workbook gets too many comments to be opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from builders.receipt_rows import Rows, a_problem, a_record, a_whole_receipt, book_of, colour
from cebd.documents.workbooks.chunks import Chunk, Columns, rows_of
from cebd.documents.workbooks.chunks import Rows as InRows
from cebd.receipts.publishing.book.styles import ERROR
from cebd.receipts.publishing.book.workbook import make_book


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
        assert written.max_column == written.front + 2

    def test_rows_that_the_reader_leaves_out_as_blank_keep_their_place(self, tmp_path: Path) -> None:
        class WithGaps(Rows):
            def chunks(self) -> Iterator[Chunk]:
                yield Columns(3, [["订单编号", "A4"], ["总价", 20.0]])
                yield InRows(1200, [["A1200", "30"]])

            def rows(self) -> Iterator[list[Any]]:
                return rows_of(self.chunks())

        written = book_of(tmp_path, [a_record("sent", 4), a_record("succeeded", 1200)], WithGaps("订单"))["订单"]
        assert [(cell.row, cell.value) for cell in written.sheet["F"] if cell.value] == [
            (3, "订单编号"),
            (4, "A4"),
            (1200, "A1200"),
        ]
        assert [cell.row for cell in written.sheet["A"] if cell.value] == [3, 4, 1200]
        assert (written["B4"].value, written.max_row) == (20, 1200)

    def test_what_cebd_adds_stands_right_of_a_note_far_down(self, tmp_path: Path) -> None:
        rows = [["A2", "20"] for _ in range(1000)]
        rows[700] = ["A702", "20", "", "改天再报"]
        written = book_of(
            tmp_path, [a_record("sent", 2), a_record("succeeded", 702)], Rows("订单", ["订单编号", "总价"], *rows)
        )
        assert written.sheetnames == ["订单", "cebd 文件"]
        sheet = written["订单"]
        assert (sheet["D702"].value, sheet.own(702, "状态").value) == ("改天再报", "已入库")
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


def test_more_bad_cells_than_comments_still_have_their_colour_and_their_words(tmp_path: Path) -> None:
    rows = [["A", "1", "2"] for _ in range(5_100)]
    records = [a_record("rejected", row, problems=(a_problem(f"C{row}"),)) for row in range(2, 5_102)]
    sheet = book_of(tmp_path, records, Rows("订单", ["订单编号", "数量", "总价"], *rows))["订单"]
    assert colour(sheet["C5101"]) == ERROR
    assert "CEBD-1302" in sheet.own(5101, "处理").value
    comments = [cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment]
    assert 4_900 < sum("1302" in text for text in comments) <= 5_000  # headings have some, too


def test_ten_thousand_rows_are_written_in_a_few_seconds(tmp_path: Path) -> None:
    rows = [[f"值{row}-{column}" for column in range(30)] for row in range(10_000)]
    records = [
        a_record("rejected" if row % 5 == 0 else "sent", row, problems=(a_problem(f"C{row}"),) if row % 5 == 0 else ())
        for row in range(2, 10_002)
    ]
    began = time.process_time()
    (tmp_path / "x.xlsx").write_bytes(make_book(a_whole_receipt(*records), [Rows("订单", ["列"] * 30, *rows)]))
    assert time.process_time() - began < 6.0
