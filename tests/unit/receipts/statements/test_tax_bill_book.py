"""The tax bills of a month lie in the outbox as a workbook of their own, up to date, and never overwrite what a person did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from builders.clocks import StillClock
from builders.customs_answers import LIST_ENTERED, LIST_NO, OTHER_LIST_NO, an_answer, declare_n1
from builders.customs_messages import CEB
from builders.declared import declare, settle
from cebd.receipts.statements.statements import Statements
from cebd.receipts.statements.writing import write_statement
from cebd.store.conditions import Conditions
from cebd.store.statements.books import StatementId, StatementKind, statements_behind
from cebd.store.statements.tables import tax_bills
from cebd.store.store import Store

MARCH = StatementId("甲", StatementKind.TAX_BILLS, "2026-03")
HEAD = {"customsTax": "0", "valueAddedTax": "9.10", "consumptionTax": "0.12345", "assureCode": "91310000MA1K00000X"}


def a_bill(number: str, day: str = "0305", *, list_no: str = LIST_NO, status: str = "1", **head: str) -> bytes:
    """An 816 as customs send it, with one line of goods."""
    told = {"guid": "g", "returnTime": f"2026{day}100000000", "invtNo": list_no, "taxNo": number, **HEAD}
    told |= {"status": status, **head}
    line = {"gnum": "1", "gcode": "2106909090", "taxPrice": "100", "customsTax": "0", "valueAddedTax": "9.10"}
    return _message("CEB816", "TaxHeadRd", told, f"<TaxListRd>{_texts(line)}</TaxListRd>")


def a_status(number: str, status: str, day: str = "0306", *, list_no: str = LIST_NO, **head: str) -> bytes:
    """An 818."""
    told = {"returnTime": f"2026{day}100000000", "invtNo": list_no, "taxNo": number, "status": status, **head}
    return _message("CEB818", "TaxHeadStatus", told)


def _message(code: str, head: str, told: dict[str, str], more: str = "") -> bytes:
    inner = f"<Tax><{head}>{_texts(told)}</{head}>{more}</Tax>"
    return f'<{code}Message xmlns="{CEB}" guid="x">{inner}</{code}Message>'.encode()


def _texts(told: dict[str, str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in told.items())


class Desk:
    """An enterprise's outbox, and the statements that are kept in it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.clock = store, folder, StillClock()
        self.seconds = 0.0
        self.start()

    def start(self) -> None:
        self.conditions = Conditions(self.store, self.clock)
        self.statements = Statements(self.store, self.clock, self.conditions, {"甲": self.folder}, lambda: self.seconds)

    def look(self) -> bool:
        self.seconds += 1000
        return self.statements.look(patience=30)

    def path(self, name: str = "2026-03") -> Path:
        return self.folder / "outbox/税单" / f"{name}.xlsx"

    def rows(self, name: str = "2026-03", sheet: str = "税单 Tax bills") -> list[dict[str, Any]]:
        """The rows as calamine reads them, by the English line of their headings."""
        rows = CalamineWorkbook.from_path(self.path(name)).get_sheet_by_name(sheet).to_python()
        at = next(index for index, row in enumerate(rows) if len([cell for cell in row if cell != ""]) > 2)
        headings = [str(cell).partition("\n")[2] for cell in rows[at]]
        return [dict(zip(headings, row, strict=True)) for row in rows[at + 1 :]]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    declare_n1(store, "CEB621", order_no="O1\x1f9900000001", waybill_no="W1\x1f9900000003")
    settle(store, LIST_ENTERED)
    return Desk(store, tmp_path / "甲")


