"""Receipts for tests: sheets in memory, records as the receipt JSON has them, and the workbook that is made of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.receipts.publishing.workbook import make_book


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

    def merged_down(self) -> list[tuple[int, int, int]]:
        return list(self._merged)


def a_problem(cell: str | None, sheet: str | None = "订单", severity: str = "error", **changes: Any) -> dict[str, Any]:
    row = int("".join(letter for letter in cell if letter.isdigit())) if cell else None
    texts = {"zh": "总价不对", "fix_zh": "请更正。", "en": "The total is wrong", "fix_en": "Correct it."}
    found = {"id": "CEBD-1302", "field": "totalPrice", "cell": cell, "value": "1", **texts}
    return {**found, "sheet": sheet, "row": row, "severity": severity, **changes}


def a_record(state: str, *rows: int, sheet: str | None = "订单", problems: tuple[Any, ...] = (), **changes: Any) -> Any:
    customs = {"status": "120", "text_zh": "海关入库", "text_en": "Entered at customs", "info": "入库成功"}
    customs |= {"time": "2026-03-04T10:00:00.123+08:00", "preNo": None, "invtNo": None}
    return {
        "type": "CEB311",
        "key": {"ebpCode": "9900000001", "ebcCode": "9900000002", "orderNo": f"A{rows[0]}"},
        "place": {"sheet": sheet, "row": rows[0], "rows": list(rows)},
        "state": state,
        "guid": "11111111-2222-4333-8444-555555555555",
        "message": None,
        "customs": customs if state in ("acknowledged", "succeeded", "refused") else None,
        "history": [],
        "problems": list(problems),
        **changes,
    }


def book_of(folder: Path, records: list[Any], *sheets: Any, problems: tuple[Any, ...] = ()) -> Any:
    path = folder / "x.receipt.xlsx"
    path.write_bytes(
        make_book({"v": 1, "file": "x.xlsx", "problems": list(problems), "records": records}, list(sheets))
    )
    return load_workbook(path)


def colour(cell: Any) -> str | None:
    return cell.fill.fgColor.rgb[2:] if cell.fill.fill_type == "solid" else None


PLAIN = Rows("订单", ["订单编号", "数量", "总价"], ["A2", "1", "20"], ["A3", "2", "30"], ["A4", "3", "40"])
