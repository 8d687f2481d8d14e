"""`./dev soak windows`: the demonstration under Wine; builds the installer and installs it silently; the demonstration and a service's
life from what it installed; the installer over itself while a service works, and where it cannot be done: a store of the future, a
migration that breaks, no room for the program; its removal.

Prints what each step took; ends with 1 where one is not as it should be.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cebd
from builders import wine
from builders.old_station import BROKEN, old_station
from builders.small_disk import CannotMount, small_disk
from builders.windows_station import answered, live, station
from cebd.store.databases.migrations import VERSION

_MEGABYTES = 1000  # room for the program three times


def _demonstration(*program: str) -> tuple[bool, float]:
    """`cebd demo`: whether it went through to the end, and how many seconds it took."""
    shutil.rmtree(wine.drive_c() / "demo", ignore_errors=True)
    began = time.monotonic()
    code, said = wine.run_program(*program, "demo", "--dir", "C:\\demo", seconds=300)
    if code != 0:
        print(said[-3000:], file=sys.stderr)
    return code == 0, time.monotonic() - began


def _upgrade(setup: Path, broken: Path, installed: Path) -> dict[str, Any]:
    """The installer over itself while a service works; beside it a station whose store is of the first version."""
    folder = station()
    shutil.rmtree(wine.drive_c() / "old", ignore_errors=True)
    old_station(wine.drive_c() / "old")
    words = (wine.on_windows(one) for one in (setup, broken, installed))
    return answered("upgrade", folder, *words, seconds=900)


def _broken(installed: Path, place: Path) -> Path:
    """An installer of a later version, whose migration of stores fails."""
    stage = place / "broken"
    shutil.copytree(installed, stage, ignore=shutil.ignore_patterns("__pycache__", "uninstall.exe"))
    module = stage / "python/Lib/site-packages/cebd/store/databases/migrations.py"
    module.write_text(module.read_text(encoding="utf-8") + BROKEN.format(version=VERSION + 1), encoding="utf-8")
    installer: Callable[..., Path] = runpy.run_path(str(wine.TREE / "bundle/windows.py"))["installer"]
    return installer(stage, "0.9.0", place / "broken-setup.exe", "-XSetCompress off")


def _as_wanted(later: dict[str, Any]) -> dict[str, bool]:
    """Each upgrade and what was to be seen after it."""
    both, current = {"try": "running", "old": "running"}, str(VERSION)
    upgrades = {
        name: later[name]
        for name in ("one store of the future", "upgraded", "a migration that breaks", "no room for the program")
    }
    future, upgraded, broken, full = upgrades.values()
    return {
        "a store of the future: said, its station not started; the other one upgraded while it worked": future["code"]
        == 1
        and (future["states"], future["versions"])
        == ({"try": "running", "old": "stopped"}, {"try": current, "old": "99"})
        and "版本为 99" in future["log"]
        and not future["same process"],
        "upgraded, a store of the first version too": upgraded["code"] == 0
        and (upgraded["states"], upgraded["versions"]) == (both, {"try": current, "old": current})
        and upgraded["log"].count("Its books balance") == 2,
        "a migration that breaks: said, the earlier version is back and runs, its stores as before": broken["code"] == 1
        and (broken["states"], broken["versions"]) == (both, upgraded["versions"])
        and "a mistake in this version" in broken["log"]
        and not broken["broken"],
        "no room for the program: nothing is changed or stopped": full["code"] == 2
        and (full["states"], full["versions"]) == (both, upgraded["versions"])
        and full["same process"],
        "what is installed is shown with its version": {one["shown"] for one in upgrades.values()}
        == {cebd.__version__},
        "a second setup beside the first one does nothing": {one["beside it"] for one in upgrades.values()} == {2},
        "nothing left over": not any(one["left over"] for one in upgrades.values()),
        "declared after each of them": all(one["declared"] for one in (later, *upgrades.values())),
        "uninstalled, with its services": later["uninstall"] == 0
        and later["missing"] == {"try": "missing", "old": "missing"}
        and later["left"] == {"program": False, "stores": [True, True]},
    }


def main() -> int:
    reason = wine.why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 1
    installed = wine.drive_c() / "cebd"
    shutil.rmtree(installed, ignore_errors=True)
    try:
        with small_disk(installed, _MEGABYTES):
            return _tried(installed)
    except CannotMount as error:
        print(error, file=sys.stderr)
        return 1


def _tried(installed: Path) -> int:
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
        later = _upgrade(setup, _broken(installed, Path(place)), installed)
    wanted |= _as_wanted(later)
    print(json.dumps({name: round(seconds) for name, seconds in times.items()} | seen["times"] | later["times"]))
    for step, holds in wanted.items():
        print(f"{'ok ' if holds else 'BAD'} {step}")
    if not all(wanted.values()):
        print(json.dumps([seen, later], indent=1, ensure_ascii=False), file=sys.stderr)
    return 0 if all(wanted.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
