"""Receipts for tests: sheets in memory, records of a receipt, and the workbook that is made of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from cebd.documents.workbooks.chunks import Chunk, in_chunks
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.problems.problem import Place, Problem
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.receipt import CustomsNumbers, CustomsWord, Receipt, ReceiptRecord, RecordPlace
from cebd.records.states import State


class Rows:
    """A sheet in memory."""

    def __init__(
        self,
        name: str,
        *rows: list[Any],
        hidden: tuple[int, ...] = (),
        merged: Sequence[tuple[int, int, int]] = (),
        across: Sequence[tuple[int, int, int]] = (),
        struck: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self._rows = rows
        self.facts = SheetFacts(hidden_rows=hidden, struck_rows=struck)
        self._merged, self._across = merged, across

    def rows(self) -> Iterator[list[Any]]:
        return iter(self._rows)

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        down = [((first - 1, column), (last - 1, column)) for column, first, last in self._merged]
        return down + [((row - 1, first), (row - 1, last)) for row, first, last in self._across]

    def merged_down(self) -> list[tuple[int, int, int]]:
        return list(self._merged)

    def merged_across(self) -> list[tuple[int, int, int]]:
        return list(self._across)


def a_problem(cell: str | None, sheet: str | None = "订单", severity: Any = "error", **changes: Any) -> Problem:
    row = int("".join(letter for letter in cell if letter.isdigit())) if cell else None
    texts = {"zh": "总价不对", "fix_zh": "请更正。", "en": "The total is wrong", "fix_en": "Correct it."}
    values = {"id": "CEBD-1302", "field": "totalPrice", "value": "1", **texts, **changes}
    return Problem(severity=severity, place=Place(sheet, row, cell), **values)


def a_record(
    state: str, *rows: int, sheet: str | None = "订单", problems: tuple[Problem, ...] = (), **changes: Any
) -> ReceiptRecord:
    """A record of these rows. `cancelled` is the state of a list that the enterprise cancelled itself."""
    word = CustomsWord("120", "海关入库", "Entered at customs", "入库成功", "2026-03-04T10:00:00.123+08:00")
    spoken_of = state in ("acknowledged", "succeeded", "refused")
    values: dict[str, Any] = {
        "type": "CEB311",
        "key": {"ebpCode": "9900000001", "ebcCode": "9900000002", "orderNo": f"A{rows[0]}"},
        "place": RecordPlace(sheet, rows[0], rows),
        "state": State.REFUSED if state == "cancelled" else State(state),
        "cancelled": state == "cancelled",
        "guid": "11111111-2222-4333-8444-555555555555",
        "customs": word if spoken_of else None,
        "numbers": CustomsNumbers(None, None) if spoken_of else None,
        "problems": problems,
    }
    return ReceiptRecord(**{**values, **changes})


def a_whole_receipt(*records: ReceiptRecord, problems: Sequence[Problem] = ()) -> Receipt:
    counts = {record.state.value: 1 for record in records}
    received, published = "2026-03-04T05:00:00+08:00", "2026-03-04T05:06:07+08:00"
    return Receipt("x.xlsx", "0" * 64, "甲", received, published, False, counts, tuple(problems), None, records)


def book_of(folder: Path, records: Sequence[ReceiptRecord], *sheets: Any, problems: Sequence[Problem] = ()) -> Any:
    path = folder / "x.receipt.xlsx"
    path.write_bytes(make_book(a_whole_receipt(*records, problems=problems), list(sheets)))
    return Book(load_workbook(path))


class Book:
    """A receipt workbook; its sheets are `Hers`."""

    def __init__(self, book: Any) -> None:
        self._book = book

    def __getitem__(self, name: str) -> Hers:
        return Hers(self._book[name])

    @property
    def worksheets(self) -> list[Hers]:
        return [Hers(sheet) for sheet in self._book.worksheets]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)


class Hers:
    """A sheet of a receipt by the cells of the file that was dropped: `hers["C3"]` was C3 there, whatever stands before it now; and what
    cebd put beside a row: `hers.own(3, "状态")`."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        top = list(sheet.iter_rows(max_row=min(25, sheet.max_row)))  # openpyxl makes the rows that are asked for
        leading = (takewhile(_is_ours, (cell.value for cell in row)) for row in top)
        self.front = max((len(list(cells)) for cells in leading), default=0)
        self._heading = next((row[0].row for row in top if any(_is_ours(cell.value) for cell in row)), 1)

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, int):
            return self.sheet[key][self.front :]
        row, column = coordinate_to_tuple(key)
        return self.cell(row, column)

    def cell(self, row: int, column: int) -> Any:
        return self.sheet.cell(row, column + self.front)

    def own(self, row: int, heading: str) -> Any:
        """The cell of cebd's in that row whose heading begins so."""
        wanted = f"[cebd] {heading}"
        [column] = [one.column for one in self.sheet[self._heading] if str(one.value).split("\n")[0] == wanted]
        return self.sheet.cell(row, column)

    def headings(self) -> list[str]:
        """Those of cebd's columns, without what stands below them."""
        return [str(one.value).split("\n")[0] for one in self.sheet[self._heading] if _is_ours(one.value)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sheet, name)


def _is_ours(value: Any) -> bool:
    return str(value).startswith(OWN_HEADING)


def colour(cell: Any) -> str | None:
    return cell.fill.fgColor.rgb[2:] if cell.fill.fill_type == "solid" else None


PLAIN = Rows("订单", ["订单编号", "数量", "总价"], ["A2", "1", "20"], ["A3", "2", "30"], ["A4", "3", "40"])
