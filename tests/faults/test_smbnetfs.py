"""The folder is a share of a real Samba, mounted on the daemon's machine by smbnetfs (FUSE): no kernel of the tests has cifs."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders import mounts, samba
from builders.mounts import place_of, smbnetfs
from builders.ordinary_user import USER, a_folder_for_the_user
from builders.samba import Samba
from builders.stations import TryStation
from builders.told import orders_told
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.intake.inboxes.shares import is_share, mount_of
from cebd.operations.doctor.finding import Level
from cebd.operations.doctor.folders import folder_findings
from cebd.settings import Settings, load_settings
from cebd.trial.rows import order_rows

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"
PORT = 445  # the only one that smbnetfs asks


def why_not() -> str | None:
    missing = samba.why_not() or mounts.why_not()
    if missing is None and shutil.which("smbnetfs") is None:
        return "smbnetfs is not installed (apt-get install smbnetfs)"
    return missing


pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@dataclass
class Mount:
    server: Samba
    on_server: Path
    place: Path


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as error:
            pytest.skip(f"port {PORT} cannot be listened at: {error}")
    shared = a_folder_for_the_user()
    os.chown(shared, USER, USER)
    owner = pwd.getpwuid(USER).pw_name
    try:
        with (
            Samba({"drop": shared}, owner=owner, port=PORT) as server,
            smbnetfs(tmp_path / "smbnetfs", server, "drop") as network,
        ):
            yield Mount(server, shared, place_of(network.place, server, "drop"))
    finally:
        shutil.rmtree(shared)


def row(number: int) -> bytes:
    return csv_of(order_rows(1, first=number, prefix="SNF"))


def words(station: TryStation) -> set[str]:
    """What `status` says about the enterprise's files: place and id."""
    conditions = station.standing()["conditions"]
    return {
        f"{one['key'].removeprefix('file:trial:')} {one['id']}" for one in conditions if one["key"].startswith("file:")
    }


def wrong(settings: Settings) -> list[str]:
    """What the doctor says of the enterprise's folder."""
    found = folder_findings(settings)
    return [one.text.en for one in found if one.about == "folder:trial" and one.level is not Level.OK]


def test_a_mounted_share_is_known_polled_and_declared_from(tmp_path: Path, mounted: Mount) -> None:
    mount = mount_of(mounted.place)
    assert mount is not None
    assert (mount.kind, is_share(mounted.place)) == ("fuse.smbnetfs", True)
    with TryStation(tmp_path / "station") as station:
        station.change_settings('folder = "share"', f'folder = "{mounted.place}"')
        # The test looks on the server: where smbnetfs was refused a file, it answers nothing for some seconds.
        station.share, station.outbox = mounted.on_server, mounted.on_server / "outbox"
        station.start(IMPATIENT)
        inbox = mounted.on_server / "inbox"
        until(inbox.is_dir, "the folders made")
        source = tmp_path / "put"
        source.write_bytes(row(1))
        mounted.server.do("drop", f'put "{source}" "inbox/订单 1.csv"')
        assert station.final_receipt("订单 1")["counts"] == {"succeeded": 1}
        assert "it is scanned at intervals" in station.log()
        assert next(mounted.on_server.rglob("订单 1.receipt.xlsx")).read_bytes()[:2] == b"PK"

        # Somebody at another machine has it open and lets nobody in: it is said, and taken when it is closed.
        source.write_bytes(row(2))
        mounted.server.do("drop", f'put "{source}" inbox/held.tmp')
        mounted.server.do("drop", "rename inbox/held.tmp inbox/held.csv")
        with mounted.server.opened("drop", "inbox/held.csv"):
            until(lambda: words(station), "a word about it, or about the share that smbnetfs gives up for a moment")
            assert {word.rpartition(" ")[2] for word in words(station)} <= {"CEBD-1040", "CEBD-1053"}
        assert station.final_receipt("held")["counts"] == {"succeeded": 1}

        settings = load_settings(station.settings_path)
        until(lambda: not wrong(settings), "nothing wrong with the folder")
        assert any("a network share fuse.smbnetfs" in one.text.en for one in folder_findings(settings))

        mounted.server.stop()
        station.condition("file:trial:", "CEBD-1053")
        (inbox / "meanwhile.csv").write_bytes(row(3))
        mounted.server.start()
        assert station.final_receipt("meanwhile")["counts"] == {"succeeded": 1}
        until(lambda: not station.standing()["conditions"], "nothing wrong any more")
        assert station.stop() == 0
        assert orders_told(station, "SNF") == {f"SNF{number:010d}": 1 for number in (1, 2, 3)}
        assert "Traceback" not in station.log()
