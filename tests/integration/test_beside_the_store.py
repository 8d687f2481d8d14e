"""A very large file is converted while others write to the store, and brought in at once, unless it was overtaken meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from builders.clocks import StillClock
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import iso
from cebd.documents.convert import ClaimedFile, Converted, ConvertedBeside, Overtaken, convert, task_of
from cebd.documents.drafting import LocalDrafting, Task
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.settings import load_settings
from cebd.store.tables import drops, messages, records
from cebd.trial.rows import (
    Line,
    cancel_rows,
    inventory_rows,
    order_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    write_workbook,
)


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
        self.store = open_store(self.settings.store_dir)
        self.meanwhile: Callable[[], None] = lambda: None
        self.folder = self.settings.store_dir
        self._files = folder
        self._others = 0
        self.brings("order", order_rows(3))

    def brings(self, code: str, rows: Iterable[Line]) -> None:
        """The workbook that is converted has these rows."""
        path = self._files / f"{code}.xlsx"
        write_workbook(path, code, list(rows))
        self.drop_id = self.drop(code)
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

    def convert_another(self, code: str, rows: list[Line]) -> None:
        """Another file, while the store is held."""
        path = self._files / f"other {code}.xlsx"
        write_workbook(path, code, rows)
        self._others += 1
        file = ClaimedFile(self.drop(f"{self._others} {code}"), path, path.name)
        with self.store.write() as transaction:
            convert(
                transaction, file, self.enterprise, self.settings.reading_options, StillClock(), lambda _root: False
            )

    def declare_elsewhere(self, **numbers: object) -> None:
        """Another file's record with these numbers, committed by another thread or process."""
        self._others += 1
        other = self.drop(f"{self._others} other")
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


def test_a_waybill_of_one_of_its_orders_that_came_meanwhile_has_it_converted_again(desk: Desk) -> None:
    """The waybill does not say whose the order is, so their numbers are held against each other without it."""
    number = of_the_file(desk)["order_no"].partition("\x1f")[0]
    desk.meanwhile = lambda: desk.declare_elsewhere(type="CEB511", order_no=f"{number}\x1f")
    with pytest.raises(Overtaken):
        desk.convert()
    assert desk.count(desk.drop_id) == 0


def test_a_waybill_that_one_of_its_lists_names_has_the_lists_converted_again(desk: Desk) -> None:
    desk.brings("inventory", inventory_rows(3))
    waybill = of_the_file(desk)["waybill_no"]
    desk.meanwhile = lambda: desk.declare_elsewhere(type="CEB511", key=waybill)
    with pytest.raises(Overtaken):
        desk.convert()


def test_what_differs_is_said_in_the_receipt_of_the_earlier_document_once_it_is_brought_in(desk: Desk) -> None:
    desk.convert()
    wrong = [row | {"head.buyerName": "钱试二"} for row in inventory_rows(3)]
    desk.brings("inventory", wrong)
    assert desk.convert().ready == 3
    with desk.store.read() as transaction:
        said = transaction.execute(select(records.c.problems).where(records.c.type == "CEB311")).scalars().all()
    assert [[one["id"] for one in json.loads(problems)] for problems in said] == [["CEBD-1429"]] * 3


def said_otherwise(rows: Iterator[Line], **head: str) -> list[Line]:
    return [row | {f"head.{name}": text for name, text in head.items()} for row in rows]


ROWS = {
    "payment": payment_rows,
    "waybill": waybill_rows,
    "inventory": inventory_rows,
    "cancel": cancel_rows,
    "return": return_rows,
}
# What comes while a file of three orders (or of their lists, payments, waybills) is read, and whether that has to be read again for it.
OF_OTHERS: dict[str, tuple[str, str, list[Line], bool]] = {
    "lists that say what their orders say": ("order", "inventory", list(inventory_rows(2)), False),
    "lists that say otherwise": ("order", "inventory", said_otherwise(inventory_rows(2), buyerName="钱试二"), True),
    "lists that were kept back": ("order", "inventory", said_otherwise(inventory_rows(2), buyerName=""), False),
    "payments": ("order", "payment", list(payment_rows(2)), False),
    "a payment of less": ("order", "payment", said_otherwise(payment_rows(1), amountPaid="1"), True),
    "waybills": ("order", "waybill", list(waybill_rows(2)), False),
    "a waybill to somebody else": ("order", "waybill", said_otherwise(waybill_rows(1), consignee="李四"), True),
    "applications to cancel": ("order", "cancel", list(cancel_rows(2)), False),
    "other orders": ("order", "order", list(order_rows(2, first=11)), False),
    "one of its orders": ("order", "order", list(order_rows(1)), True),
    "its order at another shop": ("order", "order", said_otherwise(order_rows(1), ebcCode="4407961888"), True),
    "the orders of its payments": ("payment", "order", list(order_rows(2)), False),
    "the lists of its waybills": ("waybill", "inventory", list(inventory_rows(2)), False),
    "the first orders here": ("inventory", "order", list(order_rows(1, first=11)), True),
    "another list of an order": ("inventory", "inventory", said_otherwise(inventory_rows(1), copNo="C-2"), True),
    "applications about its lists": ("inventory", "cancel", list(cancel_rows(2)), False),
    "an application about one of its lists": ("cancel", "cancel", said_otherwise(cancel_rows(1), copNo="X-2"), True),
    "applications about other lists": ("cancel", "cancel", list(cancel_rows(2, first=11)), False),
    "a return of one of its lists": ("return", "return", said_otherwise(return_rows(1), copNo="R-2"), True),
    "applications to cancel the lists of its returns": ("return", "cancel", list(cancel_rows(2)), False),
}


@pytest.mark.parametrize("what", OF_OTHERS)
def test_a_file_is_read_again_only_for_what_could_change_what_is_said_of_it(desk: Desk, what: str) -> None:
    large, small, rows, is_overtaken = OF_OTHERS[what]
    if large != "order":
        desk.brings(large, ROWS[large](3))
    desk.meanwhile = lambda: desk.convert_another(small, rows)
    if is_overtaken:
        with pytest.raises(Overtaken):
            desk.convert()
    else:
        assert desk.convert().ready == 3


@pytest.mark.parametrize(("first", "is_overtaken"), [(1, True), (21, False)])
def test_orders_matter_to_lists_that_lacked_them(desk: Desk, first: int, is_overtaken: bool) -> None:
    desk.convert_another("order", list(order_rows(1, first=11)))
    desk.brings("inventory", inventory_rows(3))
    desk.meanwhile = lambda: desk.convert_another("order", list(order_rows(1, first=first)))
    if is_overtaken:
        with pytest.raises(Overtaken):
            desk.convert()
    else:
        assert desk.convert().read == 3


def test_a_change_of_what_a_buyer_of_the_file_bought_has_it_converted_again(desk: Desk) -> None:
    """It may take something away from the buyer's year."""
    buyer = of_the_file(desk)["buyer"]
    desk.declare_elsewhere(buyer=buyer, value=100, key="changed", app_type="1")
    desk.meanwhile = lambda: desk.declare_elsewhere(key="changed", app_type="2", active=False)
    with pytest.raises(Overtaken):
        desk.convert()


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
