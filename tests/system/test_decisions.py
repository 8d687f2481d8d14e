"""A station on which people decide: of equal mistakes on the second sheet of a receipt, of unknown headings in a workbook beside it."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

from openpyxl import Workbook, load_workbook

from builders.decided_books import decide, lines_on
from builders.stations import TryStation
from builders.waiting import until
from cebd.decisions.layout_sheet import FIELD, FIELDS_SHEETS, HEADING, HEADINGS, SHEETS
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows

FIRST_ROW = 5


def declared(station: TryStation) -> Counter[str]:
    """How often each order reached customs."""
    return Counter(entry["key"]["orderNo"] for entry in read_ledger(station.customs_folder))


def test_decided_once_and_killed_every_order_is_declared_once(tmp_path: Path) -> None:
    rows = [row | ({"line.unit": "盒子"} if number % 2 else {}) for number, row in enumerate(order_rows(6))]
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("orders.xlsx", "order", rows)
        assert station.final_receipt("orders", 120)["counts"] == {"rejected": 3, "succeeded": 3}
        book = tmp_path / "orders.receipt.xlsx"
        book.write_bytes(station.receipt_book("orders").read_bytes())
        assert decide(book, {"盒子": "140 盒"}) == 1
        station.drop("orders.receipt.xlsx", book.read_bytes())
        until(lambda: not (station.inbox / "orders.receipt.xlsx").exists(), "the receipt is taken")
        station.kill()
        station.start()
        second = station.final_receipt("orders-2", 120)
        sent = declared(station)
        shown = lines_on(station.receipt_book("orders-2"))
    assert second["counts"] == {"succeeded": 6}
    assert (len(sent), set(sent.values())) == (6, {1})
    told = [one for record in second["records"] for one in record["problems"] if one["id"] == "CEBD-1224"]
    assert [(one["field"], one["value"]) for one in told] == [("unit", "盒子")] * 3
    assert [(one["decision"], one["by"]) for one in second["decisions"]] == [("140 盒", "张三")]
    assert len(shown) == 1


def test_a_file_with_unknown_headings_is_read_once_somebody_said_what_they_are(tmp_path: Path) -> None:
    rows = list(order_rows(2))
    foreign = {f"Spalte {chr(ord('A') + number)}": key for number, key in enumerate(rows[0])}
    content = io.BytesIO()
    book = Workbook()
    assert book.active is not None
    book.active.append(list(foreign))
    for row in rows:
        book.active.append([row[key] for key in foreign.values()])
    book.save(content)
    with TryStation(tmp_path) as station:
        station.start()
        station.drop("platform.xlsx", content.getvalue())
        asks = until(lambda: next(station.outbox.rglob("映射 platform.xlsx"), None), "the workbook that asks")
        filled = load_workbook(asks)
        sheet, fields = filled[SHEETS["zh"]], [str(cell.value) for cell in filled[FIELDS_SHEETS["zh"]]["A"]]
        sheet["B2"].value = "order"
        for row_number in range(FIRST_ROW, sheet.max_row + 1):
            key = foreign[str(sheet.cell(row_number, HEADINGS.index(HEADING) + 1).value)]
            part = "OrderList" if key.startswith("line.") else "OrderHead"
            chosen = next(one for one in fields if one.endswith(f"{part}/{key.partition('.')[2]}"))
            sheet.cell(row_number, HEADINGS.index(FIELD) + 1).value = chosen
        answer = io.BytesIO()
        filled.save(answer)
        station.drop(asks.name, answer.getvalue())
        until(lambda: any((station.inbox.parent / "done").rglob(asks.name)), "the answer is put away")
        waiting = until(
            lambda: next((station.inbox.parent / "error").rglob("platform.xlsx"), None), "the file that waits"
        )
        station.drop("platform.xlsx", waiting.read_bytes())
        receipt = station.final_receipt("platform-2", 120)
        sent = declared(station)
    assert receipt["counts"] == {"succeeded": 2}
    assert set(sent.values()) == {1}
