"""The engine's clock runs on whatever SQLite this Python came with; where a store is opened."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path, PureWindowsPath
from typing import cast

import pytest
from sqlalchemy import text

from cebd.store.databases.sqlite import TimedConnection, _uri
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


class OnAServer(PureWindowsPath):
    """A path of Windows, as it is found where there is no such share."""

    def resolve(self) -> OnAServer:
        return self


@pytest.mark.parametrize(
    ("folder", "opened"),
    [(r"D:\cebd\store", "file:///D:/cebd/store"), (r"\\server\share\store", "file:////server/share/store")],
)
def test_a_store_is_opened_on_a_disk_of_windows_and_on_a_servers_share(folder: str, opened: str) -> None:
    path = cast("Path", OnAServer(folder, "cebd.sqlite"))
    assert _uri(path, "rw") == f"{opened}/cebd.sqlite?mode=rw"
