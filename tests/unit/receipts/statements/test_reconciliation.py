"""The reconciliation of a day: orders = payments = waybills = lists = receipts; what does not agree is named with what to do."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from builders.clocks import StillClock
from builders.declared import AGENT, EBP, a_drop, declare, settle
from builders.declared import a_list_return as list_return
from builders.declared import a_receipt as receipt_of
from builders.declared import a_return as order_return
from cebd.clock import CST
from cebd.problems.problem import catalogue
from cebd.receipts.statements.reconciliation import Reconciliation, reconcile
from cebd.receipts.statements.statements import Statements
from cebd.records.ids import DropId, RecordId
from cebd.store.conditions import Conditions
from cebd.store.store import Store

DAY = "2026-03-04"
COURIER, PAYER = "9900000003", "9900000005"


class Shop:
    """An enterprise's day: what it declares, what customs answer, what the statement says."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.clock = StillClock(datetime(2026, 3, 5, 0, 31, tzinfo=CST))
        self.seconds = 0.0
        self.start()

    def start(self) -> None:
        self.conditions = Conditions(self.store, self.clock)
        self.statements = Statements(self.store, self.clock, self.conditions, {"甲": self.folder}, lambda: self.seconds)

    def look(self) -> None:
        self.seconds += 1000
        self.statements.look(patience=30)

    def file(self, name: str, code: str, day: str = DAY) -> DropId:
        return a_drop(self.store, name, type=code, received=f"{day}T08:59:00+08:00")

    def order(self, number: str, **more: Any) -> RecordId:
        drop = more.pop("drop", None) or self.file(f"订单{number}.xlsx", "CEB311")
        (record,) = declare(self.store, number, drop=drop, active=True, order_no=f"{number}\x1f{EBP}", **more)
        return record

    def payment(self, order: str, **more: Any) -> None:
        self.other("CEB411", f"P{order}\x1f{PAYER}", order_no=f"{order}\x1f{EBP}", **more)

    def waybill(self, number: str, **more: Any) -> None:
        self.other("CEB511", f"{number}\x1f{COURIER}", order_no="\x1f", **more)

    def list_(self, order: str, waybill: str, **more: Any) -> None:
        self.other(
            "CEB621",
            f"L{order}\x1f{AGENT}",
            order_no=f"{order}\x1f{EBP}",
            waybill_no=f"{waybill}\x1f{COURIER}",
            **more,
        )

    def other(self, code: str, key: str, **more: Any) -> None:
        drop = more.pop("drop", None) or self.file(f"{key[:6]}.xlsx".replace("\x1f", "-"), code)
        values = {"state": "acknowledged", "status": "2", "time": "2026-03-04T10:00:00+08:00", "info": "新增申报成功"}
        declare(self.store, key.partition("\x1f")[0], code=code, drop=drop, key=key, active=True, **{**values, **more})

    def whole(self, order: str) -> None:
        """A purchase of which everything is in order."""
        self.order(order, state="succeeded", status="120", time="2026-03-04T10:00:00+08:00")
        self.payment(order, state="succeeded", status="120")
        self.waybill(f"W{order}", state="succeeded", status="120")
        self.list_(order, f"W{order}", state="succeeded", status="800", invt_no="51412026I000000001")

    def day(self) -> Reconciliation:
        with self.store.read() as transaction:
            return reconcile(transaction, "甲", DAY)

    def path(self, day: str = DAY) -> Path:
        return self.folder / "outbox" / day / "对账.xlsx"


@pytest.fixture
def shop(store: Store, tmp_path: Path) -> Shop:
    return Shop(store, tmp_path / "甲")


def test_a_day_on_which_everything_agrees_says_so_in_its_first_line(shop: Shop) -> None:
    for order in ("A1", "A2"):
        shop.whole(order)
    shop.look()
    book = CalamineWorkbook.from_path(shop.path())
    summary = book.get_sheet_by_name("对账 Summary").to_python()
    assert "对账一致，没有要处理的事" in str(summary[0][0])
    assert "涉及订单 2 笔：订单 2 / 支付单 2 / 运单 2 / 清单 2；齐全且都有回执的 2 笔" in str(summary[2][0])
    assert book.get_sheet_by_name("差异 Exceptions").to_python()[1:] == []
    purchases = book.get_sheet_by_name("明细 Purchases").to_python()[1:]
    assert purchases[0] == [
        "A1", "已入库 120", "已入库 120", "已入库 120", "已放行 800", "WA1", "51412026I000000001", "LA1", "一致 agrees",
    ]  # fmt: skip


def test_an_order_without_its_payment_is_named_with_what_to_do(shop: Shop) -> None:
    shop.whole("A1")
    shop.order("A2", state="acknowledged", status="2")
    shop.waybill("WA2")
    shop.list_("A2", "WA2")
    day = shop.day()
    (missing,) = [finding for finding in day.findings if finding.state == "缺 missing"]
    assert (missing.type, missing.number) == ("CEB411", "A2")
    assert missing.what.startswith("有订单、运单、清单，没有支付单")
    assert missing.to_do.startswith("请补报支付单")
    assert [purchase.agrees for purchase in day.purchases] == [True, False]


