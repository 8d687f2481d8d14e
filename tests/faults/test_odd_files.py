"""One odd file: the others go on, the odd one is named, the station can always start."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from builders.ordinary_user import runs_as_root
from builders.stations import TryStation, is_over
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.sandbox.ledger import read_ledger
from cebd.store.store import Store
from cebd.store.tables import drops
from cebd.trial.rows import order_rows

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"


def conditions(station: TryStation) -> dict[str, str]:
    """What `status` names, by place."""
    said = station.cebd("status", "--json", "-c", str(station.settings_path))
    found: list[dict[str, Any]] = json.loads(said.stdout)["conditions"] if said.returncode == 0 else []
    return {one["key"].removeprefix("file:trial:"): one["id"] for one in found if one["key"].startswith("file:")}


def accepted(station: TryStation, name: str) -> Callable[[], bool]:
    def holds() -> bool:
        receipt = station.receipt(name)
        return receipt is not None and receipt["counts"] == {"succeeded": 1}

    return holds


def test_files_that_cannot_be_taken_are_named_and_keep_nobody_waiting(tmp_path: Path) -> None:
    with TryStation(tmp_path, as_user=True) as station:
        station.add_enterprise()
        # What lies there before the start: none of it may keep the station from starting.
        theirs = station.inbox / "order"
        theirs.mkdir()
        (theirs / "o.csv").write_bytes(csv_of(order_rows(1, first=1, prefix="MOVE")))
        (station.inbox / "private.csv").write_bytes(csv_of(order_rows(1, first=2, prefix="READ")))
        (station.inbox / "private.csv").chmod(0o600)
        os.mkfifo(station.inbox / "pipe.xlsx")
        (station.inbox / "orders.csv.part").write_bytes(b"x")
        station.start(IMPATIENT)
        station.other_enterprise_goes_on()
        expected = {"inbox/pipe.xlsx": "CEBD-1042", "ignored": "CEBD-1049"}
        if runs_as_root():
            expected |= {"inbox/order/o.csv": "CEBD-1041", "inbox/private.csv": "CEBD-1040"}
        until(lambda: conditions(station) == expected, f"{expected} named")
        words = until(lambda: sorted(path.name for path in station.outbox.glob("*.problem.txt")), "words in the outbox")
        if runs_as_root():
            assert words == ["o.csv.problem.txt", "pipe.xlsx.problem.txt", "private.csv.problem.txt"]
            assert station.log().count("private.csv cannot be read") == 1
            assert station.log().count("o.csv cannot be taken") == 1
        audit = station.cebd("audit", "-c", str(station.settings_path))
        assert audit.returncode == 0, audit.stdout
        # A pipe does not keep it from ending, and all of it not from starting.
        assert station.stop() == 0
        if runs_as_root():
            with Store.open(station.store, create=False).read() as connection:
                assert set(connection.execute(select(drops.c.state)).scalars()) == {"filed"}
        station.start(IMPATIENT)
        # What stood in the way is taken away: they are declared, and nothing is said any more.
        (station.inbox / "private.csv").chmod(0o644)
        theirs.chmod(0o777)
        until(accepted(station, "o"), "o.csv declared")
        until(accepted(station, "private"), "private.csv declared")
        (station.inbox / "pipe.xlsx").unlink()
        until(lambda: conditions(station) == {"ignored": "CEBD-1049"}, "nothing else named")
        assert not list(station.outbox.glob("*.problem.txt"))
        assert station.stop() == 0


def test_names_that_no_disk_or_windows_takes_get_their_receipts(tmp_path: Path) -> None:
    names = [
        "订单0001.csv".encode("gbk"),
        ("订单明细" * 20 + "ab.csv").encode(),
        ("单" * 82 + "cd.csv").encode(),
        b"Orders.csv",
        b"orders.csv",
        "订单 12:30.csv".encode(),
        "日报?.csv".encode(),
        "尾空格 .csv".encode(),
        b"two\nlines.csv",
    ]
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        station.start()
        for number, name in enumerate(names, 1):
            station.drop(os.fsdecode(name), csv_of(order_rows(1, first=number, prefix="NAME")))
        station.other_enterprise_goes_on()
        done = until(lambda: _receipts(station, len(names)), "a receipt of each")
        assert all(receipt["counts"] == {"succeeded": 1} for receipt in done.values())
        assert {"订单0001", "订单 12：30", "日报？", "尾空格"} <= {name.partition(".receipt")[0] for name in done}
        assert len({name.casefold() for name in done}) == len(names)
        assert station.stop() == 0


def _receipts(station: TryStation, number: int) -> dict[str, Any] | None:
    files = station.outbox.glob("json/*/*.receipt.json")
    found = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files}
    return found if len(found) == number and all(map(is_over, found.values())) else None


def test_half_files_open_workbooks_and_files_that_change_are_never_declared_in_part(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.add_enterprise()
        station.drop_rows("open.xlsx", "order", list(order_rows(1, first=1, prefix="OPEN")))
        (station.inbox / "~$open.xlsx").write_bytes(b"x")
        whole = csv_of(order_rows(2, first=2, prefix="HALF"))
        cut = whole.index(b"\n", whole.index(b"\n") + 1) + 20  # within the second order
        (station.inbox / "half.csv").write_bytes(whole[:cut])
        (station.inbox / "stays-half.csv").write_bytes(whole[:cut])
        with (station.inbox / "writing.csv").open("wb") as writer:
            writer.write(csv_of(order_rows(1, first=5, prefix="WRITE")))
            writer.flush()
            station.start(IMPATIENT)
            open_ones = {"inbox/open.xlsx": "CEBD-1046", "inbox/writing.csv": "CEBD-1047"}
            until(lambda: station.log().count("CEBD-1044") == 2, "both halves named")
            station.drop("half.csv", whole)
            until(lambda: conditions(station).items() >= open_ones.items(), "those that are open named")
            until(lambda: station.receipt("half"), "the half file declared")
            assert station.final_receipt("half")["counts"] == {"succeeded": 2}
        until(accepted(station, "writing"), "the file that was written declared")
        until((station.share / "error" / "stays-half.csv").exists, "what stays half in error/")
        (station.inbox / "~$open.xlsx").unlink()
        until(accepted(station, "open"), "the closed workbook declared")
        # Somebody writes on while it is read: nothing of it goes out, and the finished file is declared as if for the first time.
        final = csv_of(order_rows(2, first=7, prefix="CHANGE"))
        station.drop("changes.csv", csv_of(order_rows(1, first=7, prefix="CHANGE")))
        until(lambda: station.receipt("changes"), "a receipt of what changed")
        held = station.receipt("changes")
        assert held is not None
        assert held["counts"] == {"held": 1}
        assert "CEBD-1048" in [one["id"] for one in held["problems"]]
        assert (station.share / "hold" / "changes.csv").exists()
        station.drop("changed.csv", final)
        assert station.final_receipt("changed")["counts"] == {"succeeded": 2}
        assert len(read_ledger(station.customs_folder)) == 2 + 1 + 1 + 2
        station.other_enterprise_goes_on()
        until(lambda: not conditions(station), "nothing named any more")
        assert "CEBD-1045" in (station.share / "error" / "stays-half.csv.problem.txt").read_text(encoding="utf-8")
        assert not list(station.outbox.glob("*.problem.txt"))
        assert station.stop() == 0


def test_what_nas_boxes_leave_and_what_is_planted_is_never_declared(tmp_path: Path) -> None:
    left = (
        "#recycle/deleted.csv",
        "@Recycle/deleted.csv",
        "$RECYCLE.BIN/$R1.csv",
        "@eaDir/orders.csv/x.csv",
        "A1B2C3D4",
    )
    with TryStation(tmp_path, audited=False) as station:
        station.add_enterprise()
        for number, name in enumerate(left, 1):
            (station.inbox / name).parent.mkdir(parents=True, exist_ok=True)
            (station.inbox / name).write_bytes(csv_of(order_rows(1, first=number, prefix="LEFT")))
        station.start(IMPATIENT)
        until(lambda: "station runs" in station.log(), "the station to run")
        stranger = station.share / "working" / "000001-20261126.csv"
        stranger.write_bytes(csv_of(order_rows(1, first=8, prefix="LEFT")))
        station.drop("20261126.csv", csv_of(order_rows(1, first=7, prefix="LEFT")))
        until(accepted(station, "20261126"), "what people named declared")
        # A link in the place of a folder of ours: nothing is moved through it.
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (station.share / "error").rmdir()
        (station.share / "error").symlink_to(elsewhere)
        station.drop("no.csv", b"a,b\n1,2\n")
        (station.share / "done").rename(station.share / "done-before")
        (station.share / "done").symlink_to(elsewhere)
        station.drop("yes.csv", csv_of(order_rows(1, first=9, prefix="LEFT")))
        until(lambda: conditions(station).get("error") == "CEBD-1050", "the link named")
        until(accepted(station, "yes"), "a receipt of what cannot be put away")
        station.other_enterprise_goes_on()
        assert not list(elsewhere.iterdir())
        (station.share / "error").unlink()
        (station.share / "done").unlink()
        (station.share / "done-before").rename(station.share / "done")
        until(lambda: list((station.share / "done").rglob("yes.csv")), "the file in done/ after all")
        until((station.share / "error" / "no.csv.problem.txt").exists, "the file in error/ after all")
        assert all((station.inbox / name).exists() for name in left)
        assert stranger.exists()
        assert station.stop() == 0
        audit = json.loads(station.cebd("audit", "--json", "-c", str(station.settings_path)).stdout)
        assert [(one["id"], one["value"]) for one in audit["exceptions"]] == [("CEBD-1803", stranger.name)]
