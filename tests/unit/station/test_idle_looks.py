"""A station at rest asks its store again and again; however large the store has become, no table is read from end to end for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Engine, Integer, LargeBinary, Table, event, insert, update

from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import SystemClock
from cebd.operations.in_flight import note_missing_parts
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.polling import Polling
from cebd.station.ways_out.ways_out import WaysOut
from cebd.station.work.interrupted import Interrupted
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.store.tables import about, conditions, drops, messages, metadata, receipts, retries, words
from cebd.transport.channels.kinds import open_channel

Statements = list[tuple[str, Any]]
_SMALL = {about.name, conditions.name, retries.name, words.name}  # hold what stands now, and never more


@contextmanager
def asked(statements: Statements) -> Iterator[None]:
    """Every query asked meanwhile."""

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)


def a_row(table: Table) -> dict[str, Any]:
    """Values for every column that must have one."""
    kinds: dict[type, Any] = {Boolean: True, Integer: 1, LargeBinary: b"x"}
    return {
        column.name: next((value for kind, value in kinds.items() if isinstance(column.type, kind)), "x")
        for column in table.columns
        if not column.nullable and column.server_default is None and column is not table.autoincrement_column
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    settings = load_settings(new_station(tmp_path / "station", port=0).settings)
    opened = open_store(settings.store_dir)
    with opened.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(insert(table).values(a_row(table)))
        connection.execute(update(drops).values(state="filed", published=1, enterprise="trial"))
        connection.execute(update(messages).values(state="sent", enterprise="trial", sent_at="2026"))
        connection.execute(update(receipts).values(state="applied"))
    yield opened
    opened.close()


def looks_of(store: Store) -> dict[str, Callable[[], object]]:
    """All that a station at rest does again and again."""
    settings = load_settings(store.folder.parent / "cebd.toml")
    clock = SystemClock()
    noted = Conditions(store, clock)
    failures = Failures(noted)
    channels = {name: open_channel(settings.channel[name], settings.base) for name in settings.channel}
    rounds = Polling(settings, store, clock, channels, lambda _: None, noted, failures)
    ways = WaysOut(settings, store, clock, noted, failures, channels)
    interrupted = Interrupted(
        store, settings, ways, failures, lambda _, *, again: None, set, rounds.inboxes.tries_again
    )
    for one in settings.enterprise:
        rounds.inboxes.make_folders(one.name, ("inbox", "outbox", "outbox/customs"), at_start=True)
    return {
        "look for files": rounds.claim_new_files,
        "settle receipts": rounds.settle_receipts,
        "publish": rounds.publish_changes,
        "resume work": interrupted.resume_abandoned,
        "look after the settings": lambda: note_missing_parts(store, settings, noted),
        **{name: partial(watcher.look, threading.Event()) for name, watcher in ways.watchers().items()},
    }


def test_no_table_is_read_from_end_to_end_while_nothing_is_to_be_done(store: Store) -> None:
    statements: Statements = []
    looks = looks_of(store)
    for look in looks.values():
        look()
    with asked(statements):
        for look in looks.values():
            look()
    assert len(statements) > 10
    partial = {
        index.name for table in metadata.sorted_tables for index in table.indexes if index.dialect_kwargs["sqlite_where"] is not None
    }  # fmt: skip
    tables = {table.name for table in metadata.sorted_tables} - _SMALL
    read_whole = []
    with store.read() as connection:
        for statement, values in statements:
            for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
                scanned = re.match(r"SCAN (\w+)(?:.* INDEX (\w+))?", step)
                if scanned and scanned[1] in tables and scanned[2] not in partial:
                    read_whole.append((step, statement))
    assert read_whole == []
