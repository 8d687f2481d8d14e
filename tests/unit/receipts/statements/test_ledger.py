"""台账.xlsx: every declaration once, with its state and its place; renewed when something changed, never while somebody reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from sqlalchemy import event, update

from builders.clocks import StillClock
from builders.customs_answers import LIST_NO, an_answer, declare_n1
from builders.declared import a_drop, a_receipt, a_return, declare, settle
from cebd.clock import CST
from cebd.problems.problem import problem, stored_text
from cebd.receipts.publishing.outbox import MadeBook
from cebd.receipts.statements import ledger_scope, ledgers
from cebd.receipts.statements.ledgers import Ledgers, LedgerWish
from cebd.receipts.statements.making import make_here
from cebd.store.conditions import Conditions
from cebd.store.messages import touch
from cebd.store.store import Store
from cebd.store.tables import drops, records
from unit.receipts.statements.test_tax_bill_book import a_bill


class Desk:
    """An enterprise's folder with its ledgers, looked after at moments that the test says."""

    def __init__(self, store: Store, folder: Path, wish: LedgerWish | None = None) -> None:
        self.store, self.folder = store, folder
        self.clock, self.seconds = StillClock(), 0.0
        self.conditions = Conditions(store, self.clock)
        self.kept = Ledgers(store, self.clock, self.conditions, {"甲": folder}, wish, lambda: self.seconds)

    @property
    def path(self) -> Path:
        return self.folder / "台账.xlsx"

    def look(self, after: float = 1000.0) -> bool:
        self.seconds += after
        return self.kept.look(patience=60)

    def rows(self, path: Path | None = None) -> list[dict[str, Any]]:
        """The rows as calamine reads them, by the headings."""
        sheet = CalamineWorkbook.from_path(path or self.path).get_sheet_by_name("cebd 台账").to_python()
        return [dict(zip(map(str, sheet[1]), row, strict=True)) for row in sheet[2:]]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path / "甲")


def released(at: str) -> bytes:
    return an_answer("CEB621", "800", at, invtNo=LIST_NO)


def test_a_list_stands_there_with_its_state_numbers_tax_file_row_and_the_days_left_for_a_return(desk: Desk) -> None:
    declare_n1(desk.store, "CEB621", order_no="O1\x1f9900000001", waybill_no="W1\x1f9900000003")
    settle(desk.store, released("100000"), a_bill("T1", "0305"))
    desk.clock.moment = datetime(2026, 3, 24, 9, 0, tzinfo=CST)
    desk.look()
    (row,) = desk.rows()
    assert (row["状态"], row["编号"], row["单证"]) == ("已放行", "N1", "清单")
    assert (row["订单编号"], row["运单编号"], row["清单编号"]) == ("O1", "W1", LIST_NO)
    assert row["海关回执"].startswith("800 ")
    assert row["税款（元）"] == 9.22345
    assert row["可退货剩余天数"] == 10  # released on 4 March, thirty days, on 24 March
    assert (row["文件"], row["行"], row["放入时间"]) == ("orders.xlsx", 2, "2026-03-04 08:59:00")


def test_what_the_operator_has_to_do_stands_in_red_with_the_reason(desk: Desk) -> None:
    declare(desk.store, "D1")
    settle(desk.store, a_receipt(a_return("D1", "-301004", "100000", "订单不存在")))
    desk.look()
    (row,) = desk.rows()
    assert row["状态"] == "电子口岸退单"
    assert "订单不存在" in row["海关回执"]
    assert "放回 inbox" in row["处理"]
    sheet = load_workbook(desk.path).worksheets[0]
    assert sheet["A3"].fill.fgColor.rgb == "00F8A5A5"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C3", "A2:O3")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet["B3"].number_format == "@"


def test_what_keeps_a_declaration_back_is_said_before_warnings_and_without_notices(desk: Desk) -> None:
    facts = {"what_zh": "订单", "what_en": "order", "other": "N0", "file": "a.xlsx", "taken": "订单编号 O1"}
    told = stored_text(problem(one, **facts) for one in ("CEBD-1227", "CEBD-1412", "CEBD-1414"))
    declare(desk.store, "N1", code="CEB621", state="rejected", sent_at=None, problems=told)
    desk.look()
    (row,) = desk.rows()
    assert "CEBD-1414" in row["处理"].splitlines()[1]
    assert row["处理"].splitlines()[2] == "还有 1 个问题，见回执"


