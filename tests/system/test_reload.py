"""New settings for a daemon at work (SIGHUP): nothing under way is lost, and nothing is declared twice."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows

pytestmark = pytest.mark.timeout(120)


def test_new_settings_amid_work_lose_nothing(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        for number in range(3):
            station.drop_rows(f"before-{number}.xlsx", "order", list(order_rows(20, first=1 + 20 * number)))
        until(lambda: "file converted" in station.log(), "work is under way")
        station.change_settings("stable_seconds = 0.2", "stable_seconds = 0.3")
        assert station.daemon is not None
        pid = station.daemon.pid
        station.daemon.send_signal(signal.SIGHUP)
        until(lambda: station.log().count("station runs") == 2, "it runs with the new settings")
        station.drop_rows("after.xlsx", "order", list(order_rows(5, first=100)))

        receipts = [station.final_receipt(f"before-{number}") for number in range(3)] + [station.final_receipt("after")]
        assert [len(receipt["records"]) for receipt in receipts] == [20, 20, 20, 5]
        assert {record["state"] for receipt in receipts for record in receipt["records"]} == {"succeeded"}
        assert station.daemon.pid == pid
        assert station.stop() == 0


def test_settings_with_a_mistake_are_not_taken_over(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        until(lambda: "station runs" in station.log(), "it runs")
        assert station.daemon is not None
        for _ in range(2):  # said again, it is the same trouble
            text = station.settings_path.read_text(encoding="utf-8")
            station.settings_path.write_text(text.replace('signer = "trial"', 'signer = "nobody"'), encoding="utf-8")
            station.daemon.send_signal(signal.SIGHUP)
            condition = station.condition("settings:reload", "CEBD-2017")
            assert condition["party"] == "administrator"
            assert "nobody" in json.dumps(condition, ensure_ascii=False)
        station.drop_rows("orders.xlsx", "order", list(order_rows(2)))
        assert station.final_receipt("orders")["counts"] == {"succeeded": 2}
        assert station.stop() == 0
