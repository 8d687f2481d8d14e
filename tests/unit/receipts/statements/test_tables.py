"""Workbooks of plain tables."""

from __future__ import annotations

import io

from python_calamine import CalamineWorkbook

from cebd.receipts.statements.tables import Column, Row, Table, make_workbook


def test_rows_that_one_sheet_does_not_take_go_on_in_further_sheets() -> None:
    rows = [Row((f"D{number}",)) for number in range(5)]
    tables = [
        Table("回执", (Column("单号", 20),), iter(rows), ("全部",), longest=2),
        Table("空", (Column("单号", 20),), ()),
    ]
    book = CalamineWorkbook.from_filelike(io.BytesIO(make_workbook(tables)))
    assert {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names} == {
        "回执": [["全部"], ["单号"], ["D0"], ["D1"]],
        "回执 2": [["全部"], ["单号"], ["D2"], ["D3"]],
        "回执 3": [["全部"], ["单号"], ["D4"]],
        "空": [["单号"]],
    }
