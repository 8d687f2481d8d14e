"""A very large file is converted while others write to the store, and brought in at once, unless it was overtaken meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from builders.clocks import StillClock
from builders.new_station import new_station
from cebd.clock import iso
from cebd.documents.convert import ClaimedFile, Converted, ConvertedBeside, Overtaken, task_of
from cebd.documents.drafting import LocalDrafting, Task
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.settings import load_settings
from cebd.store.store import Store
from cebd.store.tables import drops, messages, records
from cebd.trial.rows import order_rows, write_workbook


class Opened:
    """A workbook that is open already; `meanwhile` happens while its records are read."""

    def __init__(self, task: Task, meanwhile: Callable[[], None]) -> None:
        self.task = task
        self._meanwhile = meanwhile

    def drafting(self) -> LocalDrafting:
        meanwhile = self._meanwhile

        class Reading(LocalDrafting):
            def batch(self) -> list[Record]:
                batch = super().batch()
                if batch:
                    meanwhile()
                return batch

        return Reading(self.task)


class Desk:
    """A store, and a workbook of three orders that is converted beside it."""

    def __init__(self, folder: Path) -> None:
        new_station(folder / "station", port=2222)
        self.settings = load_settings(folder / "station" / "cebd.toml")
        self.enterprise = self.settings.enterprise[0]
        self.store = Store.open(self.settings.store_dir)
        self.meanwhile: Callable[[], None] = lambda: None
        self.folder = self.settings.store_dir
        path = folder / "orders.xlsx"
        write_workbook(path, "order", list(order_rows(3)))
        self.drop_id = self.drop("orders")
        self._file = ClaimedFile(self.drop_id, path, path.name)

    def drop(self, stem: str) -> DropId:
        facts = {"enterprise": self.enterprise.name, "name": stem, "stem": stem, "sha256": stem, "state": "claimed"}
        facts |= {"received": iso(StillClock().now()), "source": stem, "place": stem}
        with self.store.write() as transaction:
            return DropId(transaction.execute(insert(drops).values(**facts)).inserted_primary_key[0])

    def convert(self) -> Converted:
        """Beside the store, then brought in. Raises Overtaken."""
        task = task_of(self._file, self.enterprise, self.settings.reading_options, StillClock())
        opened: Any = Opened(task, self.meanwhile)
        with closing(ConvertedBeside(self.store, self.folder, self._file, StillClock(), opened)) as beside:
            assert self.count(self.drop_id) == 0
            with self.store.write() as transaction:
                return beside.bring_in(transaction)

    def count(self, drop_id: DropId) -> int:
        """How many records of it are stored."""
        with self.store.read() as transaction:
            return transaction.execute(select(func.count()).where(records.c.drop_id == drop_id)).scalar_one()

    def declare_elsewhere(self, **numbers: object) -> None:
        """Another file's record with these numbers, committed by another thread or process."""
        other = self.drop("other")
        values = {"drop_id": other, "enterprise": self.enterprise.name, "type": "CEB311", "key": "other", "guid": "g"}
        values |= {"rows": "2", "content": b"", "state": "ready", "active": True}
        with self.store.write() as transaction:
            transaction.execute(insert(records).values(values | numbers))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def of_the_file(desk: Desk) -> dict[str, Any]:
    """Numbers of one of its orders, as they would be stored."""
    desk.convert()
    with desk.store.write() as transaction:
        row = dict(transaction.execute(select(records).order_by(records.c.id).limit(1)).mappings().one())
        transaction.execute(records.delete())
        transaction.execute(messages.delete())
    return row


def test_others_write_to_the_store_while_it_is_read_and_it_is_there_wholly_afterwards(desk: Desk) -> None:
    desk.meanwhile = lambda: desk.declare_elsewhere(order_no="another")
    converted = desk.convert()
    assert (converted.read, converted.ready, len(converted.message_ids)) == (3, 3, 1)
    with desk.store.read() as transaction:
        in_messages = transaction.execute(select(records.c.message_id).where(records.c.drop_id == desk.drop_id))
        assert set(in_messages.scalars()) == set(converted.message_ids)
        assert transaction.execute(select(messages.c.id)).scalars().all() == converted.message_ids


@pytest.mark.parametrize("name", ["key", "order_no"])
def test_what_another_file_declared_meanwhile_under_one_of_its_numbers_has_it_converted_again(
    desk: Desk, name: str
) -> None:
    known = of_the_file(desk)
    assert known[name]
    is_other_type = {} if name == "key" else {"type": "CEB621"}
    desk.meanwhile = lambda: desk.declare_elsewhere(**{name: known[name]}, **is_other_type)
    with pytest.raises(Overtaken):
        desk.convert()
    assert desk.count(desk.drop_id) == 0


@pytest.mark.parametrize(("yuan", "is_overtaken"), [(100, False), (26_000, True)])
def test_what_a_buyer_of_the_file_bought_meanwhile_matters_if_it_exceeds_the_annual_limit(
    desk: Desk, yuan: int, is_overtaken: bool
) -> None:
    buyer = of_the_file(desk)["buyer"]
    desk.meanwhile = lambda: desk.declare_elsewhere(buyer=buyer, value=100 * yuan, app_type="1")
    if is_overtaken:
        with pytest.raises(Overtaken):
            desk.convert()
    else:
        assert desk.convert().ready == 3


def test_where_there_is_no_room_beside_the_store_it_is_converted_in_it(desk: Desk, tmp_path: Path) -> None:
    desk.folder = tmp_path / "file"
    desk.folder.write_bytes(b"in the way")
    with pytest.raises(Overtaken):
        desk.convert()


def test_what_ends_the_reading_is_told_when_it_is_to_be_brought_in(desk: Desk) -> None:
    def breaks() -> None:
        raise MemoryError

    desk.meanwhile = breaks
    with pytest.raises(MemoryError):
        desk.convert()
    assert desk.count(desk.drop_id) == 0
