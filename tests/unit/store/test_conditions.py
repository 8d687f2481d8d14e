"""What is not as it should be: noted once, kept until it ends, read by another process."""

from __future__ import annotations

from builders.clocks import SteppingClock
from cebd.problems.problem import Problem, problem
from cebd.store.conditions import Conditions, Party, read_conditions
from cebd.store.store import Store


def down(reason: str) -> Problem:
    return problem("CEBD-1601", channel="a", reason=reason)


def keys(store: Store) -> list[str]:
    with store.read() as connection:
        return [one.key for one in read_conditions(connection)]


def test_a_condition_is_news_once_and_stands_until_it_ends(store: Store) -> None:
    conditions = Conditions(store, SteppingClock())
    assert conditions.note("channel:a", down("refused"), Party.NETWORK)
    assert not conditions.note("channel:a", down("refused"), Party.NETWORK)
    assert keys(store) == ["channel:a"]
    assert conditions.end("channel:a")
    assert not conditions.end("channel:a")
    assert keys(store) == []


def test_another_reason_is_news_and_keeps_its_beginning(store: Store) -> None:
    conditions = Conditions(store, SteppingClock())
    conditions.note("channel:a", down("refused"), Party.NETWORK)
    assert conditions.note("channel:a", down("timed out"), Party.NETWORK)
    with store.read() as connection:
        [condition] = read_conditions(connection)
    assert condition.since == "2026-01-02T03:01:00+08:00"
    assert condition.party == Party.NETWORK
    assert "timed out" in condition.problem.en


def test_a_restart_forgets_what_is_over_and_keeps_since_when_the_rest_stands(store: Store) -> None:
    before = Conditions(store, SteppingClock())
    before.note("channel:a", down("refused"), Party.NETWORK)
    before.note("channel:b", down("refused"), Party.NETWORK)
    after = Conditions(store, SteppingClock())
    after.start()
    assert keys(store) == []
    assert after.note("channel:b", down("refused"), Party.NETWORK)
    with store.read() as connection:
        [condition] = read_conditions(connection)
    assert condition.key == "channel:b"
    assert condition.since == "2026-01-02T03:02:00+08:00"


def test_what_is_no_longer_seen_ends_together(store: Store) -> None:
    conditions = Conditions(store, SteppingClock())
    for key in ("file:a", "file:b", "channel:a"):
        conditions.note(key, down("x"), Party.OPERATOR)
    assert conditions.end_others("file:", {"file:b"}) == ["file:a"]
    assert sorted(keys(store)) == ["channel:a", "file:b"]
