"""A ledger or an answer that is dropped into the inbox is told from declarations, whatever it is called and whoever saved it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.documents.workbooks.own_marks import tells_only
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.receipts.publishing.book.own_columns import LANGUAGES
from cebd.receipts.statements import period_tables
from cebd.receipts.statements.ledger_book import ledger_columns
from cebd.receipts.statements.reconciliation import Reconciliation
from cebd.receipts.statements.reconciliation_book import reconciliation_tables
from cebd.receipts.statements.tables import Column
from cebd.receipts.statements.tax_bill_book import bill_columns, tax_bill_tables


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


_DAY = Reconciliation("甲", "2026-11-26", 0, (), (), ())
STATEMENTS: dict[str, Sequence[Column]] = {
    **{
        f"税单 {table.title}": table.columns for table in tax_bill_tables((), "2026-11-26") if "合计" not in table.title
    },
    **{f"对账 {table.title}": table.columns for table in reconciliation_tables(_DAY, "2026-11-26 09:00")},
    "回执清单": period_tables._ANSWERS,
    "回执清单 单证": period_tables._STATES,
    **{f"台账 {language}": ledger_columns(language) for language in LANGUAGES},
}
NUMBERS = {"进境清单编号": "52082026I000000001", "订单编号": "D-1", "企业内部编号": "COP-1", "物流运单编号": "YD-1"}


@pytest.mark.parametrize("what", STATEMENTS)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_statement_saved_under_another_name_in_another_form_is_not_taken_for_a_declaration(
    tmp_path: Path, what: str, suffix: str
) -> None:
    headings = [column.heading for column in STATEMENTS[what]]
    rows: list[list[object]] = [headings, *([f"{nth}" for nth, _ in enumerate(headings)] for _ in range(2))]
    path = tmp_path / f"撤单{suffix}"
    if suffix == ".xlsx":
        a_workbook(path, rows)
    else:
        lines = (",".join(str(cell).replace("\n", " ") for cell in row) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8-sig")
    with pytest.raises(Unreadable) as refused:
        Opened(path)
    assert refused.value.problem.id == "CEBD-1069"
    assert f"看来是{what.split(maxsplit=1)[0]}" in refused.value.problem.zh


def test_the_tax_bills_of_another_system_are_not_taken_for_applications_to_cancel_their_lists(tmp_path: Path) -> None:
    headings = [*NUMBERS, "电商平台代码", "申报企业代码", "电子税单编号", "应征增值税", "撤单原因"]
    path = a_workbook(tmp_path / "税单.xlsx", [headings, [*NUMBERS.values(), "P", "A", "TAX-1", "1.50", "已完税"]])
    with pytest.raises(Unreadable) as refused:
        Opened(path)
    assert "“电子税单编号、应征增值税”列" in refused.value.problem.zh
    assert "删去这些列" in refused.value.problem.fix_zh


def test_an_order_with_expected_taxes_and_earlier_answers_is_an_order(tmp_path: Path) -> None:
    heading, row = table([an_order()])
    more = {
        "应征增值税": "1.50",
        "结果": "待申报",
        "海关回执": "",
        "回执状态": "",
        "回执信息": "",
    }
    taxed = [[*heading, *more], [*row, *more.values()]]
    assert Opened(a_workbook(tmp_path / "o.xlsx", taxed)).ready == ["D-0001"]


def test_what_may_be_an_order_or_a_tax_bill_is_declared_only_where_somebody_says_so(tmp_path: Path) -> None:
    heading, row = table([an_order()])
    path = a_workbook(tmp_path / "o.xlsx", [[*heading, "电子税单编号", "应征增值税"], [*row, "TAX-1", "1.50"]])
    with pytest.raises(Unreadable) as refused:
        Opened(path)
    assert refused.value.problem.id == "CEBD-1069"
    assert Opened(path, some_settings(), "order").ready == ["D-0001"]


def test_a_sheet_of_tax_bills_beside_orders_is_left_out_and_named(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", table([an_order()]))
    book = load_workbook(path)
    bills = book.create_sheet("税单")
    bills.append([column.heading for column in bill_columns()])
    bills.append(["TAX-1", "已生成", *NUMBERS.values()])
    book.save(path)
    opened = Opened(path)
    assert (opened.ready, "CEBD-1080" in opened.said()) == (["D-0001"], True)
