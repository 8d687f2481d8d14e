"""The daily backup that a Windows service makes of its own store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from builders.new_store import open_store
from cebd.operations.backup import last_backup
from cebd.service.windows import backups
from cebd.service.windows.backups import DailyBackups
from cebd.settings import Settings, load_settings
from cebd.trial.station import make_station

ZONE = timezone(timedelta(hours=8))


class Days:
    """A clock; backups are called by its time."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 27, 10, 0, tzinfo=ZONE)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(make_station(tmp_path / "station", 2222).settings)
    open_store(settings.store_dir).close()
    return settings


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Iterator[Days]:
    days = Days()
    monkeypatch.setattr("cebd.operations.backup.SystemClock", lambda: days)
    yield days


def made(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.sqlite"))


def test_a_backup_is_made_at_the_first_start_and_after_three_o_clock_and_fourteen_stay(
    settings: Settings, days: Days, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    daily = DailyBackups(folder, days.now)

    def look() -> list[str]:
        daily.look(settings)
        daily.wait()
        return made(folder)

    first = look()
    assert first == [f"cebd-{settings.station.name}-20261127T100000.sqlite"]
    days.time = datetime(2026, 11, 28, 2, 59, tzinfo=ZONE)
    assert look() == first
    days.time = datetime(2026, 11, 28, 4, 0, tzinfo=ZONE)  # an hour after the last look
    assert len(look()) == 2
    for _ in range(20):
        days.time += timedelta(days=1)
        look()
    assert len(made(folder)) == 14
    assert made(folder)[-1] == f"cebd-{settings.station.name}-20261218T040000.sqlite"


def test_a_machine_that_was_off_at_three_makes_up_for_it(settings: Settings, days: Days, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    daily = DailyBackups(folder, days.now)
    daily.look(settings)
    daily.wait()
    days.time = datetime(2026, 11, 30, 8, 30, tzinfo=ZONE)
    again = DailyBackups(folder, days.now)
    again.look(settings)
    again.wait()
    assert len(made(folder)) == 2


def test_a_folder_that_cannot_be_written_to_is_tried_again_in_an_hour(
    settings: Settings, days: Days, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(backups.log, "warning", lambda text, **_: said.append(text))
    folder = tmp_path / "backups"
    folder.write_bytes(b"a file")
    daily = DailyBackups(folder, days.now)
    for _ in range(3):
        daily.look(settings)
        daily.wait()
    assert said == ["no backup was made; it is tried again in an hour"]
    folder.unlink()
    days.time += timedelta(hours=1)
    daily.look(settings)
    daily.wait()
    assert last_backup(settings.store_dir) == days.time
