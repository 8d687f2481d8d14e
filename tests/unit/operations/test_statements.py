"""A period's receipts go into a file, or to a script; a day's reconciliation is written at once."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from builders.clocks import StillClock
from builders.customs_answers import LIST_NO, a_tax_bill, an_answer, declare_n1
from builders.declared import AGENT, a_drop, a_receipt, a_return, an_open_store, declare, settle
from cebd.operations.statements import export, export_as_json, harmless, reconcile_days
from cebd.operations.text import Refused
from cebd.receipts.statements.period_tables import Period
from cebd.receipts.statements.statements import Statements
from cebd.store.conditions import Conditions

MARCH_4 = Period(date(2026, 3, 4), date(2026, 3, 4))


@pytest.fixture
def station(tmp_path: Path) -> Path:
    (tmp_path / "甲").mkdir()
    with an_open_store(tmp_path) as store:
        declare(store, "A1", "A2", order_no="A1\x1f9900000001")
        settle(store, a_receipt(a_return("A1", "2", "100000"), a_return("A2", "-301006", "100000", "=1+1")))
        settle(store, a_receipt(a_return("A1", "120", "20260305100000000")))
        declare_n1(store, "CEB621", key=f"N1\x1f{AGENT}", order_no="A1\x1f9900000001")
        settle(store, an_answer("CEB621", "800", "110000", invtNo=LIST_NO))
        settle(store, a_tax_bill("T1", "1", "100000"))
    return tmp_path


def told(station: Path, period: Period = MARCH_4) -> Any:
    return export_as_json(station / "store", period)


def test_every_receipt_of_the_period_is_there_and_none_of_the_day_after(station: Path) -> None:
    answers = told(station)["receipts"]
    assert [(one["number"], one["status"]) for one in answers] == [("A1", "2"), ("A2", "-301006"), ("N1", "800")]
    assert answers[0]["received"] == "2026-03-04 10:00:03"
    two_days = Period(date(2026, 3, 4), date(2026, 3, 5))
    assert {(one["number"], one["status"]) for one in told(station, two_days)["receipts"]} >= {("A1", "120")}


def test_each_declaration_stands_there_once_with_its_final_state(station: Path) -> None:
    states = told(station)["declarations"]
    assert [(one["number"], one["state"].rpartition(" ")[2], one["status"]) for one in states] == [
        ("A1", "succeeded", "120"),
        ("A2", "refused", "-301006"),
        ("N1", "succeeded", "800"),
    ]
    assert states[2]["invtNo"] == LIST_NO
    assert states[2]["orderNo"] == "A1"


def test_tax_bills_are_in_it(station: Path) -> None:
    (bill,) = told(station, Period(date(2026, 3, 5), date(2026, 3, 31)))["tax_bills"]
    assert (bill["taxNo"], bill["invtNo"], bill["orderNo"], bill["copNo"]) == ("T1", LIST_NO, "A1", "N1")
    assert told(station)["tax_bills"] == []


def test_another_enterprises_are_left_out_where_one_is_named(station: Path) -> None:
    other = Period(MARCH_4.first, MARCH_4.last, "乙")
    assert [len(told(station, other)[name]) for name in ("receipts", "declarations", "tax_bills")] == [0, 0, 0]


def test_the_workbook_opens_and_has_a_sheet_of_each(station: Path) -> None:
    (path,) = export(station / "store", Period(date(2026, 3, 1), date(2026, 3, 31)), station / "all.xlsx")
    book = CalamineWorkbook.from_path(path)
    assert book.sheet_names == ["回执 Receipts", "单证 Declarations", "税单 Tax bills"]
    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [2 + 1 + 5, 1 + 3, 1 + 1]


def test_csv_files_have_a_mark_for_excel_and_no_formula_of_others(station: Path) -> None:
    paths = export(station / "store", MARCH_4, station / "all.csv")
    assert [path.name for path in paths] == ["all.receipts.csv", "all.declarations.csv", "all.tax-bills.csv"]
    assert paths[0].read_bytes().startswith(b"\xef\xbb\xbf")
    with paths[0].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = next(row for row in rows if row["回执状态 status"] == "-301006")
    assert refused["回执信息 info"] == "'=1+1"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "@SUM(A1)", "-1+1", "-2+3+cmd|' /C calc'!A0", "\t=1+1", "\n=1+1", "＝1+1", "－1+1", "-1\n=1"]
)
def test_no_text_of_others_is_a_formula_in_a_csv_file(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-301006", "-12.50", "1-2", "订单=1", ""])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_a_name_that_is_neither_is_refused(station: Path) -> None:
    with pytest.raises(Refused, match=r"xlsx"):
        export(station / "store", MARCH_4, station / "all.pdf")


def test_a_day_is_reconciled_at_once_and_again_when_it_is_asked_again(station: Path) -> None:
    folders = {"甲": station / "甲"}
    clock = StillClock()
    (first,) = reconcile_days(station / "store", folders, date(2026, 3, 4), clock)
    assert first.path == station / "甲/outbox/2026-03-04/对账.xlsx"
    assert json.loads(json.dumps(first.as_json()))["types"]["CEB311"]["answered"] == 2
    reconcile_days(station / "store", folders, date(2026, 3, 4), clock)
    assert [path.name for path in first.path.parent.iterdir()] == ["对账.xlsx"]


def test_what_was_asked_for_in_the_middle_of_the_day_does_not_keep_the_days_own_away(station: Path) -> None:
    folders = {"甲": station / "甲"}
    clock = StillClock()
    (asked,) = reconcile_days(station / "store", folders, date(2026, 3, 4), clock)
    before = asked.path.read_bytes()
    clock.moment = clock.moment.replace(day=5, hour=1)
    with an_open_store(station) as store:
        a_drop(store, "late.xlsx", received="2026-03-04T23:00:00+08:00")
        Statements(store, clock, Conditions(store, clock), folders).look(patience=30)
    assert asked.path.read_bytes() != before
    assert [path.name for path in asked.path.parent.iterdir()] == ["对账.xlsx"]


def test_a_day_that_has_not_begun_is_refused(station: Path) -> None:
    with pytest.raises(Refused):
        reconcile_days(station / "store", {"甲": station / "甲"}, date(2026, 3, 5), StillClock())
