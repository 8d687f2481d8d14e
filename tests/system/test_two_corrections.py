"""One receipt corrected by two persons: nobody undoes what the other one declared, and every receipt says which one counts."""

from __future__ import annotations

import io
from pathlib import Path

from openpyxl import load_workbook

from builders.receipt_rows import Hers
from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows


def corrected(receipt: Path, cell: str, value: object, person: str, **others: str) -> bytes:
    """The receipt workbook as that person saves it with that value, and with `others` in its row, by field."""
    book = load_workbook(receipt)
    sheet = Hers(book.worksheets[0])
    sheet[cell].value = value
    for name, other in others.items():
        [heading] = [one for row in sheet.iter_rows(max_row=3) for one in row if name in str(one.value)]
        sheet.sheet.cell(sheet[cell].row, heading.column).value = other
    book.properties.lastModifiedBy = person
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_the_second_correction_of_a_receipt_is_held_where_it_differs_and_names_both_persons(tmp_path: Path) -> None:
    with TryStation(tmp_path, by_folder=True) as station:
        station.start()
        rows = list(order_rows(3))
        right, rows[1] = rows[1]["line.qty"], {**rows[1], "line.qty": "两"}
        station.drop_rows("orders.xlsx", "order", rows)
        first = station.final_receipt("orders")
        assert (first["times"], "corrects" in first) == (1, False)
        book = station.receipt_book("orders")
        [cell] = [one["cell"] for one in first["records"][1]["problems"]]
        hers = corrected(book, cell, right, "张三")
        his = corrected(book, cell, right, "李四", buyerName="李雷")

        station.drop("orders.receipt.xlsx", hers)
        second = station.final_receipt("orders-2")
        assert second["counts"] == {"succeeded": 3}
        assert second["saved"]["by"] == "张三"
        assert first["received"] <= second["saved"]["at"] <= second["received"]  # when openpyxl wrote it
        assert (second["times"], second["corrects"]) == (2, f"{book.parent.name}/orders.receipt.xlsx")

        station.drop("orders.receipt.xlsx", his)
        third = station.final_receipt("orders-3")
        assert third["counts"] == {"rejected": 1, "succeeded": 2}
        [held] = [one for one in third["records"][1]["problems"] if one["severity"] == "error"]
        assert held["id"] == "CEBD-1442"
        assert "张三" in held["zh"]
        assert "李四" in held["zh"]
        assert "orders-2.receipt.xlsx" in held["fix_zh"]

        def replaced() -> object:
            return (station.receipt("orders") or {}).get("replacedBy")

        day = book.parent.name
        wanted = [f"{day}/orders-2.receipt.xlsx", f"{day}/orders-3.receipt.xlsx"]
        until(lambda: replaced() == wanted, "the first receipt to say what has taken its place")

        # He takes her receipt and corrects that.
        station.drop("orders-2.receipt.xlsx", station.receipt_book("orders-2").read_bytes())
        again = station.final_receipt("orders-2-2")
        assert (again["times"], again["counts"]) == (3, {"succeeded": 3})
        assert station.stop() == 0
