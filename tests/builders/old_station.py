"""A station that an earlier version left behind (`tests/stores/make_station.py`, `make_waiting.py`), unpacked for a test."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from builders import processes
from cebd.trial.keys import make_trial_key

STORES = Path(__file__).parents[1] / "stores"

BROKEN = """
VERSION = {version}


def _breaks(connection):
    connection.exec_driver_sql("DROP TABLE receipts")
    raise RuntimeError("a mistake in this version")


STEPS.update(dict.fromkeys(range(3, VERSION), complete_tables))
STEPS[VERSION] = _breaks
"""
"""At the end of the migrations: a later version that cannot bring a store up to date."""


def old_station(folder: Path, name: str = "version-1") -> Path:
    """A copy with keys of its own; returns its settings file."""
    with tarfile.open(STORES / f"{name}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    make_trial_key(folder / "keys")
    return folder / "cebd.toml"


def cebd(*arguments: str, seconds: float = 60, answer: str = "") -> subprocess.CompletedProcess[str]:
    """A command of cebd; never raises for how it ends."""
    return processes.run(arguments, answer=answer, seconds=seconds)
