"""What becomes of a very large file at the step that converts it: when a disk is full, and when it has to be opened once more."""

from __future__ import annotations

import errno
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from builders.clocks import StillClock
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.documents import convert as conversion
from cebd.documents.drafting import LocalDrafting, Task
from cebd.records.ids import DropId, MessageId
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.records.states import DropOutcome, DropState
from cebd.settings import load_settings
from cebd.station.work import stages as stages_of_a_station
from cebd.station.work.stages import Stages
from cebd.store.conditions import Conditions
from cebd.store.databases import set_aside
from cebd.store.databases.sqlite import STORE
from cebd.store.drops import Drop, load_drop
from cebd.store.tables import drops, records
from cebd.store.transaction import TransactionFailed
from cebd.trial.rows import Line, order_rows, write_workbook

READING = "reading"


class OpenedHere:
    """A workbook that is open already, read in this process."""

    def __init__(self, task: Task, meanwhile: Callable[[], None]) -> None:
        self.task = task
        self._meanwhile = meanwhile

    def drafting(self) -> LocalDrafting:
        drafting, meanwhile = LocalDrafting(self.task), self._meanwhile
        batch = drafting.batch

        def next_batch() -> list[Record]:
            meanwhile()
            return batch()

        drafting.batch = next_batch  # type: ignore[method-assign]
        return drafting

    def close(self) -> None: ...


class Readings:
    """Every file is large. `meanwhile` happens whenever records are read."""

    def __init__(self, opening: Callable[[], None]) -> None:
        self._opening = opening
        self.meanwhile: Callable[[], None] = lambda: None

    @contextmanager
    def opened(self, task: Task) -> Iterator[OpenedHere]:
        self._opening()
        with closing(OpenedHere(task, self._happen)) as ahead:
            yield ahead

    def _happen(self) -> None:
        self.meanwhile()


