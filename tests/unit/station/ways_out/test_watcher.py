"""The watcher of a signer or channel: what waits there goes on when it can, and nothing keeps anything else waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from builders.clocks import SimulatedTime
from builders.new_station import new_station
from builders.new_store import open_store
from builders.ways_out import AWAY, NEVER, REFUSED, Way, ways_of
from cebd.clock import SystemClock
from cebd.problems.problem import problem
from cebd.records.ids import DropId, MessageId
from cebd.settings import load_settings
from cebd.station.ways_out.turns import Waiting
from cebd.station.ways_out.watcher import Watcher
from cebd.station.ways_out.way import Tried, Unusable
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions, Party


class Channel(Way):
    """Only a message shows whether it can be used."""

    def try_out(self) -> None:
        return None


def watched(way: Way, *, is_used: bool = True) -> tuple[Watcher, SimulatedTime]:
    time = SimulatedTime()
    return Watcher(way, 1.0, 60.0, time, is_used=lambda: is_used), time


def keep(watcher: Watcher, *message_ids: int, drop: int = 1, enterprise: str = "one") -> None:
    """Messages of one file come to it."""
    watcher.keep(Waiting(MessageId(number), DropId(drop), enterprise) for number in message_ids)


@contextmanager
def station_of(folder: Path) -> Iterator[tuple[WaysOut, Conditions]]:
    """The ways out of a station whose store is empty."""
    settings = load_settings(new_station(folder / "station", port=0).settings)
    store = open_store(settings.store_dir)
    yield ways_of(settings, store, SystemClock())
    store.close()


def test_while_nothing_is_wrong_messages_go_straight_through() -> None:
    way = Way()
    watcher, _ = watched(way)
    watcher.look(NEVER)
    keep(watcher, 1, 2)
    assert not watcher.is_at_rest()
    watcher.look(NEVER)
    assert way.done == [1, 2]
    assert watcher.is_at_rest()
    assert way.states == []


def test_a_token_away_is_tried_at_growing_pauses_and_all_that_waits_goes_on_in_order_when_it_is_back() -> None:
    way = Way(trouble=AWAY)
    watcher, time = watched(way)
    watcher.look(NEVER)
    for one in (3, 1, 2):
        keep(watcher, one)
    watcher.look(NEVER)
    assert way.acts == []
    assert way.told == {1: "CEBD-1501", 2: "CEBD-1501", 3: "CEBD-1501"}
    for _ in range(48 * 3600):
        time.now += 1.0
        watcher.look(NEVER)
    assert way.tried_out < 48 * 60 + 10
    assert way.states == ["CEBD-1501"]
    way.trouble = None
    time.now += 60.0
    watcher.look(NEVER)
    assert way.done == [1, 2, 3]
    assert way.states == ["CEBD-1501", "usable"]
    keep(watcher, 4)
    watcher.look(NEVER)
    assert way.done == [1, 2, 3, 4]


def test_a_token_that_comes_back_is_seen_although_nothing_waits() -> None:
    way = Way(trouble=AWAY)
    watcher, time = watched(way)
    watcher.look(NEVER)
    way.trouble = None
    time.now += 1.0
    watcher.look(NEVER)
    assert way.states == ["CEBD-1501", "usable"]


def test_a_signer_that_no_enterprise_uses_is_left_alone() -> None:
    way = Way(trouble=AWAY)
    watcher, _ = watched(way, is_used=False)
    watcher.look(NEVER)
    assert way.tried_out == 0
    assert watcher.is_at_rest()


def test_another_reason_is_told_to_all_that_wait() -> None:
    way = Way(trouble=AWAY)
    watcher, time = watched(way)
    watcher.look(NEVER)
    keep(watcher, 1)
    way.trouble = REFUSED
    time.now += 1.0
    watcher.look(NEVER)
    assert way.told == {1: "CEBD-1502"}
    assert way.states == ["CEBD-1501", "CEBD-1502"]


def test_one_message_that_always_fails_keeps_no_other_waiting() -> None:
    way = Way(bad={1: Tried.WAITS})
    watcher, time = watched(way)
    keep(watcher, 1, 2, 3)
    watcher.look(NEVER)
    assert way.done == [2, 3]
    for _ in range(600):
        time.now += 1.0
        watcher.look(NEVER)
    assert way.acts.count(1) < 20
    way.bad.clear()
    time.now += 60.0
    watcher.look(NEVER)
    assert way.done == [2, 3, 1]


def test_a_message_at_which_the_channel_breaks_down_each_time_is_not_the_only_probe() -> None:
    down = Unusable(problem("CEBD-1601", channel="x", reason="reset"), Party.NETWORK)
    way = Channel(bad={1: down})
    watcher, time = watched(way)
    keep(watcher, 1, 2, 3)
    for _ in range(10):
        watcher.look(NEVER)
        time.now += 1.0
    assert way.done == [2, 3]


def test_many_messages_that_fail_by_themselves_are_not_all_tried_in_one_look() -> None:
    way = Channel(bad=dict.fromkeys(range(100), Tried.WAITS))
    watcher, _ = watched(way)
    keep(watcher, *range(100))
    watcher.look(NEVER)
    assert len(way.acts) == 5
    assert not watcher.is_at_rest()
    for _ in range(30):
        watcher.look(NEVER)
    assert sorted(way.acts) == list(range(100))
    assert watcher.is_at_rest()


def test_a_stop_ends_a_long_look_between_two_messages() -> None:
    stop = threading.Event()
    way = Way(meanwhile=lambda _: stop.set())
    watcher, _ = watched(way)
    keep(watcher, *range(100))
    watcher.look(stop)
    assert way.done == [0]


@pytest.mark.parametrize("trouble", [AWAY, None])
def test_what_is_handed_over_at_the_start_is_at_rest_only_when_it_was_tried_or_cannot_be(
    trouble: Unusable | None,
) -> None:
    way = Way(trouble=trouble)
    watcher, _ = watched(way)
    keep(watcher, 1)
    assert not watcher.is_at_rest()
    watcher.look(NEVER)
    assert watcher.is_at_rest()
    assert way.told == ({1: "CEBD-1501"} if trouble else {})


def test_what_a_watcher_keeps_already_is_not_its_work_twice() -> None:
    way = Way()
    watcher, _ = watched(way)
    keep(watcher, 1, 2)
    assert watcher.keep([Waiting(MessageId(2), DropId(1), "one"), Waiting(MessageId(3), DropId(1), "one")]) == 1
    watcher.look(NEVER)
    assert way.acts == [1, 2, 3]


def test_a_message_taken_back_since_its_file_changed_is_kept_no_longer_and_named_by_nobody(tmp_path: Path) -> None:
    with station_of(tmp_path) as (ways, conditions):
        for watcher in ways.watchers().values():
            keep(watcher, 7)  # there is no such message any more
            watcher.look(NEVER)
            assert not watcher.keeps(MessageId(7))
            assert watcher.is_at_rest()
        assert ways.keep([MessageId(7)]) == 0
        assert conditions.current() == []


def test_forty_messages_wait_when_the_line_drops_and_it_is_tried_once_with_the_next_try_soon() -> None:
    down = Unusable(problem("CEBD-1601", channel="x", reason="reset"), Party.NETWORK)
    way = Channel(trouble=down)
    watcher, time = watched(way)
    keep(watcher, *range(40))
    for _ in range(3):
        watcher.look(NEVER)
    assert way.acts == [0]
    assert all(watcher.keeps(MessageId(one)) for one in range(40))
    assert way.told == dict.fromkeys(range(40), "CEBD-1601")
    way.trouble = None
    time.now += 1.0
    watcher.look(NEVER)
    assert sorted(way.done) == list(range(40))


def test_messages_that_come_while_the_line_is_down_wait_for_the_next_try_and_say_why() -> None:
    down = Unusable(problem("CEBD-1601", channel="x", reason="reset"), Party.NETWORK)
    way = Channel(trouble=down)
    watcher, time = watched(way)
    keep(watcher, 1)
    watcher.look(NEVER)
    keep(watcher, 2, drop=2)
    watcher.look(NEVER)
    assert way.acts == [1]
    assert way.told == {1: "CEBD-1601", 2: "CEBD-1601"}
    way.trouble = None
    time.now += 1.0
    watcher.look(NEVER)
    assert sorted(way.done) == [1, 2]


def test_a_message_at_which_the_line_breaks_comes_after_all_others() -> None:
    down = Unusable(problem("CEBD-1601", channel="x", reason="reset"), Party.NETWORK)
    way = Channel(bad={1: down})
    watcher, time = watched(way)
    keep(watcher, *range(1, 101))
    for _ in range(2):
        watcher.look(NEVER)
        time.now += 1.0
    assert way.done == list(range(2, 101))


DOWN = Unusable(problem("CEBD-1601", channel="x", reason="no route"), Party.NETWORK)


@pytest.mark.parametrize("minutes", range(1, 30, 4))
def test_what_was_tried_while_the_line_was_down_goes_in_its_order_when_it_is_back(minutes: int) -> None:
    way = Channel(trouble=DOWN)
    watcher, time = watched(way)
    keep(watcher, *range(30), drop=1)
    keep(watcher, *range(30, 40), drop=2)
    for _ in range(60 * minutes):
        time.now += 1.0
        watcher.look(NEVER)
    way.trouble = None
    time.now += 120.0
    for _ in range(3):
        watcher.look(NEVER)
    assert [number for number in way.done if number < 30] == list(range(30))
    assert [number for number in way.done if number >= 30] == list(range(30, 40))


def test_messages_at_which_the_line_breaks_keep_no_other_of_their_file_waiting_for_long() -> None:
    way = Channel(bad=dict.fromkeys(range(3), DOWN))
    watcher, time = watched(way)
    keep(watcher, *range(10))
    for _ in range(60):
        time.now += 1.0
        watcher.look(NEVER)
    assert way.done == list(range(3, 10))


def test_a_message_at_which_the_line_breaks_since_an_outage_keeps_the_others_waiting_for_an_hour_at_most() -> None:
    way = Channel(trouble=DOWN, bad={0: DOWN})
    watcher, time = watched(way)
    keep(watcher, *range(10))
    for _ in range(4000):
        time.now += 1.0
        watcher.look(NEVER)
    way.trouble = None
    for _ in range(3600):
        time.now += 1.0
        watcher.look(NEVER)
    assert sorted(way.done) == list(range(1, 10))


def test_a_message_that_is_known_to_break_the_line_does_not_close_it_for_what_comes_later() -> None:
    way = Channel(bad={1: DOWN})
    watcher, time = watched(way)
    keep(watcher, 1, 2)
    for _ in range(200):
        time.now += 1.0
        watcher.look(NEVER)
    assert way.done == [2]
    assert way.states == ["CEBD-1601", "usable"]
    for number in range(3, 20):
        time.now += 61.0  # it has just been tried
        watcher.look(NEVER)
        keep(watcher, number)
        watcher.look(NEVER)
        assert way.done[-1] == number
    way.bad.clear()
    time.now += 61.0
    watcher.look(NEVER)
    assert way.done[-1] == 1


def test_a_message_whose_turn_has_not_come_does_not_keep_the_line_from_being_tried() -> None:
    """Its documents are not at the e-port: nothing is asked of the line, which may be back."""
    way = Channel(trouble=DOWN)
    watcher, time = watched(way)
    keep(watcher, 1, 2, 3)
    watcher.look(NEVER)
    way.trouble, way.bad = None, {1: Tried.LATER}
    time.now += 1.0
    watcher.look(NEVER)
    assert way.done == [2, 3]


# Whose turn it is


def test_messages_go_through_in_batches_of_twenty() -> None:
    way = Way()
    watcher, _ = watched(way)
    keep(watcher, *range(45))
    watcher.look(NEVER)
    assert way.batches == [20, 20, 5]


def test_a_file_of_one_message_waits_for_one_batch_of_a_slow_token_and_not_for_a_thousand_messages() -> None:
    """An operator: "My five orders stood behind a colleague's hundred thousand for the whole afternoon." """
    way = Way()
    watcher, time = watched(way)
    keep(watcher, *range(1, 1001), drop=1)

    def sign_slowly(_: int) -> None:
        time.now += 0.24
        if len(way.acts) == 1:
            keep(watcher, 1001, drop=2)

    way.meanwhile = sign_slowly
    watcher.look(NEVER)
    assert way.acts.index(1001) <= 4
    assert max(way.batches) <= 3


def test_enterprises_take_turns_and_so_do_the_files_of_each() -> None:
    way = Way()
    watcher, _ = watched(way)
    keep(watcher, 1, 2, 3, drop=1)
    keep(watcher, 4, drop=2)
    keep(watcher, 5, 6, drop=3, enterprise="two")
    watcher.look(NEVER)
    assert way.acts == [1, 5, 4, 6, 2, 3]


def test_an_error_that_nobody_foresaw_loses_no_message_of_the_batch() -> None:
    class Breaking(Way):
        def follow_up(self, message_ids: Sequence[int]) -> None:
            if not self.states:
                self.states.append("broken")
                raise MemoryError
            super().follow_up(message_ids)

    way = Breaking()
    watcher, _ = watched(way)
    keep(watcher, 1, 2, 3)
    with pytest.raises(MemoryError):
        watcher.look(NEVER)
    assert not watcher.is_at_rest()
    watcher.look(NEVER)
    assert way.done == [1, 2, 3]
    assert watcher.is_at_rest()
