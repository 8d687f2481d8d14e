"""Receipts that come together are applied together: each finds what those before it changed, and the store is asked a few times in all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

import cebd.receipts.settle as module
from builders.clocks import StillClock
from builders.customs_answers import a_platform_answer
from builders.declared import (
    Mailbox,
    a_list_return,
    a_receipt,
    a_return,
    declare,
    states_of_receipts,
    the_record,
)
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store

FIRST, LATER = "B20260304000000001", "B20260304000000009"


def settle_together(store: Store, *contents: bytes) -> None:
    fetch_receipts(store, "sftp", Mailbox(*contents), StillClock())
    apply_stored(store)


def by_number(number: str, status: str, at: str) -> bytes:
    return a_receipt(a_list_return("", status, at, preNo=number, leave_out=("copNo", "agentCode")))


def test_a_receipt_finds_a_list_by_the_number_that_the_receipt_before_it_gave_and_by_no_older_one(store: Store) -> None:
    (mine,) = declare(store, "L1", code="CEB621")
    settle_together(
        store,
        a_receipt(a_list_return("L1", "2", "100000", preNo=FIRST)),
        by_number(FIRST, "120", "100100"),
        a_receipt(a_list_return("L1", "120", "100200", preNo=LATER)),
        by_number(LATER, "300", "100300"),
        by_number(FIRST, "800", "100400"),
    )
    assert states_of_receipts(store) == ["applied", "applied", "applied", "applied", "unmatched"]
    record = the_record(store, mine)
    assert (record["status"], record["pre_no"], len(record["history"])) == ("300", LATER, 4)


def test_a_list_keeps_the_number_of_a_receipt_whatever_else_comes_with_it(store: Store) -> None:
    (mine,) = declare(store, "L1", code="CEB621", cop_msg_id="a-message")
    settle_together(
        store,
        a_receipt(a_list_return("L1", "120", "100000", preNo=LATER)),
        a_platform_answer("a-message", "0000"),
        a_receipt(a_list_return("L1", "2", "095900", preNo=FIRST)),
    )
    record = the_record(store, mine)
    assert (record["status"], record["pre_no"], len(record["history"])) == ("120", LATER, 3)


@pytest.mark.parametrize(("others_wait", "transactions"), [(False, 1), (True, 3)])
def test_receipts_hold_the_store_for_a_short_while_where_others_wait_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, others_wait: bool, transactions: int
) -> None:
    declare(store, *(numbers := [f"A{number}" for number in range(30)]))
    fetch_receipts(
        store, "sftp", Mailbox(*(a_receipt(a_return(number, "2", "100000")) for number in numbers)), StillClock()
    )
    monkeypatch.setattr(module, "_BESIDE_OTHERS", 10)
    monkeypatch.setattr(type(store), "is_awaited", lambda _store: others_wait)
    committed: list[object] = []
    event.listen(store.database.engine, "commit", committed.append)
    apply_stored(store)
    assert len([one for one in committed if one.get_execution_options()]) == transactions  # type: ignore[attr-defined]


def test_two_hundred_receipts_are_applied_with_a_handful_of_statements(store: Store) -> None:
    numbers = [f"A{number}" for number in range(100)]
    declare(store, *numbers)
    receipts = [
        a_receipt(a_return(number, status, at))
        for status, at in (("2", "100000"), ("120", "100100"))
        for number in numbers
    ]
    fetch_receipts(store, "sftp", Mailbox(*receipts), StillClock())
    statements = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    apply_stored(store)
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert set(states_of_receipts(store)) == {"applied"}
    assert len(statements) < 30


def test_one_among_many_that_breaks_us_is_parked_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [f"A{number}" for number in range(9)]
    mine = declare(store, *numbers)
    original = module.Match

    def breaks(known: Any, receipt: Any, returns: Any) -> Any:
        if receipt.id == 6:
            raise RuntimeError("a mistake of ours")
        return original(known, receipt, returns)

    monkeypatch.setattr(module, "Match", breaks)
    settle_together(store, *(a_receipt(a_return(number, "120", "100000")) for number in numbers))
    assert states_of_receipts(store) == ["applied"] * 5 + ["unreadable"] + ["applied"] * 3
    states = [the_record(store, one)["state"] for one in mine]
    assert states == ["succeeded"] * 5 + ["sent"] + ["succeeded"] * 3
