"""Consequences first: what lies in the folder of previews is looked at, and declared only where somebody moves it on."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from builders import processes
from builders.stations import TryStation
from builders.waiting import PATIENCE, until
from cebd.sandbox.ledger import read_ledger
from cebd.store.drops import last_drop_id
from cebd.store.store import Store
from cebd.trial.rows import Line, order_rows, write_workbook
from daemons.dying import PREVIEW
from soak.kills import DYING


def preview(folder: Path, stem: str, seconds: float = 60.0) -> dict[str, Any]:
    """The preview's JSON, once it is there with its workbook."""
    told, book = folder / f"{stem}.预检.json", folder / f"{stem}.预检.xlsx"
    until(lambda: told.exists() and book.exists(), f"the preview of {stem}", seconds)
    return json.loads(told.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def kinds(told: dict[str, Any]) -> list[str]:
    return [record["consequence"]["kind"] for record in told["records"]]


def drops_of(station: TryStation) -> int:
    with closing(Store.open(station.store, create=False)) as store, store.read() as transaction:
        return last_drop_id(transaction)


def bytes_of(folder: Path, rows: list[Line]) -> bytes:
    write_workbook(folder / "made.xlsx", "order", rows)
    return (folder / "made.xlsx").read_bytes()


def test_a_file_is_previewed_then_moved_on_and_declared_as_if_it_had_never_been_seen(tmp_path: Path) -> None:
    rows = list(order_rows(3))
    rows[1]["line.totalPrice"] = "0.01"
    with TryStation(tmp_path) as station:
        kept = station.inbox / "预检"
        kept.mkdir(exist_ok=True)
        content = bytes_of(tmp_path, rows)
        (kept / "一月订单.xlsx").write_bytes(content)
        station.start()
        told = preview(kept, "一月订单")
        assert (told["preview"], kinds(told)) == (True, ["new", "refused", "new"])
        assert told["records"][1]["consequence"]["codes"] == ["-301008"]
        sheet = load_workbook(kept / "一月订单.预检.xlsx").worksheets[0]
        words = [str(row[0].value).split("\n")[0] for row in sheet.iter_rows(min_row=2)]
        assert words == ["预检：新申报（试运行）", "未申报（试运行）", "预检：新申报（试运行）"]
        assert (kept / "一月订单.xlsx").read_bytes() == content
        assert read_ledger(station.customs_folder) == []
        assert drops_of(station) == 0

        (kept / "一月订单.xlsx").rename(station.inbox / "一月订单.xlsx")
        receipt = station.final_receipt("一月订单")
        assert receipt["counts"] == {"rejected": 1, "succeeded": 2}
        assert not any(one["id"] in ("CEBD-1403", "CEBD-1404") for one in receipt["problems"])
        until(lambda: list(kept.iterdir()) == [], "the receipts of a file that was moved on to be removed")

        (kept / "一月订单.xlsx").write_bytes(content)
        assert kinds(preview(kept, "一月订单")) == ["unchanged", "refused", "unchanged"]
        told_before = (kept / "一月订单.预检.json").read_bytes()
        (kept / "一月订单.xlsx").write_bytes(bytes_of(tmp_path, list(order_rows(4))))
        until(
            lambda: (kept / "一月订单.预检.json").read_bytes() != told_before,
            "a file that was saved to be previewed anew",
        )
        assert kinds(preview(kept, "一月订单")) == ["unchanged", "new", "unchanged", "new"]
        assert station.stop() == 0
    assert len(read_ledger(station.customs_folder)) == 2


def test_killed_at_each_step_a_file_stays_where_it_is_and_is_declared_once_when_it_is_moved_on(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.change_settings('name = "trial"', 'name = "trial"\npreview = true')
        content = bytes_of(tmp_path, list(order_rows(2)))
        (station.inbox / "a.xlsx").write_bytes(content)
        kept = station.inbox / "预检"
        for nth, point in enumerate(PREVIEW):
            with (tmp_path / "dying.log").open("wb") as out:
                dying = processes.start(
                    [station.settings_path, point, "1"], script=DYING, stdout=out, stderr=out, changes_cebd=False
                )
                assert dying.wait(PATIENCE) == -9, point
            [place] = [path for path in (station.inbox / "a.xlsx", kept / "a.xlsx") if path.exists()]
            assert (place.parent == kept, place.read_bytes()) == (nth > 0, content), point
        station.start()
        assert kinds(preview(kept, "a")) == ["new", "new"]
        until(lambda: not list(kept.glob(".cebd-*")), "what the kills left to be removed")
        assert drops_of(station) == 0
        (kept / "a.xlsx").rename(station.inbox / "申报" / "a.xlsx")
        assert station.final_receipt("a")["counts"] == {"succeeded": 2}
        assert station.stop() == 0
    assert len(read_ledger(station.customs_folder)) == 2


def test_an_enterprise_that_wants_to_see_first_has_its_files_kept_back_until_they_are_moved_on(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.change_settings('name = "trial"', 'name = "trial"\npreview = true')
        (station.inbox / "order").mkdir()
        write_workbook(station.inbox / "order" / "a.xlsx", "order", list(order_rows(2)))
        assert station.run_once().returncode == 0
        kept = station.inbox / "预检" / "order"
        told = preview(kept, "a", 1.0)
        assert kinds(told) == ["new", "new"]
        [way_on] = [one["fix_zh"] for one in told["problems"] if one["id"] == "CEBD-1056"]
        assert "inbox/申报/order/" in way_on
        assert read_ledger(station.customs_folder) == []

        (kept / "a.xlsx").rename(station.inbox / "申报" / "order" / "a.xlsx")
        station.run_once()
        receipt = station.receipt("a")
        assert receipt is not None
        assert {record["state"] for record in receipt["records"]} <= {"sent", "acknowledged", "succeeded"}
        assert list(kept.iterdir()) == []
    assert len(read_ledger(station.customs_folder)) == 2
