"""Listings on terminals of any encoding, by Python started anew: it asks for the encoding as it begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders.declared import a_drop
from builders.new_station import new_station
from builders.new_store import open_store

EVIL = "a\u202exslx.\x1b[2J\r\nb.xlsx"


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = new_station(tmp_path_factory.mktemp("plain") / "station", port=2222)
    store = open_store(made.settings.parent / "store")
    for name in (EVIL, "ü订单😀.xlsx"):
        a_drop(store, name, stem=f"{len(name)}")
    store.close()
    return made.settings


@pytest.mark.parametrize(
    "encoding", [{"PYTHONIOENCODING": "gbk"}, {"PYTHONIOENCODING": "ascii:strict"}, {"LC_ALL": "C"}]
)
def test_listings_come_out_on_any_terminal_and_a_name_stays_on_its_line(
    station: Path, encoding: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "cebd", "list", "-c", str(station)]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONUTF8", "PYTHONIOENCODING")}
    done = subprocess.run(command, capture_output=True, env=environment | encoding, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) == 2
    assert b"\x1b" not in done.stdout
    as_json = subprocess.run([*command, "--json"], capture_output=True, env=environment | encoding, check=False)
    names = [
        one["file"]
        for one in json.loads(as_json.stdout.decode(encoding.get("PYTHONIOENCODING", "utf-8").split(":")[0]))["drops"]
    ]
    assert names == ["ü订单😀.xlsx", EVIL]
