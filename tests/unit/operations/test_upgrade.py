"""A store is handed to this version: copied, then brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from builders.old_station import old_station
from builders.small_disk import CannotMount, fill, small_disk
from cebd.cli.frame.errors import explained
from cebd.operations.upgrade import bring_up_to_date
from cebd.settings import Settings, load_settings
from cebd.store.databases.migrations import VERSION
from cebd.store.safety.copies import read_copy
from cebd.store.safety.lock import StoreLock
from cebd.store.store import Store, StoreError


def test_a_store_of_the_first_version_and_one_of_today_are_each_copied_once(tmp_path: Path) -> None:
    settings = load_settings(old_station(tmp_path))
    first = bring_up_to_date(settings)
    assert first is not None
    assert (first.before, first.now, read_copy(first.backup).version) == (1, VERSION, 1)
    again = bring_up_to_date(settings)
    assert again is not None
    assert (again.before, again.now, read_copy(again.backup).version) == (VERSION, VERSION, VERSION)
    assert {path.name for path in (tmp_path / "store/backups").iterdir()} == {first.backup.name, again.backup.name}


def test_of_the_copies_of_upgrades_three_stay(tmp_path: Path) -> None:
    settings = load_settings(old_station(tmp_path))
    bring_up_to_date(settings)
    for day in range(1, 6):
        (tmp_path / f"store/backups/upgrade-2026010{day}T000000.sqlite").write_bytes(b"")
    bring_up_to_date(settings)
    names = sorted(path.name[:16] for path in (tmp_path / "store/backups").glob("upgrade-*"))
    assert (len(names), names[:2]) == (3, ["upgrade-20260104", "upgrade-20260105"])


def test_a_station_that_runs_is_not_touched(tmp_path: Path) -> None:
    settings = load_settings(old_station(tmp_path))
    lock = StoreLock.take(settings.store_dir)
    with pytest.raises(StoreError, match="another cebd runs"):
        bring_up_to_date(settings)
    lock.release()
    assert not (settings.store_dir / "backups").exists()


def test_where_no_store_is_nothing_is_made(tmp_path: Path) -> None:
    settings = load_settings(old_station(tmp_path))
    (settings.store_dir / "cebd.sqlite").rename(tmp_path / "elsewhere")
    assert bring_up_to_date(settings) is None
    assert not (settings.store_dir / "cebd.sqlite").exists()


def one_file(settings: Settings) -> Path:
    """The store, with all of it in the file itself."""
    store = settings.store_dir / "cebd.sqlite"
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def refusal(settings: Settings) -> tuple[str, str]:
    """What whoever upgrades reads, in Chinese and in English; the store's file is as it was, and no half-made copy lies about."""
    store = settings.store_dir / "cebd.sqlite"
    before = store.read_bytes()
    with pytest.raises(StoreError) as raised:
        bring_up_to_date(settings)
    assert store.read_bytes() == before
    assert not list(settings.store_dir.glob("backups/.*"))
    return explained(raised.value)[1]


@pytest.mark.parametrize("is_old", [True, False], ids=["of the first version", "of today"])
def test_a_damaged_store_is_named_as_damaged(tmp_path: Path, is_old: bool) -> None:
    settings = load_settings(old_station(tmp_path))
    if not is_old:
        Store.open(settings.store_dir).close()
    store = one_file(settings)
    content = store.read_bytes()
    store.write_bytes(content[: len(content) // 2] + b"\xa5" * (len(content) - len(content) // 2))
    zh, en = refusal(settings)
    assert zh.startswith("CEBD-2101 ") and "从备份恢复" in zh
    assert en.startswith("CEBD-2101 ") and "go back to a backup" in en


def test_a_store_of_a_later_version_says_which_program_goes_on_with_it(tmp_path: Path) -> None:
    settings = load_settings(old_station(tmp_path))
    Store.open(settings.store_dir).close()
    with closing(sqlite3.connect(settings.store_dir / "cebd.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET value = '99' WHERE name = 'version'")
    one_file(settings)
    zh, en = refusal(settings)
    assert "版本为 99" in zh and "请装回原来较新的 cebd" in zh
    assert "has version 99" in en and "Start the newer cebd" in en


@pytest.mark.parametrize("share", [0, 0.5], ids=["none", "for half a copy"])
def test_a_full_disk_says_how_much_room_is_wanted(tmp_path: Path, share: float) -> None:
    try:
        with small_disk(tmp_path / "disk", 8) as disk:
            settings = load_settings(old_station(disk))
            filler = fill(disk, but=int(share * one_file(settings).stat().st_size))
            zh, en = refusal(settings)
            assert "磁盘已满，数据库未改动。请腾出至少 " in zh
            assert "the disk is full; the store is as it was. Make room" in en
            filler.unlink()
            made = bring_up_to_date(settings)
            assert made is not None
            assert (made.before, read_copy(made.backup).version) == (1, 1)
    except CannotMount as error:
        pytest.skip(str(error))