def test_a_number_that_was_corrected_and_declared_stands_there_once_as_declared(desk: Desk) -> None:
    refused = a_drop(desk.store, "a.xlsx", records=2)
    declare(desk.store, "D1", "D2", drop=refused, state="rejected", sent_at=None)
    declare(desk.store, "D1", drop=a_drop(desk.store, "b.xlsx"))
    desk.look()
    assert [(row["编号"], row["状态"], row["文件"]) for row in desk.rows()] == [
        ("D1", "待回执", "b.xlsx"),
        ("D2", "未申报", "a.xlsx"),
    ]


def test_rows_of_a_file_that_was_corrected_are_in_the_correction_alone(desk: Desk) -> None:
    first = a_drop(desk.store, "a.xlsx", records=2)
    (one,) = declare(desk.store, "D1", drop=first)
    declare(desk.store, "", drop=first, state="rejected", sent_at=None, first_row=3)
    second = a_drop(desk.store, "a.receipt.xlsx", records=2, corrects=first)
    declare(desk.store, "D1", drop=second, state="repeat", repeat_of=one, sent_at=None)
    declare(desk.store, "D2", drop=second, first_row=3)
    desk.look()
    assert [(row["编号"], row["文件"]) for row in desk.rows()] == [("D2", "a.receipt.xlsx"), ("D1", "a.xlsx")]


def test_the_sums_say_how_many_of_each_document_are_in_each_state(desk: Desk) -> None:
    declare(desk.store, "D1", "D2")
    declare(desk.store, "N1", code="CEB621")
    desk.look()
    rows = CalamineWorkbook.from_path(desk.path).get_sheet_by_name("cebd 合计").to_python()
    assert rows[1:] == [["清单", "待回执", 1.0], ["订单", "待回执", 2.0]]


def test_it_is_written_again_only_when_something_became_of_a_file(desk: Desk) -> None:
    declare(desk.store, "D1")
    assert desk.look()
    before = desk.path.read_bytes()
    assert not desk.look()
    assert desk.path.read_bytes() == before
    settle(desk.store, a_receipt(a_return("D1", "120", "100000")))
    desk.look()
    assert [row["状态"] for row in desk.rows()] == ["已入库"]


def test_it_is_not_written_more_often_than_every_twenty_times_as_long_as_it_takes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(desk.store, "D1")

    def slowly(*given: Any) -> MadeBook:
        desk.seconds += 3.0
        return make_here(*given)

    monkeypatch.setattr(ledgers, "make_here", slowly)
    desk.look()
    first = desk.path.stat().st_ino
    with desk.store.write() as transaction:
        touch(transaction, [1])
    desk.look(59.0)
    assert desk.path.stat().st_ino == first
    desk.look(2.0)
    assert desk.path.stat().st_ino != first


@pytest.mark.parametrize("lock", ["~$台账.xlsx", ".~lock.台账.xlsx#"])
def test_while_it_is_open_it_stays_as_it_is_and_no_other_file_appears(desk: Desk, lock: str) -> None:
    declare(desk.store, "D1")
    desk.look()
    before = desk.path.read_bytes()
    desk.clock.moment = datetime.now(CST)
    (desk.folder / lock).write_bytes(b"")
    settle(desk.store, a_receipt(a_return("D1", "120", "100000")), at=desk.clock.moment)
    desk.look()
    assert desk.path.read_bytes() == before
    assert {path.name for path in desk.folder.iterdir()} - {"台账"} == {"台账.xlsx", lock}
    assert desk.conditions.current() == []
    (desk.folder / lock).unlink()
    desk.clock.moment = StillClock().moment
    desk.look()
    assert [row["状态"] for row in desk.rows()] == ["已入库"]


def test_what_a_person_wrote_into_it_is_kept_in_the_folder_of_ledgers(desk: Desk) -> None:
    declare(desk.store, "D1")
    desk.look()
    book = load_workbook(desk.path)
    book.worksheets[0]["P3"] = "客户已催"
    book.save(desk.path)
    settle(desk.store, a_receipt(a_return("D1", "120", "100000")))
    desk.look()
    (kept,) = (desk.folder / "台账").iterdir()
    assert kept.name.startswith("台账 (修改于 ")
    assert load_workbook(kept).worksheets[0]["P3"].value == "客户已催"
    assert [row["状态"] for row in desk.rows()] == ["已入库"]


