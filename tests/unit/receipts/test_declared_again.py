"""A number that was refused is corrected and declared again an hour later: each receipt goes to the declaration it answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.declared import (
    SENT_AT,
    a_list_return,
    a_receipt,
    a_return,
    declare,
    settle,
    the_record,
)
from cebd.store.store import Store


@pytest.fixture
def both(store: Store) -> tuple[int, int]:
    (first,) = declare(store, "A1")
    settle(store, a_receipt(a_return("A1", "-301008", "090005", "参数校验不通过")))
    (second,) = declare(store, "A1", sent_at=SENT_AT + timedelta(hours=1))
    return first, second


def test_the_answer_to_the_correction_goes_to_the_correction(store: Store, both: tuple[int, int]) -> None:
    settle(store, a_receipt(a_return("A1", "120", "100010")))
    assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]


def test_a_late_receipt_of_the_first_does_not_touch_the_correction(store: Store, both: tuple[int, int]) -> None:
    settle(store, a_receipt(a_return("A1", "2", "090003")), a_receipt(a_return("A1", "4", "090009")))
    first, second = (the_record(store, one) for one in both)
    assert [entry[0] for entry in first["history"]] == ["-301008", "2", "4"]
    assert (second["state"], second["history"]) == ("sent", [])


def test_the_refusal_told_again_does_not_touch_the_correction(store: Store, both: tuple[int, int]) -> None:
    settle(store, a_receipt(a_return("A1", "-301008", "090005", "参数校验不通过 ")))
    assert [the_record(store, one)["state"] for one in both] == ["refused", "sent"]


def test_a_quoted_guid_decides_among_declarations_of_one_number(store: Store, both: tuple[int, int]) -> None:
    guid = the_record(store, both[1])["guid"]
    settle(store, a_receipt(a_return("A1", "120", "095000", f"新增申报成功[{guid.lower()}]")))
    assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]


def test_a_quoted_guid_of_another_order_is_no_key(store: Store, both: tuple[int, int]) -> None:
    (other,) = declare(store, "A2")
    guid = the_record(store, other)["guid"]
    settle(store, a_receipt(a_return("A1", "120", "100010", f"新增申报成功[{guid}]")))
    assert the_record(store, other)["state"] == "sent"
    assert the_record(store, both[1])["state"] == "succeeded"


def test_a_clock_some_seconds_ahead_of_customs_does_not_give_the_answer_to_the_first(
    store: Store, both: tuple[int, int]
) -> None:
    settle(store, a_receipt(a_return("A1", "120", "095945")))
    assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]


def test_a_correction_within_seconds_leaves_the_late_word_about_the_first_where_it_belongs(store: Store) -> None:
    (first,) = declare(store, "B1")
    settle(store, a_receipt(a_return("B1", "-301008", "090005")))
    (second,) = declare(store, "B1", sent_at=SENT_AT + timedelta(seconds=20))
    settle(store, a_receipt(a_return("B1", "2", "090004")), a_receipt(a_return("B1", "120", "090030")))
    told = [[status for status, _, _ in the_record(store, one)["history"]] for one in (first, second)]
    assert told == [["-301008", "2"], ["120"]]


def test_what_was_told_of_a_list_is_not_told_of_its_change_when_it_comes_again(store: Store) -> None:
    """The customs' clock is ahead: the entry seems to be later than the change."""
    (first,) = declare(store, "L1", code="CEB621")
    entry = a_list_return("L1", "120", "100500")
    settle(store, a_receipt(entry))
    (change,) = declare(store, "L1", code="CEB621", sent_at=SENT_AT + timedelta(hours=1))
    settle(store, a_receipt(entry, prefix="ceb"))
    assert [len(the_record(store, one)["history"]) for one in (first, change)] == [1, 0]
