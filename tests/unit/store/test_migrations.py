"""A store of every earlier version is opened by this one; a store of a later one is left alone."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from builders.old_station import old_station
from cebd.store.databases.migrations import STEPS, VERSION
from cebd.store.safety.copies import copy_store, read_copy
from cebd.store.safety.lock import StoreLock
from cebd.store.store import Store, StoreError
from cebd.store.tables import conditions, journal, metadata, records


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return old_station(tmp_path_factory.mktemp("left")).parent / "store"


@pytest.fixture
def folder(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(left, tmp_path / "store"))


def do(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "cebd.sqlite")) as connection, connection:
        connection.execute(statement)


def test_a_store_of_the_first_version_is_copied_and_brought_up_to_date(folder: Path) -> None:
    with closing(Store.open(folder)) as store, store.read() as connection:
        assert connection.execute(select(func.count()).select_from(records)).scalar_one() == 15
        assert connection.execute(select(func.count()).select_from(conditions)).scalar_one() == 0
        assert connection.execute(select(journal.c.event)).scalars().all() == ["migrated"]
    (backup,) = (folder / "backups").iterdir()
    assert backup.name.startswith(f"before-version-{VERSION}-")
    assert read_copy(backup).version == 1
    assert read_copy(backup).identity in (folder / "engine.sqlite").read_bytes().decode("latin-1")


def test_a_store_of_today_is_not_copied_again(folder: Path) -> None:
    for _ in range(2):
        Store.open(folder).close()
    assert len(list((folder / "backups").iterdir())) == 1


def test_what_is_only_read_is_not_brought_up_to_date(folder: Path) -> None:
    with pytest.raises(StoreError, match="start the daemon once"):
        Store.open(folder, create=False)
    assert not (folder / "backups").exists()


def test_a_store_of_a_later_version_is_left_alone_and_the_backup_named(folder: Path) -> None:
    Store.open(folder).close()
    do(folder, f"UPDATE about SET value = '{VERSION + 1}' WHERE name = 'version'")
    before = (folder / "cebd.sqlite").read_bytes()
    (backup,) = (folder / "backups").iterdir()
    for create in (True, False):
        with pytest.raises(StoreError, match=rf"version {VERSION + 1}, .*{backup.name}"):
            Store.open(folder, create=create)
    assert (folder / "cebd.sqlite").read_bytes() == before


def test_a_migration_that_was_killed_is_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cebd.store.databases.migrations.note", killed)
    with pytest.raises(StoreError, match="No space"):
        Store.open(folder)
    monkeypatch.undo()
    (folder / "backups").rename(folder / "earlier")
    Store.open(folder).close()


def test_a_migration_that_fails_leaves_the_store_to_the_version_that_made_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one: the first of them is undone with the one that failed."""

    def dump() -> list[str]:
        with closing(sqlite3.connect(folder / "cebd.sqlite")) as connection:
            return list(connection.iterdump())

    def fails(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half_done (id INTEGER)")
        raise KeyError("a mistake in this version")

    before = dump()
    monkeypatch.setattr("cebd.store.databases.migrations.VERSION", VERSION + 1)
    monkeypatch.setattr("cebd.store.store.VERSION", VERSION + 1)
    monkeypatch.setitem(STEPS, VERSION + 1, fails)
    with pytest.raises(StoreError, match="it is as it was: install the cebd that was here before"):
        Store.open(folder)
    monkeypatch.undo()
    assert dump() == before
    assert list((folder / "backups").iterdir()) == [], "tried again every few seconds, copies would fill the disk"
    Store.open(folder).close()


def test_the_backup_to_go_back_to_is_one_that_this_version_knows(folder: Path) -> None:
    """A later cebd left its own copies there, which are newer."""
    Store.open(folder).close()
    do(folder, f"UPDATE about SET value = '{VERSION + 1}' WHERE name = 'version'")
    (known,) = (folder / "backups").iterdir()
    copy_store(folder / "cebd.sqlite", folder / "backups/upgrade-29990101T000000.sqlite")
    with pytest.raises(StoreError, match=rf"cebd restore .*{known.name}"):
        Store.open(folder)


def test_a_column_and_an_index_that_are_new_today_come_into_a_store_of_this_version(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    do(tmp_path, "DROP INDEX drops_behind")
    do(tmp_path, "ALTER TABLE drops DROP COLUMN changed")
    do(tmp_path, "DROP TABLE conditions")
    Store.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "cebd.sqlite")) as connection:
        for table in metadata.sorted_tables:
            there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
            assert there == {column.name for column in table.columns}
            indexes = {row[1] for row in connection.execute(f"PRAGMA index_list({table.name})")}
            assert indexes >= {index.name for index in table.indexes}
        assert next(row for row in connection.execute("PRAGMA table_info(drops)") if row[1] == "changed")[4] == "'1'"


def test_a_second_daemon_is_refused_before_it_touches_anything(tmp_path: Path) -> None:
    lock = StoreLock.take(tmp_path)
    Store.open(tmp_path).close()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    with pytest.raises(StoreError, match="another cebd runs on this store"):
        StoreLock.take(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    lock.release()
    StoreLock.take(tmp_path).release()


def test_a_copy_is_whole_while_the_store_is_written_to(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "store")) as store:
        with store.write() as connection:
            connection.exec_driver_sql("INSERT INTO journal (time, event, detail) VALUES ('', 'under way', '')")
            made = copy_store(tmp_path / "store" / "cebd.sqlite", tmp_path / "copy.sqlite")
        assert made.version == VERSION
        assert made.path.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(made.path)) as copy:
            assert copy.execute("SELECT event FROM journal").fetchall() == [("made",)]
        with pytest.raises(FileExistsError):
            copy_store(tmp_path / "store" / "cebd.sqlite", tmp_path / "copy.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.sqlite", "store"]
