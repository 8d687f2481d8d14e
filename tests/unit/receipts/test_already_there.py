"""Customs have a declaration already: after a hand-over in doubt that proves its arrival, without doubt it is a refusal."""

from __future__ import annotations

from builders.declared import (
    a_receipt,
    a_return,
    declare,
    settle,
    the_record,
)
from cebd.store.store import Store

ALREADY = a_receipt(a_return("A1", "-301010", "090700", "已存在相同编号的订单"))


def test_after_a_hand_over_in_doubt_it_is_evidence_of_arrival(store: Store) -> None:
    (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
    settle(store, ALREADY)
    assert the_record(store, mine)["state"] == "acknowledged"


def test_after_a_kill_between_hand_over_and_outcome_it_is_evidence_too(store: Store) -> None:
    (mine,) = declare(store, "A1", earlier_attempts=(None,))
    settle(store, ALREADY)
    assert the_record(store, mine)["state"] == "acknowledged"


def test_evidence_does_not_outweigh_what_customs_say_of_the_declaration(store: Store) -> None:
    (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
    settle(store, ALREADY, a_receipt(a_return("A1", "120", "090100")))
    record = the_record(store, mine)
    assert (record["state"], record["status"]) == ("succeeded", "120")


def test_without_doubt_it_is_a_format_refusal(store: Store) -> None:
    (mine,) = declare(store, "A1")
    settle(store, ALREADY)
    assert the_record(store, mine)["state"] == "refused"


def test_an_attempt_that_certainly_failed_leaves_no_doubt(store: Store) -> None:
    (mine,) = declare(store, "A1", earlier_attempts=("failed",))
    settle(store, ALREADY)
    assert the_record(store, mine)["state"] == "refused"


def test_another_refusal_stays_one_after_a_doubt(store: Store) -> None:
    (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
    settle(store, a_receipt(a_return("A1", "-301008", "090700")))
    assert the_record(store, mine)["state"] == "refused"
