"""The station's clock is named as wrong when customs' receipts prove it, and no longer when newer ones prove it right."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from builders.clocks import StillClock
from builders.declared import SENT_AT, a_receipt, a_return, declare, settle, the_record
from cebd.receipts.clock_evidence import CONDITION, Ahead, judged, name_clock
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.store.tables import submissions


def named(store: Store) -> str | None:
    """What is said of the clock."""
    conditions = Conditions(store, StillClock())
    name_clock(store, conditions)
    return next((one.problem.en for one in conditions.current() if one.key == CONDITION), None)


def answered(
    store: Store,
    number: str,
    *,
    ahead: timedelta,
    after: int = 5,
    status: str = "2",
    info: str = "",
    sent_at: datetime = SENT_AT,
) -> None:
    """Customs answer so many seconds after the hand-over, with our clock ahead of theirs by that; fetched three seconds later."""
    made = sent_at - ahead + timedelta(seconds=after)
    receipt = a_receipt(a_return(number, status, made.strftime("%Y%m%d%H%M%S000"), info))
    settle(store, receipt, at=sent_at + timedelta(seconds=after + 3))


MINUTES = timedelta(minutes=1)


def test_a_right_clock_is_not_mentioned(store: Store) -> None:
    declare(store, "A1")
    answered(store, "A1", ahead=timedelta(0))
    answered(store, "A1", ahead=timedelta(seconds=-50), status="120", after=3000)
    assert named(store) is None


def test_a_clock_five_minutes_fast_is_named_at_once(store: Store) -> None:
    declare(store, "A1")
    answered(store, "A1", ahead=5 * MINUTES)
    assert "4 min ahead of customs'" in str(named(store))


def test_a_clock_five_minutes_slow_is_named_at_once_whoever_the_receipt_is_for(store: Store) -> None:
    answered(store, "X9", ahead=-5 * MINUTES)
    assert "4 min behind customs'" in str(named(store))


def test_a_clock_that_is_a_day_off_is_said_in_hours(store: Store) -> None:
    declare(store, "A1")
    answered(store, "A1", ahead=1440 * MINUTES)
    assert "23 h 59 min ahead" in str(named(store))


def test_a_clock_that_was_put_right_is_named_no_longer(store: Store) -> None:
    declare(store, "A1", "A2")
    answered(store, "A1", ahead=5 * MINUTES)
    (later,) = declare(store, "A3", sent_at=SENT_AT + timedelta(hours=1))
    answered(store, "A3", ahead=timedelta(0), sent_at=SENT_AT + timedelta(hours=1))
    assert the_record(store, later)["status"] == "2"
    assert named(store) is None


def test_a_late_answer_does_not_prove_a_fast_clock_right(store: Store) -> None:
    declare(store, "A1")
    answered(store, "A1", ahead=5 * MINUTES)
    answered(store, "A1", ahead=5 * MINUTES, status="120", after=7200)
    assert named(store) is not None


def test_one_odd_receipt_after_right_ones_is_no_proof_and_two_of_different_messages_are(store: Store) -> None:
    for number in ("A1", "A2", "A3"):
        declare(store, number)
    answered(store, "A1", ahead=timedelta(0))
    answered(store, "A2", ahead=5 * MINUTES)
    answered(store, "A2", ahead=5 * MINUTES, status="120")
    assert named(store) is None
    answered(store, "A3", ahead=5 * MINUTES)
    assert named(store) is not None


def test_a_receipt_that_may_answer_an_earlier_hand_over_in_doubt_is_no_proof(store: Store) -> None:
    declare(store, "A1", earlier_attempts=("in_doubt",))
    answered(store, "A1", ahead=5 * MINUTES)
    assert named(store) is None


def test_an_answer_before_a_doubt_was_settled_by_it_is_no_proof(store: Store) -> None:
    """After a restore the hand-over is dated when the doubt was noted, not when it was."""
    declare(store, "A1")
    with store.write() as connection:
        connection.execute(update(submissions).values(detail="receipts came"))
    answered(store, "A1", ahead=5 * MINUTES)
    assert named(store) is None


def test_the_answer_to_a_correction_proves_it_too(store: Store) -> None:
    """The guid is not quoted, and our clock is not asked which of the two is meant."""
    declare(store, "A1")
    answered(store, "A1", ahead=5 * MINUTES, status="-301008")
    later = SENT_AT + timedelta(seconds=40)
    (second,) = declare(store, "A1", sent_at=later)
    answered(store, "A1", ahead=5 * MINUTES, status="120", sent_at=later)
    assert the_record(store, second)["state"] == "succeeded"
    assert named(store) is not None


@pytest.mark.parametrize(
    ("told", "ahead"),
    [
        ([], None),
        ([(-5, 3, 1)], None),
        ([(295, 303, 1)], 295),
        ([(-305, -295, 1)], -295),
        ([(290, 299, 1), (100, 297, 2), (-4000, 400, 3)], 290),
        ([(295, 303, 1), (-5, 3, 2)], None),
        ([(295, 303, 1), (296, 304, 2), (-5, 3, 3)], 296),
        ([(-5, 3, 1), (295, 303, 2), (295, 303, 3)], None),
        ([(295, 303, 1), (-5, 3, 2), (295, 303, 3), (-5, 3, 4)], None),
    ],
)
def test_the_latest_that_agree_decide(told: list[tuple[float, float, int]], ahead: float | None) -> None:
    assert judged(Ahead(*one) for one in told) == ahead
