"""A message that customs do not answer in time is named once; the answer takes that back."""

from __future__ import annotations

from datetime import timedelta

from builders.clocks import StillClock
from builders.declared import (
    SENT_AT,
    a_receipt,
    a_return,
    declare,
    settle,
    the_record,
)
from cebd.receipts.overdue import overdue
from cebd.store.store import Store


def minutes_later(minutes: float) -> StillClock:
    return StillClock(SENT_AT + timedelta(minutes=minutes))


def test_a_message_without_any_receipt_is_reported_once(store: Store) -> None:
    (mine,) = declare(store, "A1")
    assert overdue(store, minutes_later(29), 30) == []
    assert overdue(store, minutes_later(31), 30) == [the_record(store, mine)["message_guid"]]
    assert overdue(store, minutes_later(32), 30) == []
    waiting = the_record(store, mine)["waiting"]
    assert waiting["id"] == "CEBD-1703"
    assert "31" in waiting["en"]


def test_a_record_forgotten_among_answered_ones_is_noticed(store: Store) -> None:
    declare(store, "A1", "A2")
    settle(store, a_receipt(a_return("A1", "2", "090010")))
    assert len(overdue(store, minutes_later(31), 30)) == 1


def test_an_answered_message_is_not_overdue(store: Store) -> None:
    declare(store, "A1")
    settle(store, a_receipt(a_return("A1", "2", "090010")))
    assert overdue(store, minutes_later(600), 30) == []


def test_the_mark_goes_when_the_answer_comes(store: Store) -> None:
    first, second = declare(store, "A1", "A2")
    overdue(store, minutes_later(31), 30)
    settle(store, a_receipt(a_return("A1", "2", "093500")))
    assert the_record(store, second)["waiting"] is not None
    settle(store, a_receipt(a_return("A2", "2", "093500")))
    assert the_record(store, first)["waiting"] is None
