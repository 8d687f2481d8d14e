"""Consequences first: before anything leaves, a check says of each row what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.desk import Desk, Rows, lists, orders
from cebd.customs.book_files import book
from cebd.operations.check import CheckedRow, check, settings_of_nobody
from cebd.problems.problem import catalogue
from cebd.receipts.publishing.drop_receipt import receipt_of
from cebd.records.states import DropOutcome
from cebd.store.drops import load_drop, set_outcome
from cebd.store.records import records_of_drop
from cebd.trial.rows import payment_rows, write_workbook


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def checked(desk: Desk, code: str, rows: Rows) -> list[CheckedRow]:
    path = desk.folder / "to-be-checked.xlsx"
    write_workbook(path, code, rows)
    return list(check(path, desk.settings, desk.settings.enterprise[0]).rows)


def only(rows: list[CheckedRow]) -> dict[str, object]:
    [row] = rows
    return row.consequence.as_json()


def test_a_new_order_rests_until_its_list_comes(desk: Desk) -> None:
    told = only(checked(desk, "order", orders()))
    assert (told["kind"], told["declared"], told["waits_for"]) == ("new", True, ["inventory"])


def test_an_order_that_a_list_names_already_waits_for_nothing(desk: Desk) -> None:
    desk.drop("inventory", lists())
    assert "waits_for" not in only(checked(desk, "order", orders()))


def test_a_change_and_a_deletion_name_the_file_whose_declaration_they_touch(desk: Desk) -> None:
    for record in desk.drop("order", orders(2)):
        desk.becomes(record, "acknowledged", status="2")
    rows = orders(2)
    rows[0]["head.appType"], rows[1]["head.appType"] = "2", "3"
    change, deletion = (row.consequence.as_json() for row in checked(desk, "order", rows))
    assert [change["kind"], deletion["kind"]] == ["change", "deletion"]
    assert change["of"] == {
        "file": "1.xlsx",
        "received": "2026-11-25T10:00:00+08:00",
        "state": "acknowledged",
        "status": "2",
    }
    assert "1.xlsx" in str(change["zh"])


def test_what_was_declared_with_the_same_content_is_unchanged(desk: Desk) -> None:
    desk.drop("order", orders())
    told = only(checked(desk, "order", orders()))
    assert (told["kind"], told["declared"]) == ("unchanged", False)
    assert "1.xlsx" in str(told["zh"])


def test_what_was_refused_is_declared_anew(desk: Desk) -> None:
    [record] = desk.drop("order", orders())
    desk.becomes(record, "refused", status="100")
    told = only(checked(desk, "order", orders(buyerName="另一人")))
    assert (told["kind"], told["declared"]) == ("new", True)
    assert "1.xlsx" in str(told["zh"])


def test_other_content_under_a_number_is_a_conflict_with_the_answer_it_would_get(desk: Desk) -> None:
    desk.drop("order", orders())
    told = only(checked(desk, "order", orders(buyerName="另一人")))
    assert (told["kind"], told["declared"], told["codes"]) == ("conflict", False, ["-301010"])


def test_a_list_waits_for_the_order_that_is_not_declared_yet_and_the_payment_without_an_answer(desk: Desk) -> None:
    desk.drop("order", orders(1))
    [payment] = desk.drop("payment", list(payment_rows(2, first=2))[:1])
    desk.becomes(payment, "sent")
    told = only(checked(desk, "inventory", lists(1, first=2)))
    assert (told["kind"], told["declared"], told["waits_for"]) == ("waits", True, ["order", "payment"])
    assert "还没有申报" in str(told["zh"])
    assert "not answered yet" in str(told["en"])


def test_a_row_that_customs_would_refuse_says_with_which_code(desk: Desk) -> None:
    told = only(checked(desk, "inventory", lists(1, freight="9000")))
    assert (told["kind"], told["declared"], told["codes"]) == ("refused", False, ["-621005"])
    assert "-621005" in str(told["zh"])


def test_a_rule_that_settings_weigh_down_still_says_that_customs_will_refuse(desk: Desk) -> None:
    desk.ruled(_1307="warning")
    told = only(checked(desk, "inventory", lists(1, freight="9000")))
    assert (told["kind"], told["declared"], told["codes"]) == ("refused", True, ["-621005"])


def test_without_a_station_rows_are_judged_by_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    rows = orders(2)
    rows[1]["head.buyerName"] = ""
    write_workbook(path, "order", rows)
    verdict = check(path, None, settings_of_nobody().enterprise[0])
    assert [(row.row, row.consequence.kind, row.consequence.codes) for row in verdict.rows] == [
        (2, "new", ()),
        (3, "refused", ("-301008",)),
    ]
    assert verdict.as_json()["consequences"] == {"new": 1, "refused": 1}


def test_the_receipt_of_a_held_file_says_what_becomes_of_each_row_once_it_is_corrected(desk: Desk) -> None:
    desk.drop("order", orders(2))
    desk.settings = desk.settings.model_copy(
        update={"enterprise": (desk.settings.enterprise[0].model_copy(update={"on_bad_rows": "hold-file"}),)}
    )
    rows = [*orders(3), *orders(4)[3:]]
    rows[1]["head.buyerName"] = "另一人"
    desk.drop("order", rows)
    with desk.store.write() as transaction:
        drop = load_drop(transaction, records_of_drop(transaction, 2)[0].drop_id)
        set_outcome(transaction, drop.id, DropOutcome.HOLD, "CEB311", [], 4)
        receipt = receipt_of(transaction, load_drop(transaction, drop.id), "2026-11-25T10:01:00+08:00")
    told = [record.consequence.as_json() for record in receipt.records if record.consequence is not None]
    assert [one["kind"] for one in told] == ["unchanged", "conflict", "new", "new"]
    assert [one["declared"] for one in told] == [False] * 4
    assert told[2]["waits_for"] == ["inventory", "file"]
    assert json.dumps(receipt.as_json())  # and it can be written


def test_every_problem_that_an_answer_is_foreseen_by_is_one_of_the_catalogue() -> None:
    begins = {begin for entries in book().entries.values() for entry in entries for begin in entry.foreseen}
    assert begins
    assert [begin for begin in begins if not any(id_.startswith(begin) for id_ in catalogue())] == []


def test_a_list_beyond_its_buyer_s_year_says_that_it_will_come_back(desk: Desk) -> None:
    dear = {"line.qty": "1", "line.price": "4900", "line.totalPrice": "4900"}
    buyer = lists()[0]["head.buyerIdNumber"]
    rows = [row | dear for number in range(1, 7) for row in lists(1, first=number, buyerIdNumber=buyer)]
    told = [row.consequence.as_json() for row in checked(desk, "inventory", rows)]
    assert [one["kind"] for one in told] == ["new"] * 5 + ["refused"]
    assert (told[5]["declared"], told[5]["codes"]) == (True, ["1313", "-621018"])


def test_goods_that_differ_from_the_order_s_are_refused_with_customs_own_code(desk: Desk) -> None:
    desk.drop("order", orders())
    [row] = lists()
    told = only(checked(desk, "inventory", [row | {"line.unit": "035"}]))
    assert (told["kind"], told["declared"], told["codes"]) == ("refused", False, ["1322"])
