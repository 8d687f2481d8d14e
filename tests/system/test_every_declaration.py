"""Every declaration goes all the way: as a workbook and as a message, over SFTP, to the state its customs receipts put it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import (
    Line,
    cancel_rows,
    delivery_rows,
    inventory_rows,
    order_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    waybill_status_rows,
    write_workbook,
)

SCENARIO = Scenario(
    answer_seconds=0.05, step_seconds=0.05, tax_bills=True, not_released=("CT0000000003", "CT0000000004")
)
TOLD = {
    "order": ["2", "120"],
    "payment": ["2", "120"],
    "waybill": ["2", "120"],
    "waybill-status": ["2", "3", "399"],
    "delivery": ["2", "120", "399"],
    "cancel": ["2", "120", "399"],
    "return": ["2", "120", "399"],
}
SELLER, CARRIER, PAYER, OPERATOR = "4407961999", "4407961888", "4407961777", "4407961666"
Drop = Callable[[TryStation, str, list[Line]], None]


def as_a_workbook(station: TryStation, name: str, rows: list[Line]) -> None:
    station.drop_rows(f"{name}.xlsx", name, rows)


def as_a_message(station: TryStation, name: str, rows: list[Line]) -> None:
    """The message that `cebd convert` makes of the rows, dropped as an enterprise's own system would drop it."""
    folder = station.settings_path.parent / f"made-{name}"
    folder.mkdir()
    write_workbook(folder / "rows.xlsx", name, rows)
    converted = station.cebd(
        "convert", str(folder / "rows.xlsx"), "-o", str(folder / "out"), "-c", str(station.settings_path)
    )
    assert converted.returncode == 0, converted.stdout + converted.stderr
    [message] = (folder / "out").iterdir()
    station.drop(f"{name}.xml", message.read_bytes())


def statuses(record: dict[str, Any]) -> list[str]:
    return [entry["status"] for entry in record["history"]]


def lists_told(station: TryStation, told: list[list[str]]) -> dict[str, Any] | None:
    receipt = station.receipt("inventory")
    return receipt if receipt and [statuses(record) for record in receipt["records"]] == told else None


@pytest.mark.parametrize("drop", [as_a_workbook, as_a_message])
def test_every_declaration_comes_to_its_end_and_its_receipts_name_it(drop: Drop, tmp_path: Path) -> None:
    with TryStation(tmp_path, SCENARIO) as station:
        station.start()
        drop(station, "order", list(order_rows(4, lines=2)))
        drop(station, "payment", list(payment_rows(4, lines=2)))
        drop(station, "waybill", list(waybill_rows(4, lines=2)))
        at_rest = [station.final_receipt(name) for name in ("order", "payment", "waybill")]
        assert [receipt["counts"] for receipt in at_rest] == [{"acknowledged": 4}] * 3
        drop(station, "inventory", list(inventory_rows(4, lines=2)))
        drop(station, "delivery", list(delivery_rows(1, lines=120)))
        drop(station, "waybill-status", list(waybill_status_rows(4)))
        entered, released = ["2", "120"], ["2", "120", "800", "tax:1", "tax:2"]
        told = [released, released, entered, entered]
        lists = until(lambda: lists_told(station, told), "lists released and billed, or entered")
        numbers = {record["key"]["copNo"]: record["customs"]["invtNo"] for record in lists["records"]}
        assert [number[4:] for number in numbers.values()] == [f"{lists['received'][:4]}I{n:09d}" for n in range(1, 5)]
        drop(station, "cancel", list(cancel_rows(2, first=3, numbers=numbers)))
        drop(station, "return", list(return_rows(1, first=1, lines=2, numbers=numbers)))
        receipts = {name: station.final_receipt(name, words=len(told)) for name, told in TOLD.items()}
        assert station.stop() == 0
        ledger = read_ledger(station.customs_folder)

    records = {name: receipt["records"] for name, receipt in receipts.items()}
    keys = {name: some[0]["key"] for name, some in records.items()}
    assert keys == {
        "order": {"ebpCode": SELLER, "ebcCode": SELLER, "orderNo": "T0000000001"},
        "payment": {"payTransactionId": "PAYT000000000001", "payCode": PAYER},
        "waybill": {"logisticsNo": "YD0000000001", "logisticsCode": CARRIER},
        "waybill-status": {"logisticsNo": "YD0000000001", "logisticsCode": CARRIER, "logisticsStatus": "S"},
        "delivery": {"copNo": "DT0000000001", "operatorCode": OPERATOR},
        "cancel": {"copNo": "XT0000000003", "agentCode": SELLER},
        "return": {"copNo": "RT0000000001", "agentCode": SELLER},
    }
    assert {name: statuses(some[-1]) for name, some in records.items()} == TOLD
    assert {one["state"] for some in records.values() for one in some} == {"succeeded"}
    assert [(one["state"], one["customs"]["status"]) for one in lists["records"]] == [
        ("succeeded", "800"),
        ("succeeded", "800"),
        ("acknowledged", "120"),
        ("acknowledged", "120"),
    ]
    assert len(ledger) == 4 * 5 + 1 + 2 + 1
    assert {entry["signature"] for entry in ledger} == {"valid"}
    there = {path.name.split("_")[0].split("-")[-1] for path in station.outbox.glob("customs/*/*")}
    kinds = ("312", "412", "512", "514", "622", "624", "626", "712", "816", "818")
    assert there == {f"CEB{kind}Message" for kind in kinds}
    assert not list((station.outbox / "unmatched").glob("*/*"))
