"""Backups: the latest are kept and others go, and the station says when the last is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.declared import an_open_store
from builders.new_store import open_store
from builders.settings_files import GOOD
from cebd.clock import CST
from cebd.operations import backup
from cebd.operations.backup import back_up, last_backup, watch_backups
from cebd.settings import Settings, load_settings
from cebd.store.conditions import Conditions
from cebd.store.safety.copies import read_copy

START = datetime(2026, 3, 4, 3, 0, tzinfo=CST)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "cebd.toml").write_text(GOOD, encoding="utf-8")
    loaded = load_settings(tmp_path / "cebd.toml")
    open_store(loaded.store_dir).close()
    return loaded


def backups_of_days(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, days: range, keep: int) -> None:
    for day in days:
        monkeypatch.setattr(backup, "SystemClock", lambda day=day: StillClock(START + timedelta(days=day)))
        back_up(settings, folder, keep)


def test_fourteen_are_kept_with_their_digests_and_each_is_sound(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    others = ["cebd-s2-20260101T030000.sqlite", "notes.txt", "cebd-s1-20260101T030000.sqlite.bak"]
    for name in others:
        (folder / name).write_bytes(b"another's")
    backups_of_days(settings, folder, monkeypatch, range(16), 14)
    names = sorted(path.name for path in folder.iterdir() if path.name not in others)
    assert names == sorted(
        name
        for day in range(6, 20)
        for name in (f"cebd-s1-202603{day:02}T030000.sqlite", f"cebd-s1-202603{day:02}T030000.sqlite.sha256")
    )
    assert all((folder / name).read_bytes() == b"another's" for name in others)
    assert read_copy(folder / names[0]).size > 0


def test_a_backup_that_fails_removes_no_earlier_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    backups_of_days(settings, folder, monkeypatch, range(2), 2)
    before = sorted(path.name for path in folder.iterdir())

    def broken(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(backup, "copy_store", broken)
    with pytest.raises(Exception, match="no backup was made"):
        back_up(settings, folder, 1)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert last_backup(settings.store_dir) == START + timedelta(days=1)


def test_the_station_says_when_there_is_none_and_when_the_last_is_older_than_two_days(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    folder = tmp_path / "backups"
    folder.mkdir()
    with an_open_store(tmp_path / "own") as store:
        clock = StillClock(START)
        conditions = Conditions(store, clock)
        watch_backups(settings.store_dir, clock, conditions)
        said.append([one.problem.id for one in conditions.current()])
        backups_of_days(settings, folder, monkeypatch, range(1), 14)
        for hours in (47, 49, 80):
            clock.moment = START + timedelta(hours=hours)
            watch_backups(settings.store_dir, clock, conditions)
            said.append([one.problem.id for one in conditions.current()])
        assert "3 天" in conditions.current()[0].problem.zh
        backups_of_days(settings, folder, monkeypatch, range(3, 4), 14)
        watch_backups(settings.store_dir, clock, conditions)
        said.append([one.problem.id for one in conditions.current()])
    assert said == [["CEBD-2406"], [], ["CEBD-2405"], ["CEBD-2405"], []]
