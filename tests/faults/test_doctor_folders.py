"""`cebd doctor` says of an enterprise's folder what is really wrong with it: each fault is made, none is pretended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from builders import mounts
from builders.mounts import NfsHabits
from builders.new_station import new_station
from builders.ordinary_user import USER, runs_as_root
from builders.stations import TryStation
from cebd.operations.doctor.finding import Finding, Level
from cebd.operations.doctor.folders import folder_findings
from cebd.settings import Settings, load_settings
from cebd.store.safety.lock import LOCK, StoreLock
from cebd.trial.rows import order_rows

NAMES = ("inbox", "working", "outbox", "done", "error", "hold")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = new_station(tmp_path / "station", port=9)
    return load_settings(made.settings)


@pytest.fixture
def folder(settings: Settings) -> Path:
    """The enterprise's folder, as a station makes it."""
    folder = settings.folder(settings.enterprise[0])
    make_folders(folder)
    return folder


def make_folders(folder: Path) -> None:
    for name in NAMES:
        (folder / name).mkdir(exist_ok=True, parents=True)


def found(settings: Settings) -> list[Finding]:
    return [one for one in folder_findings(settings) if one.about == f"folder:{settings.enterprise[0].name}"]


def wrong(settings: Settings) -> list[tuple[Level, str, str | None]]:
    return [(one.level, one.text.en, one.command) for one in found(settings) if one.level is not Level.OK]


