"""What earlier files prove stands beside the wrong value when the next file is converted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from builders.clocks import StillClock
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.clock import CST, iso
from cebd.documents.convert import ClaimedFile, convert
from cebd.settings import Settings, load_settings
from cebd.store.tables import drops, records
from cebd.trial.rows import inventory_rows, order_rows, payment_rows, waybill_rows, write_workbook

PREFIX = "2026123"  # of 17 digits, of which Excel keeps 15
NUMBER = "20261230000000007"


CLOCK = StillClock(datetime(2026, 11, 25, 10, 0, tzinfo=CST))


class Desk:
    """A station's store and settings, into which files are converted one after the other."""

    def __init__(self, folder: Path) -> None:
        new_station(folder / "station", port=2222)
        self._folder = folder
        self._settings: Settings = load_settings(folder / "station" / "cebd.toml")
        self._store = open_store(self._settings.store_dir)

    def close(self) -> None:
        self._store.close()

    def drop(
        self, name: str, code: str, rows: Iterable[Mapping[str, str]], *in_number_cells: str
    ) -> dict[str, str | None]:
        """Convert a workbook of these rows, long numbers as Excel keeps them; what is offered, by problem and field."""
        path = self._folder / f"{name}.xlsx"
        write_workbook(path, code, list(rows))
        _in_number_cells(path, in_number_cells)
        enterprise = self._settings.enterprise[0]
        facts = {"enterprise": enterprise.name, "name": path.name, "stem": name, "sha256": name}
        facts |= {"received": iso(CLOCK.now()), "state": "claimed", "source": path.name, "place": path.name}
        with self._store.write() as connection:
            drop_id = connection.execute(insert(drops).values(**facts)).inserted_primary_key[0]
            convert(
                connection,
                ClaimedFile(drop_id, path, path.name),
                enterprise,
                self._settings.reading_options,
                CLOCK,
                lambda _root: False,
            )
        with self._store.read() as connection:
            said = connection.execute(select(records.c.problems).where(records.c.drop_id == drop_id)).scalars()
            return {
                f"{one['id']} {one['field']}": one.get("suggestion")
                for problems in said
                for one in json.loads(problems or "[]")
            }


def _in_number_cells(path: Path, values: Iterable[str]) -> None:
    book = load_workbook(path)
    kept = {value: int(value[:15] + "0" * (len(value) - 15)) for value in values}
    for row in book.active.iter_rows():
        for cell in row:
            if cell.value in kept:
                cell.value = kept[cell.value]
    book.save(path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.close()


def changed(rows: Iterable[Mapping[str, str]], **head: str) -> list[dict[str, str]]:
    return [{**row, **{f"head.{name}": text for name, text in head.items()}} for row in rows]


def test_the_order_of_a_list_is_found_by_its_buyer(desk: Desk) -> None:
    assert desk.drop("orders", "order", order_rows(3, first=6, prefix=PREFIX)) == {}
    found = desk.drop("lists", "inventory", inventory_rows(1, first=7, prefix=PREFIX), NUMBER)
    assert found == {"CEBD-1205 orderNo": NUMBER}


def test_the_order_of_a_list_is_found_by_its_waybill(desk: Desk) -> None:
    desk.drop("waybills", "waybill", waybill_rows(3, first=6, prefix=PREFIX))
    rows = changed(inventory_rows(1, first=7, prefix=PREFIX), orderNo="2.02612E+16")
    assert desk.drop("lists", "inventory", rows) == {"CEBD-1217 orderNo": NUMBER}


def test_the_order_of_a_payment_is_found_by_its_payer(desk: Desk) -> None:
    desk.drop("orders", "order", order_rows(3, first=6, prefix=PREFIX))
    found = desk.drop("payments", "payment", payment_rows(1, first=7, prefix=PREFIX), NUMBER)
    assert found == {"CEBD-1205 orderNo": NUMBER}
    desk.drop("paid", "payment", payment_rows(1, first=7, prefix=PREFIX))
    assert desk.drop("again", "payment", payment_rows(1, first=7, prefix=PREFIX), NUMBER) == {"CEBD-1205 orderNo": None}


def test_the_waybill_of_a_list_is_found_by_its_order(desk: Desk) -> None:
    waybills = [changed([row], logisticsNo=f"771234567890{nth}") for nth, row in enumerate(waybill_rows(3), 1000)]
    desk.drop("waybills", "waybill", [row for one in waybills for row in one])
    rows = changed(inventory_rows(1, first=2), logisticsNo="7712345678901001")
    assert desk.drop("lists", "inventory", rows, "7712345678901001") == {"CEBD-1205 logisticsNo": "7712345678901001"}


def test_without_earlier_files_nothing_is_offered(desk: Desk) -> None:
    found = desk.drop("lists", "inventory", inventory_rows(1, first=7, prefix=PREFIX), NUMBER)
    assert found == {"CEBD-1205 orderNo": None}


def test_what_was_paid_is_told_by_the_payment(desk: Desk) -> None:
    desk.drop("payments", "payment", payment_rows(1))
    right = next(payment_rows(1))["head.amountPaid"]
    found = desk.drop("orders", "order", changed(order_rows(1), acturalPaid="1"))
    assert found == {"CEBD-1301 acturalPaid": right}
    # Payment and payee say the same: it is another amount that is wrong.
    assert desk.drop("tax", "order", changed(order_rows(1), taxTotal="99")) == {"CEBD-1301 acturalPaid": None}


def test_a_total_is_told_by_what_the_order_is_worth(desk: Desk) -> None:
    desk.drop("orders", "order", order_rows(1, lines=2))
    first, second = inventory_rows(1, lines=2)
    found = desk.drop("lists", "inventory", [first, {**second, "line.totalPrice": "1"}])
    assert Decimal(found["CEBD-1302 totalPrice"] or 0) == Decimal(second["line.totalPrice"])
