"""The folders that people write to as well: what they plant there harms nobody, what they changed there stays theirs."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from builders.receipt_rows import Hers
from builders.stations import TryStation
from builders.waiting import until
from cebd.clock import CST
from cebd.trial.rows import order_rows


def conditions(station: TryStation) -> list[dict[str, Any]]:
    told = station.cebd("status", "--json", "-c", str(station.settings_path))
    found: list[dict[str, Any]] = json.loads(told.stdout)["conditions"]
    return found


def test_links_planted_in_the_outbox_lead_nowhere_and_a_changed_receipt_is_kept(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        station.start()
        until((station.outbox / "customs").is_dir, "the folders")
        target, elsewhere = tmp_path / "target", tmp_path / "elsewhere"
        target.write_bytes(b"somebody's")
        elsewhere.mkdir()
        day = station.outbox / f"{datetime.now(CST):%Y-%m-%d}"
        day.mkdir()
        for name in (".a.receipt.json.tmp", ".a.receipt.xlsx.tmp", "a.receipt.xlsx"):
            (day / name).symlink_to(target)
        with station.standing_still():  # else it makes the folder anew
            shutil.rmtree(station.outbox / "customs")
            (station.outbox / "customs").symlink_to(elsewhere)
        rows = list(order_rows(2))
        right = rows[1]["line.qty"]
        rows[1] |= {"line.qty": "两"}
        station.drop_rows("a.xlsx", "order", rows)
        receipt = station.final_receipt("a")
        assert receipt["counts"] == {"rejected": 1, "succeeded": 1}
        station.other_enterprise_goes_on()
        assert target.read_bytes() == b"somebody's"
        assert list(elsewhere.iterdir()) == []
        (station.outbox / "customs").unlink()
        until(lambda: list((station.outbox / "customs").rglob("*.xml")), "the raw receipts, once the link is gone")
        until(lambda: "一切正常" in (station.share / "状态.txt").read_text(encoding="utf-8-sig"), "all to be well")

        # She mends the red cell in the outbox; meanwhile a new receipt comes (here: as if).
        path = station.receipt_book("a")
        book = load_workbook(path)
        bad = next(one["cell"] for one in receipt["records"][1]["problems"] if one["cell"])
        Hers(book.worksheets[0])[bad].value = right
        book.save(path)
        hers = path.read_bytes()
        station.kill()
        with_news(station)
        station.start()
        kept = until(lambda: list(path.parent.glob("a.receipt (修改于 *).xlsx")), "hers to be kept")[0]
        assert kept.read_bytes() == hers
        until(path.exists, "a receipt in its place again")
        until(lambda: kept.name in str(station.receipt("a")), "what was kept to be named")

        # Dropped back, what was kept is the correction form as any receipt is.
        station.drop(kept.name, hers)
        stem = re.sub(r"\.xlsx$", "", kept.name)
        assert station.final_receipt(stem)["counts"] == {"succeeded": 2}

        # The outbox itself becomes a link: nothing goes through it, it is named, the other enterprise goes on.
        with station.standing_still():
            station.outbox.rename(tmp_path / "away")
            station.outbox.symlink_to(elsewhere)
        station.drop_rows("b.xlsx", "order", list(order_rows(1, first=7)))
        (said,) = until(
            lambda: [one for one in conditions(station) if one["key"] == "outbox:trial"], "the outbox to be named"
        )
        assert (said["id"], said["enterprise"]) == ("CEBD-1742", "trial")
        station.other_enterprise_goes_on()
        assert list(elsewhere.iterdir()) == []
        state = station.share / "状态.txt"
        until(lambda: "outbox/ 不是系统建立的文件夹" in state.read_text(encoding="utf-8-sig"), "the outbox in 状态.txt")
        with station.standing_still():
            station.outbox.unlink()
            (tmp_path / "away").rename(station.outbox)
        assert station.final_receipt("b")["counts"] == {"succeeded": 1}
        assert station.stop() == 0
        assert "程序已停止" in (station.share / "状态.txt").read_text(encoding="utf-8-sig")


def with_news(station: TryStation) -> None:
    """As if customs had said something more: every receipt is to be written anew."""
    from sqlalchemy import update

    from cebd.store.store import Store
    from cebd.store.tables import drops

    store = Store.open(station.store)
    with store.write() as connection:
        connection.execute(update(drops).values(changed=drops.c.changed + 1))
    store.close()
