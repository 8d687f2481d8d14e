"""Two stations take receipts from the same queue of a broker: a receipt goes to whichever asks first, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from builders.clocks import StillClock
from builders.declared import Mailbox, a_receipt, a_return, declare, states_of_receipts, the_record
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store
from cebd.transport.channels.amqp.connection import Login, Waiting
from cebd.transport.channels.amqp.inbound import AmqpInbound

RECEIPT = a_receipt(a_return("A1", "120", "100000"))
OF_ANOTHER_SYSTEM = b'<Report xmlns="urn:another"/>'
LOGIN = Login(
    host="mq", port=5672, virtual_host="/", user="u", read_password=str, trust=None, heartbeat=60, timeout=5.0
)


class Broker:
    """A queue: what was handed out and not acknowledged is in it again when that is said, or its connection ends."""

    def __init__(self, *contents: bytes) -> None:
        self.ready = list(contents)

    def connect(self) -> Connection:
        return Connection(self)


class Connection:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._out: dict[int, bytes] = {}
        self._tags = 0

    def get(self, _queue: str) -> Waiting | None:
        if not self._broker.ready:
            return None
        self._tags += 1
        content = self._out[self._tags] = self._broker.ready.pop(0)
        return Waiting(self._tags, content, len(self._broker.ready))

    def acknowledge(self, tag: int) -> None:
        del self._out[tag]

    def put_back(self, tag: int) -> None:
        self._broker.ready.insert(0, self._out.pop(tag))

    def end(self) -> None:
        self._broker.ready[:0] = self._out.values()


class Station:
    def __init__(self, folder: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = Store.open(folder)
        self.connection = broker.connect()
        self.channel = AmqpInbound(LOGIN, "receipts")
        line: Any = self.channel._line
        monkeypatch.setattr(line, "open", lambda: self.connection)

    def fetch(self) -> int:
        new = fetch_receipts(self.store, "mq", self.channel, StillClock())
        apply_stored(self.store)
        return new


@pytest.fixture
def stations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Broker, Station, Station]]:
    broker = Broker(RECEIPT, OF_ANOTHER_SYSTEM)
    one, other = (Station(tmp_path / name, broker, monkeypatch) for name in ("one", "other"))
    with closing(one.store), closing(other.store):
        yield broker, one, other


def test_a_receipt_for_the_other_stations_declaration_is_kept_as_it_is_and_can_be_given_to_it(
    stations: tuple[Broker, Station, Station], tmp_path: Path
) -> None:
    broker, one, other = stations
    (mine,) = declare(other.store, "A1")
    assert (one.fetch(), other.fetch()) == (1, 0)
    assert broker.ready == [OF_ANOTHER_SYSTEM]
    assert states_of_receipts(one.store) == ["unmatched"]
    (tmp_path / "甲").mkdir()
    copy_out(one.store, {"甲": tmp_path / "甲"}, {"mq": ["甲"]})
    [kept] = (tmp_path / "甲" / "outbox" / "unmatched").glob("*.xml")
    fetch_receipts(other.store, "folder", Mailbox(kept.read_bytes()), StillClock())
    apply_stored(other.store)
    assert the_record(other.store, mine)["state"] == "succeeded"


def test_a_receipt_that_one_station_could_not_store_comes_to_the_other(
    stations: tuple[Broker, Station, Station],
) -> None:
    broker, one, other = stations
    (mine,) = declare(other.store, "A1")
    taken = next(iter(one.channel.receive()))
    assert taken.content() == RECEIPT
    one.connection.end()  # killed before it was stored
    assert other.fetch() == 1
    assert the_record(other.store, mine)["state"] == "succeeded"
    assert broker.ready == [OF_ANOTHER_SYSTEM]
