"""When people are told of trouble: not of what ends by itself, together, not too often, and once when it is over. Time is simulated."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cebd.alarms.matters import Matter, matters
from cebd.alarms.rounds import Notice, Pace, Round
from cebd.clock import CST, iso
from cebd.problems.problem import Problem, problem
from cebd.records.states import MessageState
from cebd.store.across.counts import WaitingMessages
from cebd.store.conditions import Condition, Party

START = datetime(2026, 3, 4, 9, 0, tzinfo=CST)


def a_matter(key: str, since: datetime = START, stage: str = "") -> Matter:
    said = problem("CEBD-1601", value=key, channel=key, reason="no route")
    return Matter(key, stage, Party.NETWORK, None, iso(since), said)


class Watch:
    """An alarm's looks, a minute apart; `told` is what went out, by minute."""

    def __init__(self, after: float = 5.0, every: float = 10.0) -> None:
        self.round = Round(Pace(timedelta(minutes=after), timedelta(minutes=every)), {})
        self.told: dict[int, Notice] = {}
        self.minute = 0

    def look(self, minutes: int, *standing: Matter) -> None:
        for _ in range(minutes):
            now = START + timedelta(minutes=self.minute)
            notice = self.round.decide({matter.key: matter for matter in standing}, now)
            if notice is not None:
                self.told[self.minute] = notice
                self.round.was_told(notice, now)
            self.minute += 1

    def keys(self) -> dict[int, tuple[list[str], list[str]]]:
        return {
            minute: ([matter.key for matter in notice.new], [told.key for told in notice.over])
            for minute, notice in self.told.items()
        }


def test_what_ends_by_itself_within_minutes_is_not_told() -> None:
    watch = Watch()
    watch.look(4, a_matter("channel:a"))
    watch.look(60)
    assert watch.keys() == {}


def test_a_clean_hour_makes_no_alarm() -> None:
    watch = Watch()
    watch.look(60)
    assert watch.keys() == {}


def test_what_stands_is_told_once_and_once_more_when_it_is_over() -> None:
    watch = Watch()
    watch.look(100, a_matter("channel:a"))
    watch.look(100)
    assert watch.keys() == {5: (["channel:a"], []), 102: ([], ["channel:a"])}


def test_troubles_that_come_together_are_one_message_and_the_next_has_to_wait() -> None:
    watch = Watch()
    together = [a_matter(f"channel:{name}") for name in "abc"]
    watch.look(6, *together)
    late = a_matter("signer:x", START + timedelta(minutes=1))
    watch.look(60, *together, late)
    assert watch.keys() == {5: (["channel:a", "channel:b", "channel:c"], []), 15: (["signer:x"], [])}


def test_a_line_that_comes_and_goes_is_one_trouble() -> None:
    watch = Watch()
    watch.look(10, a_matter("channel:a"))
    for minute in range(10, 60, 2):
        watch.look(1)
        watch.look(1, a_matter("channel:a", START + timedelta(minutes=minute)))
    assert watch.keys() == {5: (["channel:a"], [])}


def test_a_certificate_is_told_anew_at_each_stage() -> None:
    watch = Watch(every=0.0)
    for days in (60, 30, 15, 7, 1):
        watch.look(10, a_matter("certificate:a", stage=f"within {days} days"))
    assert [len(notice.new) for notice in watch.told.values()] == [1] * 5


def test_what_was_told_before_a_restart_is_not_told_again_and_its_end_is() -> None:
    before = Watch()
    before.look(10, a_matter("channel:a"))
    after = Watch()
    after.round.told = before.round.told
    after.look(3, a_matter("channel:a"))
    after.look(60)
    assert after.keys() == {5: ([], ["channel:a"])}


def a_condition(key: str, found: Problem, party: Party = Party.NETWORK) -> Condition:
    return Condition(key, party, None, iso(START), found)


def waiting(reason: str, number: int, state: MessageState = MessageState.SENT) -> WaitingMessages:
    return WaitingMessages(
        "甲",
        state,
        reason,
        iso(START),
        number,
        problem(reason, value="G", minutes=31, usual_zh="", usual_en="", alarm="", channel="a", reason="r"),
    )


def test_messages_that_wait_are_counted_with_the_condition_that_they_wait_for() -> None:
    down = problem("CEBD-1601", value="a", channel="a", reason="no route")
    found = matters([a_condition("channel:a", down)], [waiting("CEBD-1601", 3, MessageState.SIGNED)])
    assert {key: matter.waiting for key, matter in found.items()} == {"channel:a": 3}


def test_overdue_receipts_are_one_trouble_of_customs_however_many_messages() -> None:
    found = matters([], [waiting("CEBD-1718", 1), waiting("CEBD-1718", 1), waiting("CEBD-1718", 1)])
    assert [(matter.key, matter.party, matter.waiting) for matter in found.values()] == [
        ("waiting:甲:CEBD-1718", Party.CUSTOMS, 3)
    ]


def test_a_receipt_that_is_only_slow_wakes_nobody() -> None:
    assert matters([], [waiting("CEBD-1703", 3)]) == {}


@pytest.mark.parametrize(("id_", "told"), [("CEBD-1523", True), ("CEBD-1049", False)])
def test_of_mere_notes_only_a_certificate_that_ends_is_told(id_: str, told: bool) -> None:
    facts = {"signer": "a", "number": "1", "date": "2026-05-01", "days": 60, "count": 1}
    key = "certificate:a" if told else "file:甲:ignored"
    assert bool(matters([a_condition(key, problem(id_, value="a", **facts))], [])) is told