class Station:
    """A station's stages, with a workbook of three orders that was claimed."""

    def __init__(self, folder: Path) -> None:
        new_station(folder / "station", port=2222)
        settings = load_settings(folder / "station" / "cebd.toml")
        self.store = open_store(settings.store_dir)
        self._enterprise = settings.enterprise[0]
        self._working = settings.folder(self._enterprise) / "working"
        self._working.mkdir(parents=True, exist_ok=True)
        conditions: Any = Conditions(self.store, StillClock())
        nobody: Any = None
        self.readings: Any = Readings(self.opening)
        self.openings: list[str] = []
        self.stages = Stages(settings, self.store, StillClock(), conditions, nobody, nobody, self.readings)

    def claim(self, rows: list[Line]) -> DropId:
        write_workbook(self._working / "orders.xlsx", "order", rows)
        return self._drop("orders")

    def _drop(self, stem: str) -> DropId:
        values = {
            "enterprise": self._enterprise.name, "name": "orders.xlsx", "stem": stem, "sha256": stem, "received": "t",
            "state": DropState.CLAIMED, "source": "inbox/orders.xlsx", "place": "working/orders.xlsx",
        }  # fmt: skip
        with self.store.write() as transaction:
            return DropId(transaction.execute(drops.insert().values(values).returning(drops.c.id)).scalar_one())

    def opening(self) -> None:
        """A file is opened: note what another program hears that wants to write to the store."""
        with closing(sqlite3.connect(self.store.folder / STORE, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
                self.openings.append("others may write")
            except sqlite3.OperationalError as error:
                self.openings.append(str(error))

    def convert(self, drop_id: DropId, *, pages_left: int | None = None) -> list[MessageId]:
        """As the pipeline does. `pages_left`: so many the store's disk has room for."""
        message_ids = None
        while message_ids is None:
            with self.stages.claimed_file(drop_id) as opened, self.store.write() as transaction:
                try:
                    if pages_left is not None:
                        pages = transaction.exec_driver_sql("PRAGMA page_count").scalar_one()
                        transaction.exec_driver_sql(f"PRAGMA max_page_count={pages + pages_left}")
                    message_ids = self.stages.convert(transaction, drop_id, opened)
                finally:
                    transaction.exec_driver_sql("PRAGMA max_page_count=4294967294")
        return message_ids

    def declare_elsewhere(self, key: str) -> None:
        """Another file's order is declared under that key."""
        values = {
            "drop_id": self._drop("other"), "enterprise": self._enterprise.name, "type": "CEB311", "key": key, "guid": "g",
            "rows": "2", "content": b"", "state": "ready", "active": True,
        }  # fmt: skip
        with self.store.write() as transaction:
            transaction.execute(records.insert().values(values))

    def states(self, drop_id: DropId) -> Counter[str]:
        with self.store.read() as transaction:
            return Counter(transaction.execute(select(records.c.state).where(records.c.drop_id == drop_id)).scalars())

    def drop(self, drop_id: DropId) -> Drop:
        with self.store.read() as transaction:
            return load_drop(transaction, drop_id)


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setattr(stages_of_a_station, "_BESIDE_BYTES", 0)
    made = Station(tmp_path)

    def opened_while_the_store_is_held(task: Task) -> LocalDrafting:
        made.opening()
        return LocalDrafting(task)

    monkeypatch.setattr(conversion, "drafting_of", opened_while_the_store_is_held)
    yield made
    made.store.close()


@pytest.fixture
def full_beside(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The disk beside the store is full from now on: there is room for the tables and nothing in them."""

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith("CREATE"):
                super().execute("PRAGMA page_size=512")
            if sql == "BEGIN":
                (pages,) = super().execute("PRAGMA page_count").fetchone()
                super().execute(f"PRAGMA max_page_count={pages}")
            return super().execute(sql, *values)

    connect = partial(sqlite3.connect, factory=Full)
    return lambda: monkeypatch.setattr(set_aside, "sqlite3", SimpleNamespace(**vars(sqlite3) | {"connect": connect}))


@pytest.mark.parametrize("rows", ["in their order", "apart"])
def test_a_disk_that_is_full_at_the_last_bytes_does_not_make_a_file_bad(
    station: Station, full_beside: Callable[[], None], rows: str
) -> None:
    orders = list(order_rows(3))
    full_beside()
    drop_id = station.claim([*orders, orders[0]] if rows == "apart" else orders)
    assert len(station.convert(drop_id)) == 1
    assert station.drop(drop_id).outcome == DropOutcome.DONE
    assert len(station.openings) > 1


def test_where_the_disk_of_the_store_is_full_too_it_waits(station: Station, full_beside: Callable[[], None]) -> None:
    full_beside()
    drop_id = station.claim(list(order_rows(60)))
    with pytest.raises(TransactionFailed, match="full"):
        station.convert(drop_id, pages_left=0)
    assert (station.drop(drop_id).state, station.drop(drop_id).outcome) == (DropState.CLAIMED, None)
    assert len(station.convert(drop_id)) == 1
    assert station.drop(drop_id).outcome == DropOutcome.DONE


def test_no_room_for_what_the_process_that_reads_writes_is_no_fault_of_the_file(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_opened: OpenedHere) -> LocalDrafting:
        raise OSError(errno.ENOSPC, "No space left on device")

    drop_id = station.claim(list(order_rows(3)))
    with monkeypatch.context() as patch:
        patch.setattr(OpenedHere, "drafting", full)
        with pytest.raises(OSError, match="No space"):
            station.convert(drop_id)
    assert station.drop(drop_id).outcome is None
    assert len(station.convert(drop_id)) == 1


OTHERS_MAY_WRITE = "others may write"


def test_a_file_that_was_overtaken_is_opened_again_while_others_may_write(station: Station) -> None:
    orders = list(order_rows(3))
    drop_id = station.claim(orders)
    key = joined((orders[1]["head.ebpCode"], orders[1]["head.ebcCode"], orders[1]["head.orderNo"]))

    def declare_once() -> None:
        station.readings.meanwhile = lambda: None
        station.declare_elsewhere(key)

    station.readings.meanwhile = declare_once
    assert len(station.convert(drop_id)) == 1
    assert station.openings == [OTHERS_MAY_WRITE] * 2
    assert station.states(drop_id) == {"ready": 2, "rejected": 1}


def test_a_file_without_room_beside_the_store_is_opened_again_while_others_may_write(
    station: Station, full_beside: Callable[[], None]
) -> None:
    full_beside()
    assert station.convert(station.claim(list(order_rows(3))))
    assert station.openings == [OTHERS_MAY_WRITE] * 2


def test_a_file_whose_rows_are_apart_is_opened_again_while_others_may_write(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages_of_a_station, "_BESIDE_BYTES", 1 << 40)
    orders = list(order_rows(3))
    drop_id = station.claim([*orders, orders[0]])
    assert len(station.convert(drop_id)) == 1
    assert station.openings == [OTHERS_MAY_WRITE] * 2
    assert station.states(drop_id).total() == 3
