"""Runs inside a container, as root: installs the package, has it work, upgrades it, tries one that breaks, goes back, removes it.

/srv holds four packages: cebd.deb; later.deb, whose stores are of a later version; broken.deb, which cannot bring a store up to date;
not-unpacked.deb, which dpkg cannot unpack.
The station `one` is new; `old` has a store of the first version of cebd.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

SETTINGS = {"one": Path("/etc/cebd/one/cebd.toml"), "old": Path("/srv/cebd/old/cebd.toml")}
STORES = {"one": Path("/var/lib/cebd/one/store/cebd.sqlite"), "old": Path("/srv/cebd/old/store/cebd.sqlite")}
SEND = Path("/srv/side/send")
found: dict[str, Any] = {"times": {}}


def said(*words: str) -> dict[str, Any]:
    began = time.monotonic()
    own = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LD_LIBRARY_PATH")
    }  # this script's
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=100, check=False, stdin=subprocess.DEVNULL, env=own
    )
    found["times"][" ".join(words[:3])] = round(time.monotonic() - began, 1)
    return {"code": ended.returncode, "said": ended.stdout + ended.stderr}


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def declare(name: str) -> bool:
    before = len(list(SEND.glob("*.xml")))
    inbox = Path("/srv/one/inbox")
    shutil.copy(f"/srv/{name}.xlsx", inbox / f"{name}.xlsx")
    shutil.chown(inbox / f"{name}.xlsx", "cebd", "cebd")
    return bool(until(lambda: len(list(SEND.glob("*.xml"))) == before + 1))


def states() -> dict[str, str]:
    shown = {name: said("cebd", "service", "status", "--json", "--name", name)["said"] for name in SETTINGS}
    return {name: json.loads(text)["state"] for name, text in shown.items()}


def versions() -> dict[str, str]:
    found = {}
    for name, store in STORES.items():
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            found[name] = dict(connection.execute("SELECT name, value FROM about")).get("version", "1")
    return found


def installed(package: str) -> dict[str, Any]:
    """The package over the one that is there, and how the stations stand afterwards."""
    began = time.monotonic()
    done = said("dpkg", "-i", f"/srv/{package}.deb")
    found["times"][f"dpkg -i {package}"] = round(time.monotonic() - began, 1)
    return {**done, "states": states(), "versions": versions()}


try:
    found["install"] = said("dpkg", "-i", "/srv/cebd.deb")
    subprocess.run(["chown", "-R", "cebd:cebd", "/srv/cebd", "/srv/keys"], check=True)
    for name, settings in SETTINGS.items():
        found[f"service install {name}"] = said("cebd", "service", "install", "-c", str(settings), "--name", name)
    found["start"] = said("cebd", "service", "start", "--name", "one")
    found["running"] = states()
    found["declared"] = declare("first")
    Path("/run/cebd-stopped").write_text(
        "cebd@old.service\n", encoding="ascii"
    )  # it worked when an earlier package stopped it
    found["upgraded"] = installed("later")
    found["declared again"] = declare("second")
    found["broken"] = installed("broken")
    found["gone back"] = installed("later")
    found["declared at last"] = declare("third")
    found["not unpacked"] = installed("not-unpacked")
    found["declared after it"] = declare("fourth")
    found["audits"] = {
        name: said("runuser", "-u", "cebd", "--", "cebd", "audit", "-c", str(path))["code"]
        for name, path in SETTINGS.items()
    }
    found["remove"] = said("dpkg", "-r", "cebd")
    left = said("systemctl", "is-active", "cebd@one")["said"].strip()
    found["removed"] = {
        "active": left,
        "program": Path("/opt/cebd").exists(),
        "stores": all(store.exists() for store in STORES.values()),
        "settings": all(settings.exists() for settings in SETTINGS.values()),
    }
except Exception:
    found["broke"] = traceback.format_exc()
finally:
    log = Path("/srv/one.log")
    found["log"] = log.read_text(errors="replace") if log.exists() else ""
    Path("/out/found.json").write_text(json.dumps(found), encoding="utf-8")
