"""Runs inside a container, as root: lives through a service's life and writes what systemd says of it to /out/found.json."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHARE = Path("/srv/cebd/one")
SETTINGS = Path("/etc/cebd/one/cebd.toml")
STORE = Path("/var/lib/cebd/one/store")
found: dict[str, Any] = {}


def systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=60, check=False)


def shown(unit: str) -> dict[str, str]:
    wanted = "ActiveState,SubState,StatusText,NRestarts,Result,MainPID,ExecMainStatus,User,DynamicUser"
    lines = systemctl("show", "-p", wanted, unit).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def handed_over() -> int:
    """Messages that the other side sees whole."""
    return len([path for path in Path("/srv/cebd/one-side/send").iterdir() if path.suffix == ".xml"])


def declare(name: str) -> bool:
    """Drop the workbook under that name; whether its message is signed and handed over."""
    before = handed_over()
    shutil.copy(f"/srv/cebd/{name}.xlsx", SHARE / "inbox" / f"{name}.xlsx")
    shutil.chown(SHARE / "inbox" / f"{name}.xlsx", "cebd", "cebd")
    return bool(until(lambda: handed_over() == before + 1))


def cebd(*words: str) -> dict[str, Any]:
    ended = subprocess.run(["cebd", *words], capture_output=True, text=True, timeout=60, check=False)
    return {"code": ended.returncode, "said": ended.stdout + ended.stderr}


def is_enabled(*units: str) -> list[str]:
    return systemctl("is-enabled", *units).stdout.split()


def life() -> None:
    found["install"] = cebd("service", "install", "-c", str(SETTINGS), "--name", "one")
    found["install"]["enabled"] = is_enabled("cebd@one.service", "cebd-backup@one.timer")
    began = time.monotonic()
    started = systemctl("start", "cebd@one")
    found["start"] = {"code": started.returncode, "seconds": time.monotonic() - began, **shown("cebd@one")}
    found["declared"] = declare("first")

    reload()
    back_up()

    pid = shown("cebd@one")["MainPID"]
    systemctl("kill", "--kill-whom=main", "--signal=KILL", "cebd@one")
    until(lambda: shown("cebd@one")["MainPID"] not in (pid, "0") and shown("cebd@one")["ActiveState"] == "active")
    found["killed"] = {"other": shown("cebd@one")["MainPID"] != pid, **shown("cebd@one")}
    found["declared after the kill"] = declare("second")

    pid = shown("cebd@one")["MainPID"]
    found["upgrade"] = cebd("service", "upgrade")
    found["upgrade"] |= {
        "other": shown("cebd@one")["MainPID"] != pid,
        **shown("cebd@one"),
        "copies": [(path.name[:8], path.owner()) for path in STORE.glob("backups/*.sqlite")],
        "owners": sorted({path.owner() for path in STORE.rglob("*")}),
    }

    began = time.monotonic()
    systemctl("stop", "cebd@one")
    found["stop"] = {"seconds": time.monotonic() - began, **shown("cebd@one")}

    found["uninstall"] = cebd("service", "uninstall", "--all")
    found["uninstall"] |= {
        "timer": shown("cebd-backup@one.timer")["ActiveState"],
        "left": [str(path) for path in Path("/etc/systemd/system").rglob("*@one*")],
        "store": (STORE / "cebd.sqlite").exists(),
        "backups": len(list(Path("/var/lib/cebd/backups/one").glob("*.sqlite"))),
    }


def reload() -> None:
    """Settings that can be used but for what waits, settings with a mistake, and the first ones again."""
    first = SETTINGS.read_text(encoding="utf-8")
    pid = shown("cebd@one")["MainPID"]
    for name, changes in (
        ("reloaded", {'name = "one"\nenv': 'name = "two"\nenv', 'language = "en"': 'language = "zh"'}),
        ("refused", {'signer = "token"': 'signer = "another"'}),
        ("mended", {}),
    ):
        text = first
        for old, new in changes.items():
            text = text.replace(old, new)
        SETTINGS.write_text(text, encoding="utf-8")
        before = shown("cebd@one")["StatusText"]
        code = systemctl("reload", "cebd@one").returncode
        until(lambda before=before: shown("cebd@one")["StatusText"] not in (before, ""))
        found[name] = {"code": code, "same": shown("cebd@one")["MainPID"] == pid, **shown("cebd@one")}
    found["declared after reloads"] = declare("third")


def back_up() -> None:
    """A backup while the service runs, by the unit that the timer starts."""
    next_time = systemctl("show", "-p", "ActiveState,NextElapseUSecRealtime", "cebd-backup@one.timer").stdout
    done = systemctl("start", "cebd-backup@one.service")
    folder = Path("/var/lib/cebd/backups/one")
    found["backup"] = {
        "next": next_time,
        "code": done.returncode,
        **shown("cebd-backup@one.service"),
        "files": sorted(path.name for path in folder.glob("*")),
        "mode": [oct(path.stat().st_mode & 0o777) for path in folder.glob("*.sqlite")],
        "owner": [path.owner() for path in folder.glob("*.sqlite")],
        "known": (STORE / "backed-up.json").exists(),
    }


def hang() -> None:
    """The work loop of this one hangs from its second round on."""
    systemctl("start", "cebd@hangs")
    until(lambda: int(shown("cebd@hangs")["NRestarts"]) > 0)
    found["hangs"] = shown("cebd@hangs")
    systemctl("stop", "cebd@hangs")


def refuse() -> None:
    systemctl("start", "cebd@wrong")
    found["wrong"] = shown("cebd@wrong")


try:
    life()
    hang()
    refuse()
except Exception:
    found["broke"] = traceback.format_exc()
finally:
    found["logs"] = {path.name: path.read_text(errors="replace") for path in Path("/srv/cebd").glob("*.log")}
    Path("/out/found.json").write_text(json.dumps(found), encoding="utf-8")
