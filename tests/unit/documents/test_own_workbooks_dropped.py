"""A ledger or an answer that is dropped into the inbox is told from declarations, whatever it is called and whoever saved it."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from builders.workbooks import Opened
from cebd.documents.workbooks.own_marks import tells_only
from cebd.documents.workbooks.unreadable import Unreadable


def test_a_ledger_that_was_saved_by_another_program_under_another_name_is_not_declared(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].title = "cebd 台账"
    book.worksheets[0].append(["订单编号", "电商平台代码", "商品价格"])
    book.worksheets[0].append(["D1", "9900000001", "12.30"])
    book.create_sheet("cebd 台账 2")
    book.create_sheet("cebd 合计")
    book.save(tmp_path / "订单.xlsx")
    with pytest.raises(Unreadable) as refused:
        Opened(tmp_path / "订单.xlsx")
    assert refused.value.problem.id == "CEBD-1059"
    assert "订单.xlsx" in refused.value.problem.zh


@pytest.mark.parametrize("sheets", [["cebd 台账", "Sheet1"], ["台账"], []])
def test_a_workbook_with_a_sheet_of_her_own_is_read(sheets: list[str]) -> None:
    assert not tells_only(sheets)