def test_documents_that_the_enterprise_never_declares_are_not_missed(shop: Shop) -> None:
    shop.order("A1", state="acknowledged", status="2")
    assert shop.day().findings == []


def test_a_waybill_without_list_stands_for_itself(shop: Shop) -> None:
    shop.whole("A1")
    shop.waybill("W77")
    found = {(finding.type, finding.number) for finding in shop.day().findings}
    assert found == {("CEB311", "W77"), ("CEB411", "W77"), ("CEB621", "W77")}


def test_what_was_declared_on_another_day_is_not_missed(shop: Shop) -> None:
    earlier = "2026-03-01"
    shop.order("A1", drop=shop.file("o.xlsx", "CEB311", earlier), state="succeeded", status="120")
    shop.payment("A1", drop=shop.file("p.xlsx", "CEB411", earlier), state="succeeded", status="120")
    shop.waybill("WA1", drop=shop.file("w.xlsx", "CEB511", earlier), state="succeeded", status="120")
    shop.list_("A1", "WA1", state="succeeded", status="800")
    day = shop.day()
    assert day.findings == []
    assert [purchase.agrees for purchase in day.purchases] == [True]


def test_a_refused_list_is_named_in_customs_words_with_the_advice_of_its_code(shop: Shop) -> None:
    shop.list_("A1", "W1", state="refused", status="-621004", info="清单已申报")
    (finding,) = shop.day().findings
    assert finding.number == "A1"
    assert "退单" in finding.state
    assert "-621004" in finding.what
    assert len(finding.to_do) > 10


def test_a_list_that_customs_still_look_at_is_not_finished(shop: Shop) -> None:
    shop.list_("A1", "W1", state="acknowledged", status="300", info="[Code:1200;Desc:待人工审核]")
    (finding,) = shop.day().findings
    assert finding.type == "CEB621"
    assert finding.to_do


def test_an_order_that_rests_at_2_is_no_exception_of_its_own(shop: Shop) -> None:
    shop.order("A1", state="acknowledged", status="2")
    assert shop.day().findings == []


def test_a_record_without_a_receipt_is_named(shop: Shop) -> None:
    shop.order("A1")
    (finding,) = shop.day().findings
    assert finding.what.startswith("已发送，还没有回执")
    (orders,) = [tally for tally in shop.day().tallies if tally.type == "CEB311"]
    assert (orders.rows, orders.answered) == (1, 0)


def test_what_to_do_names_no_command_and_no_setting(shop: Shop) -> None:
    for number in ("54", "55", "56", "57", "58", "59"):
        entry = catalogue()[f"CEBD-17{number}"]
        assert not re.search(r"cebd |\[\w+\]|_minutes|queue", entry["fix_zh"] + entry["fix_en"])


def test_it_is_written_once_after_the_day_has_ended_and_never_again(shop: Shop) -> None:
    shop.clock.moment = datetime(2026, 3, 5, 0, 29, tzinfo=CST)
    shop.whole("A1")
    shop.look()
    assert not shop.path().exists()
    shop.clock.moment += timedelta(minutes=2)
    shop.look()
    first = shop.path().stat()
    for _ in range(2):
        shop.start()
        shop.clock.moment += timedelta(hours=5)
        shop.look()
    settle(shop.store, receipt_of(order_return("A1", "120", "235900")))
    shop.look()
    assert (shop.path().stat().st_ino, shop.path().stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_days_on_which_the_program_stood_still_are_made_up_for(shop: Shop) -> None:
    shop.whole("A1")
    shop.look()
    shop.order("B1", drop=shop.file("b.xlsx", "CEB311", "2026-03-06"), state="succeeded", status="120")
    shop.order("B2", drop=shop.file("c.xlsx", "CEB311", "2026-03-08"), state="succeeded", status="120")
    shop.clock.moment = datetime(2026, 3, 10, 9, 0, tzinfo=CST)
    shop.look()
    made = sorted(path.parent.name for path in shop.folder.glob("outbox/*/对账.xlsx"))
    assert made == ["2026-03-04", "2026-03-06", "2026-03-08"]


def test_a_day_without_files_has_none(shop: Shop) -> None:
    shop.look()
    assert not (shop.folder / "outbox").exists()


def test_a_station_that_begins_with_it_does_not_write_years(shop: Shop) -> None:
    shop.order("A0", drop=shop.file("old.xlsx", "CEB311", "2026-02-20"), state="succeeded", status="120")
    shop.order("A1", state="succeeded", status="120")
    shop.look()
    assert [path.parent.name for path in shop.folder.glob("outbox/*/对账.xlsx")] == [DAY]


def test_the_exceptions_can_be_read_in_excel(shop: Shop) -> None:
    shop.order("A1")
    settle(shop.store, receipt_of(list_return("X", "2", "100000")))
    shop.look()
    sheet = load_workbook(shop.path())["差异 Exceptions"]
    assert [cell.value.partition("\n")[0] for cell in sheet[1]] == [
        "序号", "单证", "单号", "状态", "问题", "怎么办", "文件", "行",
    ]  # fmt: skip
    assert sheet["E2"].alignment.wrap_text
    assert sheet.freeze_panes == "A2"
