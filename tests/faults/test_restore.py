"""A backup from the middle of the day takes the place of the store in the evening: nothing is declared twice, no row is lost."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import order_rows, write_workbook

DAY = Scenario(
    answer_seconds=0.05,
    step_seconds=0.05,
    entered_at_once=True,
    reject=(
        Reject(key="MORNING*3", status="-301018", times=1),
        Reject(key="EVENING*2", status="-301018"),
    ),
    drop_receipts=("SILENT*",),
)


def declared(station: TryStation) -> Counter[str]:
    """How often the other side accepted each order."""
    return Counter(
        entry["key"]["orderNo"] for entry in read_ledger(station.customs_folder) if entry["verdict"] == "accepted"
    )


def repeats(station: TryStation) -> set[str]:
    return {entry["key"]["orderNo"] for entry in read_ledger(station.customs_folder) if entry["verdict"] == "repeat"}


def rows(prefix: str, count: int, first: int = 1, **changed: str) -> list[dict[str, str]]:
    made = list(order_rows(count, first=first, prefix=prefix))
    made[0].update(changed)
    return made


def states(receipt: dict[str, Any]) -> dict[str, str]:
    return {one["key"]["orderNo"]: one["state"] for one in receipt["records"]}


class Evening:
    """What the station had done by the evening, before it was restored, and what it says afterwards."""

    def __init__(self, station: TryStation, backup: Path) -> None:
        self.station = station
        self.backup = backup
        self.before: dict[str, dict[str, str]] = {}
        self.accepted: Counter[str] = Counter()


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("day")
    with TryStation(folder, DAY) as station:
        station.change_settings('send_dir = "in"', 'send_dir = "in"\nretry_seconds = 0.3\nin_doubt_seconds = 1.0')
        station.add_enterprise()
        station.drop_rows("morning.xlsx", "order", rows("MORNING", 3))
        station.start()
        station.final_receipt("morning")
        station.customs_away()
        for name in ("waiting", "unsaid"):
            station.drop_rows(f"{name}.xlsx", "order", rows(name.upper(), 2))
            until(lambda name=name: (station.receipt(name) or {}).get("counts") == {"signed": 2}, f"{name} signed")
        backup = folder / "noon.sqlite"
        made = station.cebd("backup", str(backup), "-c", str(station.settings_path))
        assert made.returncode == 0, made.stderr
        assert backup.stat().st_mode & 0o777 == 0o600

        station.customs_back()
        for name in ("waiting", "unsaid"):
            station.final_receipt(name)
        station.drop_rows("corrected.xlsx", "order", rows("MORNING", 1, 3, **{"head.consigneeAddress": "another"}))
        station.drop_rows("evening.xlsx", "order", rows("EVENING", 3, **{"head.freight": "-1"}))
        station.drop_rows("silent.xlsx", "order", rows("SILENT", 2))
        station.drop_rows("forgotten.xlsx", "order", rows("FORGOTTEN", 2))
        for name in ("corrected", "evening", "forgotten"):
            station.final_receipt(name)
        until(lambda: (station.receipt("silent") or {}).get("counts") == {"sent": 2}, "silent sent")
        evening = (station.share / "done").rglob("evening.xlsx")
        station.drop("repeat.xlsx", next(evening).read_bytes())
        station.final_receipt("repeat")
        station.other_enterprise_goes_on()
        station.kill()
        seen = Evening(station, backup)
        for path in station.outbox.rglob("*.receipt.json"):
            told = json.loads(path.read_text(encoding="utf-8"))
            seen.before[told["file"]] = states(told)
        seen.accepted = declared(station)
        forget(station, "UNSAID", "unsaid")
        forget(station, "FORGOTTEN", "forgotten")
        write_workbook(station.share / "working" / "000099-left.xlsx", "order", rows("LEFT", 1))
        yield seen


def forget(station: TryStation, prefix: str, stem: str) -> None:
    """Somebody tidied the outbox: nothing there speaks of these orders any more."""
    for path in list(station.outbox.rglob("*")):
        if path.is_file() and (path.name.startswith(f"{stem}.receipt") or prefix.encode() in path.read_bytes()):
            path.unlink()


def put_back_by_hand(station: TryStation, backup: Path) -> None:
    for side in ("-wal", "-shm"):
        (station.store / f"cebd.sqlite{side}").unlink(missing_ok=True)
    shutil.copy(backup, station.store / "cebd.sqlite")


def test_a_day_goes_on_after_the_restore(evening: Evening) -> None:
    station = evening.station
    settings = str(station.settings_path)
    put_back_by_hand(station, evening.backup)
    refused = station.run_once()
    assert refused.returncode == 6
    assert "CEBD-2102" in refused.stderr
    assert "cebd restore" in refused.stderr
    assert declared(station) == evening.accepted

    asked_first = station.cebd("restore", str(evening.backup), "-c", settings)
    assert asked_first.returncode == 2, "nobody answered"
    done = station.cebd("restore", str(evening.backup), "-c", settings, "--yes")
    assert done.returncode == 0, done.stderr

    station.start()
    until(lambda: station.log().count("station runs") == 2, "the daemon to run again")
    running = station.cebd("restore", str(evening.backup), "-c", settings, "--yes")
    assert running.returncode == 6, "not while the daemon runs"
    for name in ("morning", "waiting", "corrected", "evening"):
        assert states(station.final_receipt(name)) == evening.before[f"{name}.xlsx"], name
    assert set(evening.before["evening.xlsx"].values()) == {"rejected", "refused", "succeeded"}
    until(lambda: (station.receipt("silent") or {}).get("counts") == {"sent": 2}, "silent as it was")
    # Nothing told of these: they were signed at noon. The same bytes again, and that customs have them is no refusal.
    until(lambda: (station.receipt("unsaid") or {}).get("counts") == {"acknowledged": 2}, "unsaid is there already")
    until(lambda: (station.receipt("forgotten") or {}).get("counts") == {"in_doubt": 2}, "forgotten is in doubt")
    station.other_enterprise_goes_on()

    (listed,) = station.outbox.glob("恢复后待核实-*.xlsx")
    sheet = openpyxl.load_workbook(listed).active
    assert sheet is not None
    listed_rows = {row[4] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert listed_rows == {*evening.before["forgotten.xlsx"], "LEFT0000000001"}
    assert "CEBD-2120" in station.cebd("status", "-c", settings).stdout
    shown = (station.receipt("forgotten") or {})["records"][0]["problems"]
    assert [one["id"] for one in shown] == ["CEBD-2123"]

    decided = station.cebd("queue", "release", next(iter(evening.before["forgotten.xlsx"])), "-c", settings, "--yes")
    assert decided.returncode == 0, decided.stderr
    until(lambda: (station.receipt("forgotten") or {}).get("counts") == {"acknowledged": 2}, "forgotten is there")
    given_up = station.cebd("queue", "drop", "left.xlsx", "-c", settings, "--yes", "--reason", "never sent")
    assert given_up.returncode == 0, given_up.stderr
    until(lambda: (station.receipt("left") or {}).get("counts") == {"rejected": 1}, "left given up")
    station.drop_rows("left-again.xlsx", "order", rows("LEFT", 1, **{"head.consigneeAddress": "another"}))
    assert station.final_receipt("left-again")["counts"] == {"succeeded": 1}
    assert states(station.final_receipt("repeat")) == evening.before["evening.xlsx"]
    station.drop_rows("again.xlsx", "order", rows("EVENING", 1, 3))
    again = station.final_receipt("again")
    assert again["counts"] == {"succeeded": 1}
    assert again["records"][0]["problems"][0]["id"] == "CEBD-1403", "declared before"
    station.drop_rows("tomorrow.xlsx", "order", rows("TOMORROW", 2))
    station.final_receipt("tomorrow")
    assert station.stop() == 0

    now = declared(station)
    assert set(now.values()) == {1}, "each accepted once"
    assert set(now) >= set(evening.accepted)
    assert {key[:6] for key in repeats(station)} <= {"UNSAID", "FORGOT"}
