"""Several tokens of one enterprise: they sign side by side, each message once, and one that is away costs only what it would have done."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from builders.clocks import SimulatedTime
from builders.ways_out import AWAY, NEVER, REFUSED, Way
from cebd.records.ids import DropId, MessageId
from cebd.station.pauses import Pauses
from cebd.station.ways_out.turns import Waiting, WaitingLine
from cebd.station.ways_out.watcher import Watcher


class Cards:
    """Tokens by name, their watchers, and one line."""

    def __init__(self, *names: str, on_duty: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda ways: ways) -> None:
        self.time = SimulatedTime()
        self.line = WaitingLine(Pauses[MessageId](1.0, 3.0, self.time), on_duty)
        self.card = {name: Way() for name in names}
        self.watcher = {
            name: Watcher(card, 1.0, 3.0, self.time, is_used=lambda: True, line=self.line, name=name)
            for name, card in self.card.items()
        }

    def keep(self, *message_ids: int, ways: tuple[str, ...], enterprise: str = "one", drop: int = 1) -> None:
        waiting = [Waiting(MessageId(number), DropId(drop), enterprise, ways) for number in message_ids]
        self.watcher[ways[0]].keep(waiting)

    def look(self, *names: str) -> None:
        for name in names or self.watcher:
            self.watcher[name].look(NEVER)


def test_a_token_that_signs_slowly_leaves_to_the_other_all_but_the_message_it_is_at() -> None:
    cards = Cards("a", "b")
    cards.keep(*range(10), ways=("a", "b"))

    def the_other_looks(_: int) -> None:
        cards.card["a"].meanwhile = lambda _: None
        cards.look("b")

    cards.card["a"].meanwhile = the_other_looks
    cards.look("a")
    assert cards.card["a"].done == [0]
    assert cards.card["b"].done == list(range(1, 10))


def test_in_threads_each_message_is_signed_by_one_token_only() -> None:
    cards = Cards("a", "b", "c")
    cards.keep(*range(3000), ways=("a", "b", "c"))
    threads = [threading.Thread(target=watcher.look, args=(NEVER,)) for watcher in cards.watcher.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    done = [number for card in cards.card.values() for number in card.done]
    assert sorted(done) == list(range(3000))


def test_a_token_that_is_away_keeps_no_message_and_none_says_that_it_waits() -> None:
    cards = Cards("a", "b")
    cards.card["a"].trouble = AWAY
    cards.keep(1, 2, 3, ways=("a", "b"))
    cards.look()
    assert cards.card["b"].done == [1, 2, 3]
    assert cards.card["a"].states == ["CEBD-1501"]
    assert cards.card["a"].told == cards.card["b"].told == {}


def test_a_token_pulled_out_in_the_middle_leaves_its_message_to_the_other() -> None:
    cards = Cards("a", "b")
    cards.keep(1, 2, 3, ways=("a", "b"))

    def pulled_out(message_id: int) -> None:
        if message_id == 2:
            cards.card["a"].trouble = AWAY

    cards.card["a"].meanwhile = pulled_out
    cards.look()
    assert (cards.card["a"].done, cards.card["b"].done) == ([1], [2, 3])


def test_messages_say_why_they_wait_once_no_token_is_left_and_go_on_with_the_first_that_is_back() -> None:
    cards = Cards("a", "b")
    cards.card["a"].trouble, cards.card["b"].trouble = AWAY, REFUSED
    cards.look()
    cards.keep(1, ways=("a", "b"))
    cards.keep(2, ways=("a",), enterprise="two")
    assert cards.card["a"].told == {1: "CEBD-1501", 2: "CEBD-1501"}
    cards.card["b"].trouble = None
    cards.time.now += 3.0
    cards.look()
    assert cards.card["b"].done == [1]
    assert cards.watcher["a"].keeps(MessageId(2))
    assert cards.watcher["a"].is_at_rest()


def test_a_token_signs_for_those_enterprises_alone_that_name_it() -> None:
    cards = Cards("a", "b", "c")
    cards.keep(1, 2, ways=("a", "b"))
    cards.keep(3, 4, ways=("b", "c"), enterprise="two")
    cards.keep(5, ways=("c",), enterprise="three")
    cards.look("c")
    assert cards.card["c"].done == [3, 5, 4]
    cards.look("a")
    assert cards.card["a"].done == [1, 2]
    cards.look("b")
    assert cards.card["b"].done == []


def test_five_messages_do_not_wait_behind_ten_thousand_of_another_enterprise_at_the_tokens_of_both() -> None:
    cards = Cards("a", "b")
    order: list[int] = []
    for card in cards.card.values():
        card.meanwhile = order.append
    cards.keep(*range(10_000), ways=("a", "b"))
    cards.keep(*range(10_000, 10_005), ways=("a", "b"), enterprise="two", drop=2)
    cards.look("b")
    assert max(order.index(number) for number in range(10_000, 10_005)) < 10


def test_a_message_that_one_token_cannot_sign_is_not_tried_for_ever_before_the_others() -> None:
    cards = Cards("a", "b")
    for card in cards.card.values():
        card.bad = {1: AWAY}
    cards.keep(1, 2, 3, ways=("a", "b"))
    for _ in range(4):
        cards.look()
        cards.time.now += 3.0
    done = cards.card["a"].done + cards.card["b"].done
    assert sorted(done) == [2, 3]


def test_what_one_token_keeps_is_no_new_work_for_another() -> None:
    cards = Cards("a", "b")
    cards.keep(1, 2, ways=("a", "b"))
    assert cards.watcher["b"].keep([Waiting(MessageId(2), DropId(1), "one", ("a", "b"))]) == 0
    assert not cards.watcher["b"].is_at_rest()
    cards.look("a")
    cards.look("b")
    assert all(watcher.is_at_rest() for watcher in cards.watcher.values())


@pytest.mark.parametrize("today", ["before", "after"])
def test_only_the_tokens_that_are_on_duty_sign_and_the_other_is_not_missed(today: str) -> None:
    duty = {"before": ("old",), "after": ("new",)}
    cards = Cards("old", "new", on_duty=lambda _: duty[today])
    cards.keep(1, 2, ways=("old", "new"))
    cards.look()
    assert cards.card[duty[today][0]].done == [1, 2]
    cards.keep(3, ways=("old", "new"))
    cards.card[duty[today][0]].trouble = AWAY
    cards.time.now += 60.0
    cards.look()
    assert cards.card[duty[today][0]].told == {3: "CEBD-1501"}
