"""The command that mends what the doctor finds, as it is typed on this system; else the one that shows the cause of it."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from cebd.machine_folder import machine_folder
from cebd.problems.problem import Problem
from cebd.settings import Settings
from cebd.settings.lines import line_of
from cebd.store.safety.copies import BACKUPS, newest_backup
from cebd.store.store import StoreClosed, StoreError
from cebd.transport.channels.kind import ChannelSettings

_HERE_ON_WINDOWS = sys.platform == "win32"
_OF_TOKENS = {
    "CEBD-1501": "cebd token list",
    "CEBD-1502": "cebd token test {name} --login",
    "CEBD-1522": "cebd token accept {name}",
    "CEBD-1527": "cebd token accept {name}",
}
_OF_THE_OTHER_SIDE = (
    "CEBD-1604",
    "CEBD-1606",
    "CEBD-1610",
    "CEBD-1631",
    "CEBD-1632",
    "CEBD-1663",
    "CEBD-1664",
    "CEBD-1667",
)


def edit(settings: Settings, *location: str | int, line: int | None = None) -> str:
    """Open the settings at that line, or where that key stands."""
    line = line if line is not None or not location else line_of(location, dict(settings.lines))
    if _HERE_ON_WINDOWS:
        return f'notepad "{settings.path}"'
    return shlex.join(["editor", *([] if line is None else [f"+{line}"]), str(settings.path)])


def start() -> str:
    return "cebd service start"


def restore(store_dir: Path) -> str:
    """Of the latest backup, as far as it is known where it lies."""
    backup = newest_backup(store_dir)
    if backup is None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            backup = Path(json.loads((store_dir / "backed-up.json").read_bytes())["path"])
    return f"cebd restore {_quoted(backup or store_dir / BACKUPS / 'BACKUP')}"


def of_store(store_dir: Path, error: StoreError) -> str:
    """Of a store that cannot be opened: by its user, by the daemon that brings it up to date, from a backup."""
    if isinstance(error, StoreClosed) and error.owner is not None:
        return f"sudo -u {error.owner} cebd doctor"
    return restore(store_dir) if error.problem is not None else start()


def of_token(settings: Settings, name: str, trouble: Problem) -> str:
    """Of a signer's trouble."""
    if trouble.id == "CEBD-1525":
        folder = _quoted(machine_folder())
        return f"icacls {folder}" if _HERE_ON_WINDOWS else f"chmod u+rwx {folder}"
    if trouble.id in ("CEBD-1520", "CEBD-1526"):
        return edit(settings, "signer", name)
    return _OF_TOKENS.get(trouble.id, "cebd token test {name}").format(name=name)


def of_channel(settings: Settings, name: str, trouble: str, address: tuple[str | None, int | None]) -> str:
    """Of a channel's trouble, by its problem's id. `address`: host and port of the other side, where it has them."""
    host, port = address
    if trouble == "CEBD-1602" and host is not None:
        return f"ssh-keyscan -p {port or 22} {host} | ssh-keygen -lf -"
    if trouble == "CEBD-1601":
        return _reach(settings, settings.channel[name], host, port)
    if trouble in _OF_THE_OTHER_SIDE:
        return f"cebd queue retry --channel {name}"
    return edit(settings, "channel", name)


def _reach(settings: Settings, channel: ChannelSettings, host: str | None, port: int | None) -> str:
    """What shows whether the way there is open."""
    if host is not None and port is not None:
        return f"Test-NetConnection {host} -Port {port}" if _HERE_ON_WINDOWS else f"nc -vz {host} {port}"
    folder = _quoted(settings.base / str(getattr(channel, "send_dir", ".")))
    return f"dir {folder}" if _HERE_ON_WINDOWS else f"ls -ld {folder}"


def set_clock() -> str:
    return "w32tm /resync" if _HERE_ON_WINDOWS else "timedatectl set-ntp true"


def new_table(settings: Settings, name: str) -> str:
    """Put a newer table where the enterprise's own ones lie; settings that name no such folder first."""
    folder = settings.codes_dir
    if folder is None:
        return edit(settings, "codes")
    copy = "copy" if _HERE_ON_WINDOWS else "cp"
    return f"{copy} {name}.csv {_quoted(folder)}"


def look_at_log(settings: Settings) -> str:
    """Where the cause of a failure of our own stands."""
    if settings.log_file is not None:
        return f"{'type' if _HERE_ON_WINDOWS else 'tail -n 50'} {_quoted(settings.log_file[0])}"
    return "eventvwr" if _HERE_ON_WINDOWS else f"journalctl -e -u {shlex.quote(f'cebd@{settings.station.name}')}"


def _quoted(path: Path) -> str:
    return f'"{path}"' if _HERE_ON_WINDOWS else shlex.quote(str(path))