def test_a_bill_stands_in_the_workbook_of_its_month_with_its_list_and_every_amount_as_a_number(desk: Desk) -> None:
    settle(desk.store, a_bill("T1", ebcCode="9900000002", logisticsCode="9900000003", customsCode="5141", note="一"))
    desk.look()
    (bill,) = desk.rows()
    assert (bill["Tax bill number"], bill["Status"], bill["Inventory list number"]) == ("T1", "已生成 issued", LIST_NO)
    assert (bill["Order"], bill["copNo"], bill["Waybill"]) == ("O1", "N1", "W1")
    assert (bill["Customs duty"], bill["Value added tax"], bill["Consumption tax"]) == (0.0, 9.1, 0.12345)
    assert bill["Tax in all"] == 9.22345
    assert (bill["Guarantor code"], bill["Note"]) == ("91310000MA1K00000X", "一")
    assert bill["Declaration customs code"] == "5141"
    (goods,) = desk.rows(sheet="表体 Goods")
    assert (goods["HS code"], goods["Dutiable value"]) == ("2106909090", 100.0)
    sheet = load_workbook(desk.path())["税单 Tax bills"]
    assert sheet["A1"].value.startswith("电子税单 1 张，其中作废 0 张")
    assert sheet["A4"].number_format == "@"
    assert sheet["H4"].number_format == "#,##0.00###"
    assert sheet.freeze_panes == "A4"


def test_what_the_collective_bill_says_is_added_whichever_comes_first(desk: Desk) -> None:
    settle(desk.store, a_status("T1", "2", entDutyNo="D1"))
    settle(desk.store, a_bill("T1"))
    desk.look()
    (bill,) = desk.rows()
    assert (bill["Status"], bill["Duty payment note number"], bill["Value added tax"]) == (
        "已汇总 consolidated",
        "D1",
        9.1,
    )
    assert (bill["First seen"], bill["Latest word"]) == ("2026-03-05 10:00:00", "2026-03-06 10:00:00")


def test_a_bill_made_in_march_and_collected_in_april_stays_in_march(desk: Desk) -> None:
    settle(desk.store, a_status("T1", "2", "0401"))
    desk.look()
    assert desk.path("2026-04").exists()
    settle(desk.store, a_bill("T1", "0331"))
    desk.look()
    assert [bill["Status"] for bill in desk.rows()] == ["已汇总 consolidated"]
    assert desk.rows("2026-04") == []