def test_what_came_more_than_ninety_days_ago_stands_in_the_workbook_of_its_month(desk: Desk) -> None:
    declare(desk.store, "D1", drop=a_drop(desk.store, "old.xlsx", received="2025-11-20T09:00:00+08:00"))
    declare(desk.store, "D2", drop=a_drop(desk.store, "new.xlsx"))
    desk.look()
    assert [row["编号"] for row in desk.rows()] == ["D2"]
    assert [path.name for path in (desk.folder / "台账").iterdir()] == ["2025-11.xlsx"]
    assert [row["编号"] for row in desk.rows(desk.folder / "台账/2025-11.xlsx")] == ["D1"]


def test_beyond_the_most_that_one_workbook_holds_the_rest_stands_in_its_month(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_scope, "RECORDS", 3)
    for number in ("1", "2"):
        drop = a_drop(desk.store, f"{number}.xlsx", records=2, received=f"2026-03-0{number}T09:00:00+08:00")
        declare(desk.store, f"A{number}", f"B{number}", drop=drop)
    desk.look()
    assert [row["编号"] for row in desk.rows()] == ["A2", "B2", "A1"]
    assert [row["编号"] for row in desk.rows(desk.folder / "台账/2026-03.xlsx")] == ["A2", "B2", "A1", "B1"]


def test_the_days_left_are_counted_anew_each_day_while_lists_are_young(desk: Desk) -> None:
    declare_n1(desk.store, "CEB621")
    with desk.store.write() as transaction:
        transaction.execute(update(drops).values(type="CEB621"))
    settle(desk.store, released("100000"))
    desk.look()
    desk.clock.moment += timedelta(days=1)
    assert desk.look()
    assert desk.rows()[0]["可退货剩余天数"] == 29
    assert not desk.look()


def test_a_folder_that_cannot_be_written_is_named_and_tried_again(desk: Desk) -> None:
    declare(desk.store, "D1")
    desk.path.mkdir()
    desk.look()
    ((condition),) = desk.conditions.current()
    assert (condition.key, condition.problem.id) == ("ledger:甲", "CEBD-1760")
    desk.path.rmdir()
    desk.look()
    desk.look()
    assert desk.conditions.current() == []
    assert len(desk.rows()) == 1


def test_killed_after_it_has_its_name_it_is_known_as_ours_by_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_path: Path) -> None:
        raise SystemExit

    declare(desk.store, "D1")
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(ledgers, "sync_folder", killed)
        patched.setattr("cebd.documents.workbooks.own_marks._SEAL", b"no seal 1234")  # its digest alone tells
        desk.look()
        desk.look()
    again = Desk(desk.store, desk.folder)
    again.look()
    assert {path.name for path in desk.folder.iterdir()} == {"台账.xlsx"}
    assert not again.look()


def test_a_large_one_is_made_in_a_process_of_its_own_and_is_the_same(desk: Desk, tmp_path: Path) -> None:
    declare(desk.store, "D1", "D2")
    desk.look()
    apart = Desk(desk.store, tmp_path / "乙", LedgerWish(large_rows=1))
    apart.folder.mkdir()
    with desk.store.write() as transaction:
        touch(transaction, [1])
    apart.look()
    assert apart.rows() == desk.rows()


def test_an_enterprise_without_declarations_has_none(desk: Desk) -> None:
    assert not desk.look()
    assert list(desk.folder.iterdir()) == []


def test_no_table_is_read_from_end_to_end_to_find_out_that_there_is_nothing_to_do(desk: Desk) -> None:
    declare(desk.store, "D1")
    desk.look()
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    with desk.store.read() as transaction:
        engine = transaction.engine
    event.listen(engine, "before_cursor_execute", note)
    desk.look()
    event.remove(engine, "before_cursor_execute", note)
    with desk.store.read() as transaction:
        plans = [
            step
            for statement, values in asked
            if statement.startswith("SELECT")
            for *_, step in transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert plans
    assert [
        step for step in plans if step.startswith(f"SCAN {drops.name}") or step.startswith(f"SCAN {records.name}")
    ] == []
