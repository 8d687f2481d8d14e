"""A failure that repeats is logged whole once, counted after that, and named in the store until it is over."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from cebd.clock import SystemClock
from cebd.station.failures import Failures
from cebd.station.pauses import Pauses
from cebd.store.conditions import Conditions, Party, read_conditions
from cebd.store.store import Store


def broken(text: str = "no such thing") -> Exception:
    try:
        raise LookupError(text)
    except LookupError as error:
        return error


def test_a_traceback_that_repeats_is_logged_once_and_counted_in_the_store_until_it_is_over(store: Store) -> None:
    failures = Failures(Conditions(store, SystemClock()))
    with capture_logs() as logs:
        for _ in range(1000):
            failures.note("publish", broken())
        failures.note("look for files", broken())
    assert [("exc_info" in event, event["task"]) for event in logs] == [(True, "publish"), (False, "look for files")]
    with store.read() as connection:
        told = {one.key: one for one in read_conditions(connection)}
    assert told["work:publish"].party is Party.CEBD
    assert "1000" in told["work:publish"].problem.en
    assert "LookupError" in told["work:publish"].problem.zh
    with capture_logs() as logs:
        failures.over("publish")
        failures.over("publish")
        failures.over("what never failed")
    assert [one["times"] for one in logs] == [1000]
    with store.read() as connection:
        assert [one.key for one in read_conditions(connection)] == ["work:look for files"]


def test_a_full_disk_is_the_administrators_matter_and_said_as_that(store: Store) -> None:
    failures = Failures(Conditions(store, SystemClock()))
    for name, full in (("publish", OSError(errno.ENOSPC, "No space left on device")), ("convert", full_database())):
        failures.note(name, full)
    with store.read() as connection:
        told = {one.key: (one.problem.id, one.party) for one in read_conditions(connection)}
    assert told == {f"work:{name}": ("CEBD-1914", Party.ADMINISTRATOR) for name in ("publish", "convert")}


def full_database() -> Exception:
    """What SQLAlchemy raises where SQLite has no room."""
    with create_engine("sqlite://").connect() as connection, pytest.raises(OperationalError) as raised:
        connection.exec_driver_sql("PRAGMA max_page_count=2")
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
    return raised.value


def test_another_fault_of_the_same_work_is_logged_whole_too(store: Store) -> None:
    failures = Failures(Conditions(store, SystemClock()))
    with capture_logs() as logs:
        failures.note("publish", broken())
        failures.note("publish", ValueError("something else"))
    assert ["exc_info" in one for one in logs] == [True, True]


def test_pauses_grow_to_their_limit_and_begin_anew_when_it_is_over() -> None:
    now = 0.0
    pauses = Pauses[str](1.0, 8.0, lambda: now)
    found = []
    for _ in range(6):
        pauses.failed("a")
        before = now
        while not pauses.is_due("a"):
            now += 0.5
        found.append(now - before)
    assert found == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert pauses.is_due("b")
    pauses.over("a")
    pauses.failed("a")
    now += 1.0
    assert pauses.is_due("a")
