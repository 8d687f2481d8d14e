"""A store is handed to this version: copied, then brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.old_station import old_station
from cebd.operations.upgrade import bring_up_to_date
from cebd.settings import load_settings
from cebd.store.databases.migrations import VERSION
from cebd.store.safety.copies import read_copy
from cebd.store.safety.lock import StoreLock
from cebd.store.store import StoreError


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
