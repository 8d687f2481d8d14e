"""The engine's clock runs on whatever SQLite this Python came with."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from cebd.store.databases.sqlite import TimedConnection
from cebd.store.store import Store

NOW = "SELECT unixepoch('subsec')"


@pytest.fixture
def old_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under Debian 12: there the same call is NULL."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))


def test_the_store_tells_the_time_that_the_engine_asks_for(tmp_path: Path) -> None:
    before = time.time()
    with closing(Store.open(tmp_path)) as store, store.read() as connection:
        told = connection.execute(text(NOW)).scalar_one()
    assert int(before) <= told <= time.time()


@pytest.mark.usefixtures("old_sqlite")
def test_an_older_sqlite_fills_in_the_moment_a_row_was_made(tmp_path: Path) -> None:
    before = time.time()
    with closing(sqlite3.connect(tmp_path / "engine.sqlite", factory=TimedConnection)) as connection:
        connection.execute("CREATE TABLE work (name, made INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
        connection.execute("INSERT INTO work (name) VALUES ('drop-1')")
        ((made,),) = connection.execute("SELECT made FROM work")
    assert int(before) * 1000 <= made <= time.time() * 1000
    assert isinstance(made, int)


@pytest.mark.usefixtures("old_sqlite")
def test_another_time_than_now_is_refused_rather_than_told_wrong(tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "engine.sqlite", factory=TimedConnection)) as connection,
        pytest.raises(sqlite3.OperationalError),
    ):
        connection.execute("SELECT unixepoch('2026-03-04')").fetchone()
