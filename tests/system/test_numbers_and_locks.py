"""Numbers that are used again, and a store that is locked just when the daemon needs it."""

from __future__ import annotations

import base64
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from lxml import etree

from builders.stations import TryStation
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import order_rows
from soak.kills import books


def test_a_store_locked_when_the_daemon_starts_again_delays_the_work_and_loses_none(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.customs_away()
        for number in range(20):
            station.drop_rows(f"orders-{number}.xlsx", "order", list(order_rows(1, first=number + 1)))
        station.start()

        def all_signed() -> bool:
            told = [station.receipt(f"orders-{number}") for number in range(20)]
            return all(one is not None and one["counts"] == {"signed": 1} for one in told)

        until(all_signed, "twenty open messages")
        station.kill()
        released = threading.Event()

        def hold(name: str) -> None:
            with closing(sqlite3.connect(station.store / name, isolation_level=None)) as held:
                held.execute("BEGIN IMMEDIATE")
                released.wait(10)
                held.execute("ROLLBACK")

        holders = [threading.Thread(target=hold, args=(name,)) for name in ("cebd.sqlite", "engine.sqlite")]
        for holder in holders:
            holder.start()
        time.sleep(0.2)  # the locks are taken by then; nothing is asserted on it
        station.customs_back()
        station.start()
        receipts = [station.final_receipt(f"orders-{number}", 120) for number in range(20)]
        released.set()
        for holder in holders:
            holder.join()
        assert station.stop() == 0
        outcome = books(station, receipts, 1)
    assert outcome.as_promised(20), outcome


def test_an_order_declared_before_with_other_content_is_never_sent_blindly(tmp_path: Path) -> None:
    first = list(order_rows(1))
    changed = [{**first[0], "head.consigneeAddress": "测试省示例市样本区99号9栋901室"}]
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("first.xlsx", "order", first)
        station.final_receipt("first")
        station.drop_rows("changed.xlsx", "order", changed)
        refused = station.final_receipt("changed")
        station.drop_rows("change.xlsx", "order", [{**changed[0], "head.appType": "2"}])
        change = station.final_receipt("change")
        assert station.stop() == 0
    assert [one["id"] for one in refused["records"][0]["problems"]] == ["CEBD-1402"]
    assert refused["counts"] == {"rejected": 1}
    assert change["counts"] == {"succeeded": 1}


def test_an_order_refused_by_customs_is_corrected_and_the_first_file_is_then_old(tmp_path: Path) -> None:
    first = list(order_rows(1))
    address = "测试省示例市样本区99号9栋901室"
    corrected = [{**first[0], "head.consigneeAddress": address}]
    rejection = Reject(key=first[0]["head.orderNo"], status="-301008", info="参数校验不通过，收货地址", times=1)
    scenario = Scenario(answer_seconds=0.05, step_seconds=0.05, entered_at_once=True, reject=(rejection,))
    with TryStation(tmp_path, scenario) as station:
        station.start()
        station.drop("first.csv", csv_of(first))
        refused = station.final_receipt("first")
        station.drop("corrected.csv", csv_of(corrected))
        accepted = station.final_receipt("corrected")
        station.drop("first-again.csv", csv_of(first))
        again = station.final_receipt("first-again")
        assert station.stop() == 0
        sent = [
            path.read_bytes()
            for path in sorted((station.customs_folder / "taken").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        ]
    assert (refused["counts"], accepted["counts"]) == ({"refused": 1}, {"succeeded": 1})
    assert refused["records"][0]["customs"]["status"] == "-301008"
    assert [one["id"] for one in again["problems"]] == ["CEBD-1404"]
    addresses = [text.count(address.encode()) for text in map(carried, sent)]
    assert addresses == [0, 1]


def carried(envelope: bytes) -> bytes:
    """The message in a DxpMsg."""
    data = etree.fromstring(envelope).findtext("{http://www.chinaport.gov.cn/dxp}Data")
    return base64.b64decode(data or "")


def test_a_new_store_beside_an_old_engine_does_its_own_work(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("a.xlsx", "order", list(order_rows(1)))
        station.final_receipt("a")
        assert station.stop() == 0
        for path in station.store.glob("cebd.sqlite*"):
            path.unlink()
        # A store is never new without a person.
        settings = ("-c", str(station.settings_path))
        assert station.cebd("run", "--once", *settings).returncode == 6
        made = station.cebd("run", "--once", "--new-store", "the old one was lost", *settings)
        assert made.returncode == 0, made.stderr
        station.start()
        station.drop_rows("b.xlsx", "order", list(order_rows(1, first=2)))
        receipt = station.final_receipt("b")
        assert station.stop() == 0
    assert receipt["counts"] == {"succeeded": 1}