@contextmanager
def mounted(place: Path, *options: str, kind: str = "tmpfs") -> Iterator[None]:
    """Something mounted there. Skips the test where that cannot be had."""
    what = ["-t", "tmpfs", "tmpfs"] if kind == "tmpfs" else ["--bind", str(place)]
    done = subprocess.run(["mount", *what, str(place), *options], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("only root with the right to mount can mount a disk of its own")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_nothing_is_wrong_with_a_folder_of_this_machine_and_nothing_stays_behind(
    settings: Settings, folder: Path
) -> None:
    before = sorted(folder.rglob("*"))
    assert wrong(settings) in (
        [],
        [(Level.WARN, found(settings)[0].text.en, f"df -h {folder}")],
    )  # a small disk of the tests
    assert sorted(folder.rglob("*")) == before
    said = [one.text.en for one in found(settings)]
    assert f"files can be written, moved and replaced within {folder}" in said
    assert f"{folder}/inbox: a local disk, with file events" in said


def test_a_full_disk(settings: Settings, folder: Path) -> None:
    with mounted(folder, "-o", "size=256k"):
        make_folders(folder)
        with (folder / "filler").open("wb", buffering=0) as out, suppress(OSError):
            while True:
                out.write(b"x" * 4096)
        room, way = wrong(settings)
        assert (room[0], room[2]) == (Level.FAIL, f"df -h {folder}")
        assert way == (
            Level.FAIL,
            f"{folder}: cannot write into inbox: No space left on device",
            f"df -h {folder}",
        )
        assert "磁盘已满" in found(settings)[1].text.zh
        assert not list((folder / "inbox").iterdir())


def test_a_disk_on_which_no_more_files_fit(settings: Settings, folder: Path) -> None:
    with mounted(folder, "-o", "size=4g,nr_inodes=16"):
        make_folders(folder)
        with suppress(OSError):
            for number in range(20):
                (folder / str(number)).touch()
        assert wrong(settings)[0] == (Level.FAIL, f"no more files fit on the disk of {folder}", f"df -i {folder}")


def test_a_disk_that_can_only_be_read(settings: Settings, folder: Path) -> None:
    with mounted(folder, kind="bind"):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        way = wrong(settings)[-1]
    assert way[1] == f"{folder}: cannot write into inbox: Read-only file system"
    assert way[2] is not None
    assert "findmnt" in way[2]


def test_an_inbox_on_another_disk_than_working(settings: Settings, folder: Path) -> None:
    with mounted(folder / "inbox", "-o", "size=3g"):
        way = wrong(settings)[-1]
        assert not list((folder / "inbox").iterdir())
    assert way[1] == f"{folder}: cannot rename from inbox to working: Invalid cross-device link"
    assert way[2] is not None
    assert "findmnt" in way[2]


@pytest.mark.skipif(mounts.why_not() is not None, reason=str(mounts.why_not()))
def test_a_share_that_cannot_rename_and_one_that_is_stale(settings: Settings, folder: Path, tmp_path: Path) -> None:
    with NfsHabits(tmp_path / "nfs") as nfs:
        make_folders(nfs.server)
        shutil.rmtree(folder)
        folder.symlink_to(nfs.place)
        said = [one.text.en for one in found(settings)]
        assert f"{folder}/inbox: a network share fuse.nfs_habits, looked through every 5 s" in said
        assert any("the server of the share decides who may write" in one for one in said)
        nfs.has("no rename")
        assert f"{folder}: cannot rename from inbox to working: Operation not permitted" in [
            one[1] for one in wrong(settings)
        ]
        nfs.no_more("no rename")
        nfs.has("broken", "ESTALE")
        (stale,) = found(settings)
        assert (stale.level, stale.text.en) == (Level.FAIL, f"{folder}: Stale file handle")
        nfs.no_more("broken")
        assert not [path for path in nfs.server.rglob("*") if path.is_file()]


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl is not installed (apt-get install acl)")
def test_who_else_writes_is_named(settings: Settings, folder: Path) -> None:
    inbox = folder / "inbox"
    inbox.chmod(0o770)
    subprocess.run(["setfacl", "-m", "u:daemon:rwx,u:games:r-x,g:users:rwx", str(inbox)], check=True)
    with (inbox / "a.csv").open("wb"):
        said = [one.text.en for one in found(settings)]
    assert any(f"{inbox} may be written by " in one and one.endswith(", daemon, @users") for one in said), said
    assert "being written by other programs: a.csv" in said


@pytest.mark.skipif(not runs_as_root(), reason="the tests are no root: there is only one user")
def test_a_daemon_of_another_user_is_named(settings: Settings, folder: Path) -> None:
    settings.store_dir.mkdir(exist_ok=True)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _lock = StoreLock.take(settings.store_dir)  # for as long as it lives
        os.setuid(USER)
        os.write(write, b".")
        os.read(os.pipe()[0], 1)  # until it is killed
    try:
        assert os.read(read, 1) == b"."
        assert (settings.store_dir / LOCK).exists()
        warned = [one.command for one in folder_findings(settings) if one.about == "daemon"]
        assert warned == ["sudo -u nobody cebd doctor"]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


NO_EVENTS = """
import json, sys
from pathlib import Path
from cebd.operations.doctor.folders import folder_findings
from cebd.settings import load_settings
print(json.dumps([one.as_json() for one in folder_findings(load_settings(Path(sys.argv[1])))]))
"""


needs_a_limit = pytest.mark.skipif(
    subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False).returncode != 0,
    reason="the number of watchers can only be limited in a user namespace of one's own",
)


def without_events(*words: str) -> list[str]:
    """The words as they are run where the system gives no more events."""
    limited = 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh", sys.executable, *words]


@needs_a_limit
def test_a_system_that_gives_no_events(settings: Settings, folder: Path) -> None:
    command = without_events("-c", NO_EVENTS, str(settings.base / "cebd.toml"))
    told = subprocess.run(command, capture_output=True, check=True, text=True)
    (warned,) = [one for one in json.loads(told.stdout) if "no file events" in one["en"]]
    assert warned["level"] == "warn"
    assert "looked through every 5 s" in warned["en"]
    assert warned["command"] == "sysctl fs.inotify"


@needs_a_limit
def test_a_station_that_is_given_no_events_starts_and_declares(tmp_path: Path) -> None:
    """It ended at its start: the library that hears of events asks for them earlier than it did."""
    with TryStation(tmp_path) as station, station.log_path.open("ab") as log:
        command = without_events("-m", "cebd", "run", "-c", str(station.settings_path))
        station.daemon = subprocess.Popen(command, stdout=log, stderr=log, env=station.environment())
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        assert station.final_receipt("orders")["counts"] == {"succeeded": 1}
        assert "the system reports no file events for this folder" in station.log()
        assert station.stop() == 0
