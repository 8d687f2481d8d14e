"""Store, keys and backups have people's identity numbers and signing keys in them: they are for the service's user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from builders import processes
from builders.ordinary_user import runs_as_root
from builders.stations import TryStation
from cebd.trial.rows import order_rows


def open_to_others(folder: Path) -> list[str]:
    """What others than the owner may read, write or enter."""
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()]


def test_store_keys_and_backups_are_the_services_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with TryStation(tmp_path) as station:
            keys = station.settings_path.parent / "keys"
            assert not [path for path in open_to_others(keys) if path.endswith(".key.pem") or path == str(keys)]
            station.store.mkdir(mode=0o755)
            (station.store / "notes").mkdir(mode=0o777)
            (station.store / "notes" / "of-an-earlier-version").write_text("x")
            station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
            station.start()
            station.final_receipt("orders")
            assert {"cebd.sqlite", "cebd.sqlite-wal", "cebd.sqlite-shm", "engine.sqlite", "station.lock"} <= {
                path.name for path in station.store.iterdir()
            }
            assert open_to_others(station.store) == []
            backup = tmp_path / "backup.sqlite"
            assert station.cebd("backup", str(backup), "-c", str(station.settings_path)).returncode == 0
            assert stat.S_IMODE(backup.stat().st_mode) == 0o600
            progress = station.settings_path.parent / ".cebd-progress.json"
            assert stat.S_IMODE(progress.stat().st_mode) == 0o600
            assert station.stop() == 0
            assert open_to_others(station.store) == []
    finally:
        os.umask(before)


@pytest.mark.skipif(not runs_as_root(), reason="the tests are no root: there is only one user")
@pytest.mark.parametrize("command", ["status", "run", "backup"])
def test_a_command_of_another_user_is_told_how_to_run_it(tmp_path: Path, command: str) -> None:
    with TryStation(tmp_path, as_user=True, audited=False) as station:
        station.store.mkdir(mode=0o700)
        (station.store / "cebd.sqlite").write_bytes(b"")
        words = [command, *(["/nowhere/b"] if command == "backup" else []), "-c", str(station.settings_path)]
        told = processes.run(words, environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, as_user=True)
    assert told.returncode == 6, told.stderr
    assert f"sudo -u root cebd {' '.join(words)}" in told.stderr
