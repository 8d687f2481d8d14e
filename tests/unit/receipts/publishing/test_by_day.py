"""Receipts by the day of the drop: a person finds her way in the outbox, and no receipt ever changes its folder."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import update

from builders.clocks import StillClock
from builders.declared import a_receipt, a_return, an_open_store, changed_drops, declare, settle
from cebd.clock import CST
from cebd.documents.workbooks.sheets import read_sheets
from cebd.intake.claim import claim, file_away
from cebd.receipts.publishing.publish import publish
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome
from cebd.restoring.receipt_files import receipt_files
from cebd.store.store import Store
from cebd.store.tables import drops
from cebd.trial.rows import order_rows, write_workbook

FIRST = datetime(2026, 11, 26, 23, 59, tzinfo=CST)
NEXT = FIRST + timedelta(minutes=2)


def dropped(store: Store, share: Path, name: str, at: datetime, *, by_day: bool = True, first: int = 0) -> DropId:
    """A workbook of an order, taken at that time and put away."""
    path = share / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_workbook(path, "order", list(order_rows(1, first=first)))
    claimed = claim(store, "甲", share, path, StillClock(at), by_day=by_day)
    assert claimed is not None
    file_away(store, claimed.drop_id, share, DropOutcome.DONE, f"{at:%Y-%m-%d}")
    return claimed.drop_id


def write(store: Store, share: Path, *wanted: DropId, at: datetime = NEXT) -> None:
    for drop_id in wanted:
        publish(store, drop_id, share, lambda path: list(read_sheets(path)), StillClock(at))


def files(share: Path) -> list[str]:
    return sorted(path.relative_to(share / "outbox").as_posix() for path in (share / "outbox").rglob("*.*"))


def test_thirty_drops_of_a_day_leave_two_folders_at_the_top_of_the_outbox(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        for number in range(30):
            drop = dropped(store, tmp_path, f"店铺{number}.xlsx", FIRST, first=number)
            write(store, tmp_path, drop)
    outbox = tmp_path / "outbox"
    assert sorted(path.name for path in outbox.iterdir()) == ["2026-11-26", "json"]
    assert len(list((outbox / "2026-11-26").iterdir())) == len(list((outbox / "json/2026-11-26").iterdir())) == 30


def test_a_receipt_is_renewed_on_later_days_where_it_lies(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        drop = dropped(store, tmp_path, "orders.xlsx", FIRST)
        write(store, tmp_path, drop, at=FIRST)
        with store.write() as transaction:
            transaction.execute(update(drops).values(changed=drops.c.changed + 1))
        assert changed_drops(store) == [drop]
        write(store, tmp_path, drop, at=NEXT)
    assert files(tmp_path) == ["2026-11-26/orders.receipt.xlsx", "json/2026-11-26/orders.receipt.json"]
    told = json.loads((tmp_path / "outbox/json/2026-11-26/orders.receipt.json").read_text(encoding="utf-8"))
    assert told["published"].startswith("2026-11-27")


def test_the_same_name_has_its_own_name_each_day_and_a_number_within_one(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        first = dropped(store, tmp_path, "orders.xlsx", FIRST)
        second = dropped(store, tmp_path, "Orders.xlsx", FIRST, first=1)
        third = dropped(store, tmp_path, "orders.receipt.xlsx", NEXT, first=2)
        write(store, tmp_path, first, second, third)
    assert [name for name in files(tmp_path) if name.endswith("xlsx")] == [
        "2026-11-26/Orders-2.receipt.xlsx",
        "2026-11-26/orders.receipt.xlsx",
        "2026-11-27/orders.receipt.xlsx",
    ]


def test_receipts_made_before_the_setting_stay_flat_and_are_renewed_there(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        before = dropped(store, tmp_path, "orders.xlsx", FIRST, by_day=False)
        write(store, tmp_path, before, at=FIRST)
        after = dropped(store, tmp_path, "orders.xlsx", FIRST, first=1)
        write(store, tmp_path, before, after)
    flat = ["orders.receipt.json", "orders.receipt.xlsx"]
    assert files(tmp_path) == sorted([*flat, "2026-11-26/orders.receipt.xlsx", "json/2026-11-26/orders.receipt.json"])


def test_a_restore_finds_the_receipts_of_either_form_by_their_place(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        wanted = [dropped(store, tmp_path, "orders.xlsx", FIRST, by_day=by_day) for by_day in (False, True)]
        write(store, tmp_path, *wanted)
    assert {found.stem for found in receipt_files("甲", tmp_path)} == {"orders", "2026-11-26/orders"}


def test_raw_receipts_lie_by_the_day_on_which_they_came(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000")), at=FIRST)
        settle(store, b"<nothing", at=NEXT)
        copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]}, by_day=True)
    copied = [path.rpartition("/")[0] for path in files(tmp_path)]
    assert copied == ["customs/2026-11-26", "unmatched/2026-11-27", "unmatched/2026-11-27"]


def test_a_file_that_cannot_be_read_has_a_workbook_by_its_day_too(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "page.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"<html>")
    with an_open_store(tmp_path) as store:
        claimed = claim(store, "甲", tmp_path, path, StillClock(FIRST), by_day=True)
        assert claimed is not None
        with store.write() as transaction:
            found = '[{"id": "CEBD-1002", "severity": "error", "zh": "不是工作簿", "en": "no workbook"}]'
            transaction.execute(update(drops).values(outcome=DropOutcome.ERROR, problems=found))
        file_away(store, claimed.drop_id, tmp_path, DropOutcome.ERROR, "2026-11-26")
        write(store, tmp_path, claimed.drop_id)
    [sheet] = load_workbook(tmp_path / "outbox/2026-11-26/page.receipt.xlsx").worksheets
    assert "不是工作簿" in str(list(sheet.values))
