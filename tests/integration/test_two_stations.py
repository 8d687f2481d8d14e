"""Two stations live in one process: two stores, two enterprises, one engine; each claims, converts, signs and sends its own."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from builders.stations import until
from cebd.settings import load_settings
from cebd.station.engine import Engine
from cebd.station.station import Station
from cebd.store.sqlite import EngineFile
from cebd.store.tables import drops, messages, records, state_of
from cebd.trial.rows import order_rows, write_workbook
from cebd.trial.station import make_station

CHANNEL = '[channel.sandbox]\ntype = "folder"\nsend_dir = "client/in"\nreceive_dir = "client/out"\n'


class Enterprise:
    """A station of its own, its folder of hand-over, and what was handed over there."""

    def __init__(self, folder: Path, name: str, engine: Engine | None = None) -> None:
        self.name = name
        self.folder = folder / name
        if not self.folder.exists():
            self._make()
        self.station = Station(load_settings(self.folder / "cebd.toml"), engine=engine)

    def _make(self) -> None:
        made = make_station(self.folder, 0)
        text = made.settings.read_text(encoding="utf-8").replace("stable_seconds = 1.0", "stable_seconds = 0.0")
        text = text.replace('[[enterprise]]\nname = "trial"', f'[[enterprise]]\nname = "{self.name}"')
        made.settings.write_text(text[: text.index("[channel.sandbox]")] + CHANNEL, encoding="utf-8")
        for name in ("in", "out"):
            (self.folder / "client" / name).mkdir(parents=True)

    def drop(self, name: str) -> None:
        rows = list(order_rows(2, prefix=f"{self.name}-{name}-".upper()))
        write_workbook(self.folder / "share" / "inbox" / f"{name}.xlsx", "order", rows)

    def claims(self, name: str) -> bool:
        """Look into the inbox; whether the file has left it."""
        self.station.polling.claim_new_files()
        return not (self.folder / "share" / "inbox" / f"{name}.xlsx").exists()

    def tries_what_waits(self) -> None:
        """Messages are with the watchers, whose threads only a run has."""
        for watcher in self.station.ways_out.watchers().values():
            watcher.look(threading.Event())

    def sent(self) -> list[str]:
        """Order numbers in the folder of hand-over, as often as they were handed over."""
        return sorted(
            number
            for path in (self.folder / "client" / "in").glob("*.xml")
            for data in etree.parse(path).iter("{*}Data")
            for number in etree.fromstring(base64.b64decode(data.text or "")).xpath(
                "//*[local-name()='orderNo']/text()"
            )
        )

    def has_sent(self, count: int) -> bool:
        """Try what waits; whether so many orders were handed over."""
        self.tries_what_waits()
        return len(self.sent()) == count

    def has_filed(self, count: int) -> bool:
        with self.station.store.read() as transaction:
            return list(transaction.execute(select(drops.c.state)).scalars()) == ["filed"] * count

    def states(self) -> list[tuple[str, str, str]]:
        """Enterprise, state of the message and of the record, for each record."""
        query = select(messages.c.enterprise, messages.c.state, state_of()).join_from(records, messages)
        with self.station.store.read() as transaction:
            return [tuple(row) for row in transaction.execute(query)]


def numbers(enterprise: str, *names: str) -> list[str]:
    return sorted(f"{enterprise}-{name}-{number:010d}".upper() for name in names for number in (1, 2))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[list[Enterprise]]:
    (tmp_path / "engine").mkdir()
    engine = Engine(EngineFile(tmp_path / "engine"))
    enterprises = [Enterprise(tmp_path, name, engine) for name in ("north", "south")]
    yield enterprises
    for enterprise in enterprises:
        assert enterprise.station.stop()


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
        assert enterprise.station.stop()
    alone = Enterprise(tmp_path, "north")
    alone.station.start()
    alone.drop("second")
    until(lambda: alone.claims("second"), "second claimed")
    until(lambda: alone.has_sent(4) and alone.has_filed(2), "all sent")
    assert alone.sent() == numbers("north", "first", "second")
    assert alone.station.stop()
