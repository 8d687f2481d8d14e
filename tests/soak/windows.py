"""`./dev soak windows`: the demonstration under Wine; builds the installer and installs it silently; the demonstration and a service's
life from what it installed; the installer over itself while a service works; its removal.

Prints what each step took; ends with 1 where one is not as it should be.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from builders import wine
from builders.old_station import old_station
from builders.windows_station import answered, live, station


def _demonstration(*program: str) -> tuple[bool, float]:
    """`cebd demo`: whether it went through to the end, and how many seconds it took."""
    shutil.rmtree(wine.drive_c() / "demo", ignore_errors=True)
    began = time.monotonic()
    code, said = wine.run_program(*program, "demo", "--dir", "C:\\demo", seconds=300)
    if code != 0:
        print(said[-3000:], file=sys.stderr)
    return code == 0, time.monotonic() - began


def _upgrade(setup: Path, installed: Path) -> dict[str, Any]:
    """The installer over itself while a service works; beside it a station whose store is of the first version."""
    folder = station()
    shutil.rmtree(wine.drive_c() / "old", ignore_errors=True)
    old_station(wine.drive_c() / "old")
    words = (wine.on_windows(setup), wine.on_windows(installed))
    return answered("upgrade", folder, *words, seconds=500)


def main() -> int:
    reason = wine.why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 1
    installed = wine.drive_c() / "cebd"
    shutil.rmtree(installed, ignore_errors=True)
    python = wine.HOME / "python/python.exe"
    wanted, times = {}, {}
    wanted["the demonstration, from the source tree"], times["demo"] = _demonstration(str(python), "-m", "cebd")
    with tempfile.TemporaryDirectory(prefix="cebd-setup-", dir=wine.drive_c()) as place:
        words = [sys.executable, str(wine.TREE / "bundle/windows.py"), "--python", str(python.parent), place]
        subprocess.run(words, check=True)
        setup = Path(place) / "cebd-setup.exe"
        print(f"{setup.name}: {setup.stat().st_size / 1e6:.1f} MB")
        began = time.monotonic()
        code, said = wine.run_program(wine.on_windows(setup), "/S", "/D=C:\\cebd")
        times["installed"] = time.monotonic() - began
        wanted["installed"] = code == 0 and (installed / "python/python.exe").exists()
        shutil.copy(python.parent / "Lib/site-packages/sitecustomize.py", installed / "python/Lib/site-packages")
        code, said = wine.run_program(str(installed / "cebd.exe"), "explain", "120")
        wanted["cebd.exe"] = code == 0 and "120" in said
        wanted["the demonstration, installed"], times["demo, installed"] = _demonstration(str(installed / "cebd.exe"))
        seen = live(installed / "python/python.exe")
        wanted |= {
            "a service": seen["start"]["code"] == 0 and seen["running"]["state"] == "running",
            "declared": seen["declared"],
            "after a boot": seen["declared again"],
            "removed": seen["missing"]["state"] == "missing",
        }
        later = _upgrade(setup, installed)
    wanted |= {
        "upgraded while it worked": later["setup"] == 0 and later["declared"] and later["other process"],
        "works after the upgrade": later["running"] == {"try": "running", "old": "running"} and later["declared again"],
        "a store of the first version is brought up to date": later["versions"] == {"try": "2", "old": "2"},
        "uninstalled, with its services": later["uninstall"] == 0
        and later["missing"] == {"try": "missing", "old": "missing"}
        and later["left"] == {"program": False, "stores": [True, True]},
    }
    print(json.dumps({name: round(seconds) for name, seconds in times.items()} | seen["times"] | later["times"]))
    for step, holds in wanted.items():
        print(f"{'ok ' if holds else 'BAD'} {step}")
    if not all(wanted.values()):
        print(json.dumps([seen, later], indent=1, ensure_ascii=False), file=sys.stderr)
    return 0 if all(wanted.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