def test_void_bills_are_shown_and_in_no_sum(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"), a_bill("T2"), a_status("T2", "3"))
    desk.look()
    assert [bill["Status"] for bill in desk.rows()] == ["已生成 issued", "作废 void"]
    of_all = desk.rows(sheet="合计 Sums")[0]
    assert (of_all["Bills"], of_all["VAT"], of_all["In all"]) == (1, 9.1, 9.22345)
    assert "作废 1 张" in load_workbook(desk.path())["税单 Tax bills"]["A1"].value


def test_the_sums_say_what_each_payment_note_and_guarantor_owes(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"), a_bill("T2"), a_bill("T3", assureCode="乙"))
    settle(desk.store, a_status("T1", "2", entDutyNo="D1"), a_status("T2", "2", entDutyNo="D1"))
    desk.look()
    sums = {(row["What"], row["Number"]): row["Bills"] for row in desk.rows(sheet="合计 Sums")}
    assert sums["缴款书 payment note", "D1"] == 2
    assert sums["税款担保企业 guarantor", "乙"] == 1
    assert sums["税款担保企业 guarantor", "91310000MA1K00000X"] == 2


def test_the_same_bill_twice_is_one_bill(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"))
    settle(desk.store, a_bill("T1") + b"\n")
    desk.look()
    assert len(desk.rows()) == 1


def test_a_bill_that_comes_before_its_list_has_a_number_is_not_lost(desk: Desk) -> None:
    declare(desk.store, "N2", code="CEB621")
    settle(desk.store, a_bill("T9", list_no=OTHER_LIST_NO))
    desk.look()
    assert not desk.path().exists()
    settle(desk.store, an_answer("CEB621", "120", "110000", copNo="N2", preNo="B2", invtNo=OTHER_LIST_NO))
    desk.look()
    assert [bill["Inventory list number"] for bill in desk.rows()] == [OTHER_LIST_NO]


def test_nothing_is_written_while_nothing_comes(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"))
    desk.look()
    before = desk.path().stat()
    assert desk.look() is False
    desk.start()
    desk.look()
    assert (desk.path().stat().st_ino, desk.path().stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_bills_of_a_store_from_before_are_taken_up_at_the_first_look(desk: Desk) -> None:
    settle(desk.store, *(a_bill(f"T{number}") for number in range(3)))
    desk.look()
    assert [bill["Tax bill number"] for bill in desk.rows()] == ["T0", "T1", "T2"]


def test_excel_has_it_open_and_the_new_one_lies_beside_it_until_it_is_closed(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"))
    desk.look()
    lock = desk.path().with_name("~$2026-03.xlsx")
    lock.write_bytes(b"")
    settle(desk.store, a_bill("T2"))
    desk.look()
    assert [bill["Tax bill number"] for bill in desk.rows()] == ["T1"]
    beside = desk.path("2026-03 (新)")
    assert [bill["Tax bill number"] for bill in desk.rows(beside.stem)] == ["T1", "T2"]
    before = beside.stat().st_mtime_ns
    desk.look()
    assert beside.stat().st_mtime_ns == before
    lock.unlink()
    desk.look()
    assert [bill["Tax bill number"] for bill in desk.rows()] == ["T1", "T2"]
    assert not desk.path("2026-03 (新)").exists()


def test_what_she_wrote_into_it_is_kept_under_another_name(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"))
    desk.look()
    book = load_workbook(desk.path())
    book.worksheets[0]["A1"] = "已付"
    book.save(desk.path())
    settle(desk.store, a_bill("T2"))
    desk.look()
    (kept,) = desk.path().parent.glob("2026-03 (修改于 *).xlsx")
    assert load_workbook(kept).worksheets[0]["A1"].value == "已付"
    assert len(desk.rows()) == 2


def test_killed_before_it_is_noted_as_written_it_is_written_once_more_and_known_as_ours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(desk.store, a_bill("T1"))
    desk.look()
    settle(desk.store, a_bill("T2"))

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("cebd.receipts.statements.writing.sync_folder", killed)
        desk.clock.moment += timedelta(minutes=1)
        with pytest.raises(KeyboardInterrupt):
            desk.look()
    with desk.store.read() as transaction:
        assert statements_behind(transaction) == [MARCH]
    desk.start()
    desk.look()
    assert [path.name for path in desk.path().parent.iterdir()] == ["2026-03.xlsx"]


def test_killed_while_bills_are_taken_none_is_lost_or_there_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(desk.store, a_bill("T1"), a_bill("T2"))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("cebd.store.statements.tax_bills.want_statement", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.look()
    with desk.store.read() as transaction:
        assert transaction.execute(select(tax_bills)).all() == []
    desk.look()
    assert [bill["Tax bill number"] for bill in desk.rows()] == ["T1", "T2"]


def test_an_outbox_that_cannot_be_written_is_named_and_written_later(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"))
    (desk.folder / "outbox").write_text("a file in its place", encoding="utf-8")
    assert desk.look() is True
    (said,) = desk.conditions.current()
    assert (said.key, said.problem.id) == ("statements:甲", "CEBD-1742")
    (desk.folder / "outbox").unlink()
    desk.look()
    assert len(desk.rows()) == 1
    assert desk.conditions.current() == []


def test_a_large_one_is_made_in_a_process_of_its_own_and_is_the_same(desk: Desk) -> None:
    settle(desk.store, a_bill("T1"), a_bill("T2"))
    desk.look()
    here = desk.rows()
    with_process = write_statement(desk.store, MARCH, desk.folder, desk.clock, large_rows=1)
    assert with_process == desk.path()
    assert desk.rows() == here
    assert [path.name for path in desk.path().parent.iterdir()] == ["2026-03.xlsx"]
