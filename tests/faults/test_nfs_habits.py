"""The inbox lies on a share that has the habits of NFS: no events, sizes that come late, stale files, answers that are lost.

A small file system of our own has them (tests/daemons/nfs_habits.py): no kernel of the tests has NFS.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import mounts
from builders.mounts import NfsHabits
from builders.stations import TryStation
from builders.told import orders_told
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.intake.inboxes.shares import is_share, mount_of
from cebd.trial.rows import order_rows

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"

pytestmark = pytest.mark.skipif(mounts.why_not() is not None, reason=str(mounts.why_not()))


@pytest.fixture
def nfs(tmp_path: Path) -> Iterator[NfsHabits]:
    with NfsHabits(tmp_path / "nfs") as mounted:
        yield mounted


@pytest.fixture
def station(tmp_path: Path, nfs: NfsHabits) -> Iterator[TryStation]:
    """A station whose folder is on the share."""
    with TryStation(tmp_path) as station:
        station.change_settings('folder = "share"', f'folder = "{nfs.place}"')
        # The test reads on the server: what is replaced while it is open, libfuse has no name for, and says that it is not there.
        station.share, station.inbox, station.outbox = nfs.place, nfs.place / "inbox", nfs.server / "outbox"
        yield station


def said(station: TryStation, key: str) -> list[str]:
    """The ids of what `status` says about that place."""
    return [one["id"] for one in station.standing()["conditions"] if one["key"] == f"file:trial:{key}"]


def row(number: int) -> bytes:
    return csv_of(order_rows(1, first=number, prefix="NFS"))


def test_a_share_with_nfs_habits_loses_nothing_and_declares_nothing_twice(nfs: NfsHabits, station: TryStation) -> None:
    mount = mount_of(nfs.place)
    assert mount is not None
    assert (mount.kind, is_share(nfs.place)) == ("fuse.nfs_habits", True)
    station.start(IMPATIENT)
    server = nfs.server / "inbox"
    until(server.is_dir, "the folders made")

    # Another machine writes: no event comes, and its size is remembered for three seconds while it grows.
    nfs.has("late", "3")
    content = csv_of(order_rows(6, first=1, prefix="NFS"))
    lines = content.splitlines(keepends=True)
    with (server / "slow.csv").open("ab", buffering=0) as out:
        for line in lines:
            out.write(line)
            time.sleep(0.7)  # longer than a file on a disk has to be still; the listing shows nothing new meanwhile
    (server / ".nfs000000000000c0de").write_bytes(b"x")
    assert station.final_receipt("slow")["counts"] == {"succeeded": 6}
    nfs.no_more("late")
    assert "it is scanned at intervals" in station.log()

    # The rename into working/ is done, and its answer lost.
    nfs.has("late", "5")
    nfs.has("lost answer", "-lost.csv")
    (server / "lost.csv").write_bytes(row(11))
    assert station.final_receipt("lost")["counts"] == {"succeeded": 1}
    assert nfs.is_over("lost answer")
    nfs.no_more("late")

    # One file is stale: it is named, and taken once it is not.
    nfs.has("stale", "/stale.csv\n-later.csv")
    (server / "stale.csv").write_bytes(row(12))
    (server / "later.csv").write_bytes(row(13))
    until(lambda: said(station, "inbox/stale.csv") == ["CEBD-1040"], "the stale file named")
    words = station.outbox / "stale.csv.problem.txt"
    assert "网络共享上的文件已不是原来那一个" in until(
        lambda: words.exists() and words.read_text("utf-8"), "words about it"
    )
    until(lambda: said(station, "inbox/later.csv") == ["CEBD-1041"], "the file that working/ does not take named")
    nfs.no_more("stale")
    assert station.final_receipt("stale")["counts"] == station.final_receipt("later")["counts"] == {"succeeded": 1}
    until(lambda: not words.exists(), "the words gone with the matter")

    # Taken away on the server before it was taken in: no matter.
    nfs.has("stale", "/gone.csv")
    (server / "gone.csv").write_bytes(row(14))
    until(lambda: said(station, "inbox/gone.csv") == ["CEBD-1040"], "the file seen")
    (server / "gone.csv").unlink()
    nfs.no_more("stale")

    # A reader keeps the receipt open while it is replaced, and the file is said to be full only when it is closed.
    nfs.has("full")
    with (nfs.place / station.receipt_book("slow").relative_to(nfs.server)).open("rb"):
        (server / "full.csv").write_bytes(row(15))
        station.condition("outbox:trial", "CEBD-1742")
        nfs.no_more("full")
        assert station.final_receipt("full")["counts"] == {"succeeded": 1}

    # The whole share fails for a while, and the daemon is killed meanwhile.
    (server / "killed.csv").write_bytes(row(16))
    until(lambda: not (server / "killed.csv").exists(), "the file taken")
    nfs.has("broken", "ESTALE")
    station.kill()
    station.start(IMPATIENT)
    station.condition("file:trial:", "CEBD-1053")
    nfs.no_more("broken")
    assert station.final_receipt("killed")["counts"] == {"succeeded": 1}
    until(lambda: not [one for one in station.standing()["conditions"] if one["id"] != "CEBD-1049"], "nothing wrong")
    assert station.stop() == 0
    told = orders_told(station, "NFS")
    assert (len(told), set(told.values())) == (11, {1})
    assert "Traceback" not in station.log()
