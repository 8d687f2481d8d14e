"""Killed at any moment, started again: nothing is lost, nothing is declared twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from cebd.documents.trial_rows import order_rows
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from dying_daemon import POINTS
from stations import TryStation, until

SEED = 20260304


def declared_once(station: TryStation, orders: int) -> None:
    """Every order is in the ledger exactly once, and was never sent a second time."""
    entries = read_ledger(station.customs_folder)
    assert Counter(entry["verdict"] for entry in entries) == {"accepted": orders}
    assert len({entry["guid"] for entry in entries}) == orders


def test_five_kills_while_two_hundred_orders_go_through(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    moments = random.Random(SEED)
    with TryStation(tmp_path, Scenario(answer_seconds=0.3, step_seconds=0.3)) as station:
        for number in range(4):
            station.drop_rows(f"orders-{number}.xlsx", "order", list(order_rows(50, first=1 + 50 * number)))
        for _ in range(5):
            station.start()
            time.sleep(moments.uniform(0.9, 2.2))
            station.kill()
        station.start()
        receipts = [station.final_receipt(f"orders-{number}") for number in range(4)]
        assert station.stop() == 0
        audit = station.cebd("audit", "-c", str(station.settings_path))
    assert [receipt["counts"] for receipt in receipts] == [{"succeeded": 50}] * 4
    declared_once(station, 200)
    assert audit.returncode == 0, audit.stdout


@pytest.mark.parametrize("point", POINTS)
def test_killed_between_the_halves_of_a_step(tmp_path: Path, point: str) -> None:
    with TryStation(tmp_path) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        dying = [
            sys.executable,
            str(Path(__file__).parents[1] / "dying_daemon.py"),
            str(station.settings_path),
            point,
            "1",
        ]
        with (tmp_path / "dying.log").open("wb") as log:
            killed = subprocess.run(dying, stdout=log, stderr=log, timeout=60, check=False)
        assert killed.returncode == -9, (tmp_path / "dying.log").read_text(encoding="utf-8")
        station.start()
        receipt = station.final_receipt("orders")
        until(lambda: station.cebd("audit", "-c", str(station.settings_path)).returncode == 0, "a clean audit", 20)
        assert station.stop() == 0
    assert receipt["counts"] == {"succeeded": 3}
    declared_once(station, 3)
