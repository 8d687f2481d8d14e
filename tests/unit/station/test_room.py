"""A disk that fills up is said before it is full, and taken back with some room to spare."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from builders.clocks import StillClock
from builders.declared import an_open_store
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.operations.inquiries.status import station_status
from cebd.settings import load_settings
from cebd.station.room import watch_room
from cebd.store.conditions import Conditions


def test_little_room_is_said_once_and_taken_back_with_some_to_spare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    with an_open_store(tmp_path) as store:
        conditions = Conditions(store, StillClock())
        for free in (900e6, 499e6, 451e6, 550e6, 700e6):
            monkeypatch.setattr(shutil, "disk_usage", lambda _folder, free=free: SimpleNamespace(free=int(free)))
            watch_room(tmp_path, conditions)
            said.append([condition.problem.zh for condition in conditions.current()])
    assert [len(one) for one in said] == [0, 1, 1, 1, 0]
    assert said[1] == said[2] == said[3]
    assert "450 MB" in said[1][0]


@pytest.mark.parametrize(("free", "named"), [(0, ["CEBD-2403"]), (700e6, [])])
def test_status_says_of_a_full_disk_what_the_daemon_cannot_write_down_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, named: list[str]
) -> None:
    settings = load_settings(new_station(tmp_path / "station").settings)
    open_store(settings.store_dir).close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=int(free)))
    assert [matter.problem.id for matter in station_status(settings).wrong] == named
