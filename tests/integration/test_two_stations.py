"""Two stations live in one process: two stores, two enterprises, one engine; each claims, converts, signs and sends its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.enterprise_station import Enterprise
from builders.stations import until
from cebd.station.work.engine import Engine
from cebd.store.databases.sqlite import EngineFile


def numbers(enterprise: str, *names: str) -> list[str]:
    return sorted(f"{enterprise}-{name}-{number:010d}".upper() for name in names for number in (1, 2))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[list[Enterprise]]:
    (tmp_path / "engine").mkdir()
    engine = Engine(EngineFile(tmp_path / "engine"))
    enterprises = [Enterprise(tmp_path, name, engine) for name in ("north", "south")]
    yield enterprises
    for enterprise in enterprises:
        enterprise.stop()


def test_each_of_two_stations_claims_signs_and_sends_its_own(both: list[Enterprise]) -> None:
    for enterprise in both:
        enterprise.station.start()
    for name in ("first", "second"):
        for enterprise in both:
            enterprise.drop(name)
        for enterprise in both:
            until(lambda of=enterprise: of.claims(name), f"{name} of {enterprise.name} claimed")  # noqa: B023
    for enterprise in both:
        until(lambda of=enterprise: of.has_sent(4) and of.has_filed(2), f"{enterprise.name} sent")
    # Both stores count from 1: their work in the engine is told apart by their identities alone.
    for enterprise in both:
        assert enterprise.sent() == numbers(enterprise.name, "first", "second")
        until(lambda of=enterprise: set(of.states()) == {(of.name, "sent", "sent")}, f"{enterprise.name} recorded")


def test_a_station_goes_on_by_itself_after_it_shared_the_process(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    engine = Engine(EngineFile(tmp_path / "engine"))
    north, south = (Enterprise(tmp_path, name, engine) for name in ("north", "south"))
    for enterprise in (north, south):
        enterprise.station.start()
    north.drop("first")
    until(lambda: north.claims("first"), "first claimed")
    for enterprise in (north, south):
        enterprise.stop()
    alone = Enterprise(tmp_path, "north")
    alone.station.start()
    alone.drop("second")
    until(lambda: alone.claims("second"), "second claimed")
    until(lambda: alone.has_sent(4) and alone.has_filed(2), "all sent")
    assert alone.sent() == numbers("north", "first", "second")
    alone.stop()
