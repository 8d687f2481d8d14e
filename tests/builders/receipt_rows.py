"""Receipts for tests: sheets in memory, records of a receipt, and the workbook that is made of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from cebd.documents.workbooks.chunks import Chunk, in_chunks
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.problems.problem import Place, Problem
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.receipt import CustomsNumbers, CustomsWord, Receipt, ReceiptRecord, RecordPlace
from cebd.records.states import State


class Rows:
    """A sheet in memory."""

    def __init__(
        self, name: str, *rows: list[Any], hidden: tuple[int, ...] = (), merged: Sequence[tuple[int, int, int]] = ()
    ) -> None:
        self.name = name
        self._rows = rows
        self.facts = SheetFacts(hidden_rows=hidden)
        self._merged = merged

    def rows(self) -> Iterator[list[Any]]:
        return iter(self._rows)

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    def merged_down(self) -> list[tuple[int, int, int]]:
        return list(self._merged)


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
    return load_workbook(path)


def colour(cell: Any) -> str | None:
    return cell.fill.fgColor.rgb[2:] if cell.fill.fill_type == "solid" else None


PLAIN = Rows("订单", ["订单编号", "数量", "总价"], ["A2", "1", "20"], ["A3", "2", "30"], ["A4", "3", "40"])
