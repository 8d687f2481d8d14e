"""A disk that fills up is said before it is full, and taken back with some room to spare."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from builders.clocks import StillClock
from builders.declared import an_open_store
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
