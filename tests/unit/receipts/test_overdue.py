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
from cebd.receipts.deadlines import Deadlines, learn_deadlines
from cebd.receipts.overdue import overdue
from cebd.store.store import Store

HALF_AN_HOUR = Deadlines(30 * 60, {})


def minutes_later(minutes: float) -> StillClock:
    return StillClock(SENT_AT + timedelta(minutes=minutes))


def test_a_message_without_any_receipt_is_reported_once(store: Store) -> None:
    (mine,) = declare(store, "A1")
    assert overdue(store, minutes_later(29), HALF_AN_HOUR) == []
    (said,) = overdue(store, minutes_later(31), HALF_AN_HOUR)
    assert said.value == the_record(store, mine)["message_guid"]
    assert overdue(store, minutes_later(32), HALF_AN_HOUR) == []
    waiting = the_record(store, mine)["waiting"]
    assert waiting["id"] == "CEBD-1703"
    assert "31" in waiting["en"]


def test_a_record_forgotten_among_answered_ones_is_noticed(store: Store) -> None:
    declare(store, "A1", "A2")
    settle(store, a_receipt(a_return("A1", "2", "090010")))
    assert len(overdue(store, minutes_later(31), HALF_AN_HOUR)) == 1


def test_an_answered_message_is_not_overdue(store: Store) -> None:
    declare(store, "A1")
    settle(store, a_receipt(a_return("A1", "2", "090010")))
    assert overdue(store, minutes_later(600), HALF_AN_HOUR) == []


def test_the_mark_goes_when_the_answer_comes(store: Store) -> None:
    first, second = declare(store, "A1", "A2")
    overdue(store, minutes_later(31), HALF_AN_HOUR)
    settle(store, a_receipt(a_return("A1", "2", "093500")))
    assert the_record(store, second)["waiting"] is not None
    settle(store, a_receipt(a_return("A2", "2", "093500")))
    assert the_record(store, first)["waiting"] is None


def test_after_three_times_as_long_the_person_is_told_to_ask(store: Store) -> None:
    (mine,) = declare(store, "A1")
    overdue(store, minutes_later(31), HALF_AN_HOUR)
    assert "不用处理" in the_record(store, mine)["waiting"]["fix_zh"]
    assert overdue(store, minutes_later(89), HALF_AN_HOUR) == []
    (said,) = overdue(store, minutes_later(90), HALF_AN_HOUR)
    assert said.id == "CEBD-1718"
    assert "向电子口岸查询" in the_record(store, mine)["waiting"]["fix_zh"]
    assert overdue(store, minutes_later(600), HALF_AN_HOUR) == []


def test_a_message_found_silent_after_a_night_without_the_program_is_an_alarm_at_once(store: Store) -> None:
    declare(store, "A1")
    assert [said.id for said in overdue(store, minutes_later(600), HALF_AN_HOUR)] == ["CEBD-1718"]


def test_a_station_whose_answers_take_an_hour_is_not_alarmed_after_half_an_hour(store: Store) -> None:
    for number in range(20):
        declare(store, f"S{number}")
        settle(store, a_receipt(a_return(f"S{number}", "2", "100000")), at=SENT_AT + timedelta(hours=1))
    (mine,) = declare(store, "A1")
    with store.read() as transaction:
        deadlines = learn_deadlines(transaction, 30 * 60)
    assert deadlines.of("CEB311").usual == 3600
    assert deadlines.of("CEB621").usual is None
    assert overdue(store, minutes_later(179), deadlines) == []
    assert [said.id for said in overdue(store, minutes_later(180), deadlines)] == ["CEBD-1703"]
    assert "平时 60 分钟内" in the_record(store, mine)["waiting"]["zh"]


def test_nineteen_answers_are_too_few_to_learn_from() -> None:
    assert Deadlines(60, {"CEB311": [1000.0] * 19}).of("CEB311").overdue == 60
    assert Deadlines(60, {"CEB311": [1000.0] * 20}).of("CEB311").overdue == 3000


def test_quick_answers_do_not_make_it_report_before_the_stated_minimum() -> None:
    assert Deadlines(600, {"CEB621": [15.0] * 200}).of("CEB621").overdue == 600


def test_one_answer_in_ten_that_lay_overnight_teaches_nothing() -> None:
    took = [15.0] * 180 + [50_000.0] * 20
    assert Deadlines(600, {"CEB621": took}).of("CEB621").overdue == 600


def test_answers_that_all_lie_overnight_do_not_put_the_alarm_off_for_days() -> None:
    deadline = Deadlines(600, {"CEB621": [50_000.0] * 200}).of("CEB621")
    assert (deadline.overdue, deadline.alarm) == (8 * 3600, 24 * 3600)
