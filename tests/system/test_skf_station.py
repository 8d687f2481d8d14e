"""A whole station with a USB key through SKF: unplugged, hanging, crashing, each order is declared once and no PIN is refused."""

from __future__ import annotations

from pathlib import Path

from builders.libraries import needs_compiler
from builders.skf import SkfDevices
from builders.softhsm import PIN
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows

pytestmark = [needs_compiler]
REMOVED = 0x0A000023


def test_a_key_that_is_unplugged_hangs_and_crashes_signs_each_message_once(tmp_path: Path) -> None:
    with TryStation(tmp_path, by_folder=True) as station:
        devices = SkfDevices(tmp_path / "skf")
        station.use_skf(devices)
        devices.fail(tries=5)
        station.drop_rows("first.xlsx", "order", list(order_rows(1, first=1)))
        station.start()
        assert station.final_receipt("first")["counts"] == {"succeeded": 1}
        devices.take_out("EPORT")
        station.drop_rows("second.xlsx", "order", list(order_rows(1, first=2)))
        station.condition("signer:trial", "CEBD-1501")
        devices.put_back("EPORT")
        assert station.final_receipt("second")["counts"] == {"succeeded": 1}
        for number, trouble in enumerate(({"crash": 1}, {"sign": REMOVED}, {"hang": 600_000}), start=3):
            devices.fail(tries=5, **trouble)
            before = devices.calls("sign")
            station.drop_rows(f"order-{number}.xlsx", "order", list(order_rows(1, first=number)))
            until(lambda before=before: devices.calls("sign") > before, "a signature is begun")  # type: ignore[misc]
            devices.fail(tries=5)
            assert station.final_receipt(f"order-{number}")["counts"] == {"succeeded": 1}
        assert station.stop() == 0
        entries = read_ledger(station.customs_folder)
        assert len(entries) == len({entry["guid"] for entry in entries}) == 5
        assert not devices.failed()
        assert PIN not in station.log()
