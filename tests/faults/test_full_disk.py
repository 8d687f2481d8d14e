"""The disk runs full while orders go through: nothing is lost, and the work goes on when there is room again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.small_disk import CannotMount, fill, small_disk
from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows
from soak.kills import books


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB of one's own."""
    try:
        with small_disk(tmp_path / "disk", 12) as place:
            yield place
    except CannotMount as error:
        pytest.skip(str(error))


def test_a_full_disk_stops_the_work_and_loses_nothing(disk: Path) -> None:
    with TryStation(disk) as station:
        station.start()
        station.drop_rows("first.xlsx", "order", list(order_rows(20)))
        first = station.final_receipt("first")
        station.drop_rows("second.xlsx", "order", list(order_rows(200, first=21)))
        until(lambda: not (station.inbox / "second.xlsx").exists(), "the second file taken")
        filler = fill(disk)
        until(lambda: os.statvfs(disk).f_bavail < 4, "a full disk")
        station.kill()
        filler.unlink()
        station.start()
        second = station.final_receipt("second", 120)
        assert station.stop() == 0
        outcome = books(station, [first, second], 1)
    assert outcome.as_promised(220), outcome


def test_work_goes_on_by_itself_when_there_is_room_again(disk: Path) -> None:
    with TryStation(disk) as station:
        station.start()
        station.drop_rows("first.xlsx", "order", list(order_rows(20)))
        first = station.final_receipt("first")
        station.drop_rows("second.xlsx", "order", list(order_rows(200, first=21)))
        filler = fill(disk)
        until(lambda: os.statvfs(disk).f_bavail < 4, "a full disk")
        until(lambda: "No space left" in station.log() or "disk is full" in station.log(), "the daemon noticing")
        filler.unlink()
        second = station.final_receipt("second", 120)
        assert station.stop() == 0
        outcome = books(station, [first, second], 0)
    assert outcome.as_promised(220), outcome
