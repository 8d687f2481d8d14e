"""A station of one enterprise with a folder channel, whose looks into its inbox and whose sending the test does itself."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

from lxml import etree
from sqlalchemy import select

from builders.waiting import until
from cebd.settings import load_settings
from cebd.station.station import Station
from cebd.station.work.engine import Engine
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

    def stop(self) -> None:
        """Stop the station, however long its step under way takes on this machine."""
        until(self.station.stop, f"the station of {self.name} stopped")

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
