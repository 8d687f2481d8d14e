"""A copy of the store, made while the station runs; settings and keys are not in it."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from cebd.clock import Clock, SystemClock, iso
from cebd.disk.files import write_file
from cebd.disk.system import sync_folder
from cebd.operations.text import Refused
from cebd.problems.problem import problem
from cebd.settings import Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.safety.copies import BadCopy, Copy, copy_store
from cebd.store.safety.private import write_private
from cebd.store.store import STORE, StoreError, no_store_yet, require_readable

_NOTE = "backed-up.json"  # in the store's folder: when the last backup was made, and where it is
_OLD_SECONDS = 2 * 86400.0
_CONDITION = "backup:store"


def back_up(settings: Settings, to: Path, keep: int | None = None) -> Copy:
    """Copy the store into the file `to`, or into a new file in that folder, with its SHA-256 beside it. Every page of it was looked at.

    `keep`: so many of this station's backups stay in that folder, the latest; earlier ones go once the new one has its name. Raises
    StoreError, and Refused where there is such a file already.
    """
    source = settings.store_dir / STORE
    if not require_readable(source):
        raise no_store_yet(source)
    target = to / f"cebd-{settings.station.name}-{SystemClock().now():%Y%m%dT%H%M%S}.sqlite" if to.is_dir() else to
    try:
        copy = copy_store(source, target)
        digest = target.with_name(f"{target.name}.sha256")
        digest.unlink(missing_ok=True)
        write_private(digest, f"{copy.sha256}  {target.name}\n".encode())
        sync_folder(target.parent)
    except FileExistsError as error:
        taken = error.filename or target
        raise Refused(f"{taken} 已存在，请另取文件名。", f"{taken} exists already; name a new file") from None
    except (BadCopy, OSError) as error:
        raise StoreError(f"no backup was made: {error}", "未能备份") from None
    with suppress(OSError):  # the backup is there; only nobody knows of it
        note = {"time": iso(SystemClock().now()), "file": str(target.resolve()), "sha256": copy.sha256}
        write_file(settings.store_dir / _NOTE, json.dumps(note).encode(), private=True)
    if keep is not None and to.is_dir():
        _remove_earlier(to, settings.station.name, max(1, keep), target)
    return copy


def _remove_earlier(folder: Path, station: str, keep: int, newest: Path) -> None:
    """Remove the station's earlier backups there, which are known by their names; a file of another name is nobody's here."""
    ours = re.compile(rf"cebd-{re.escape(station)}-\d{{8}}T\d{{6}}\.sqlite")
    found = sorted(path for path in folder.iterdir() if ours.fullmatch(path.name) and path != newest)
    for path in found[: max(0, len(found) + 1 - keep)]:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)


def last_backup(store_dir: Path) -> datetime | None:
    """When the store was backed up last; None where nobody knows of a backup."""
    try:
        return datetime.fromisoformat(json.loads((store_dir / _NOTE).read_bytes())["time"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sound_backup_of(store_dir: Path, day: date) -> Path | None:
    """The backup that was made last, if it was on that day and is still, byte for byte, what was verified then."""
    try:
        note = json.loads((store_dir / _NOTE).read_bytes())
        if datetime.fromisoformat(note["time"]).date() != day:
            return None
        with Path(note["file"]).open("rb") as content:
            is_same = hashlib.file_digest(content, "sha256").hexdigest() == note["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Path(note["file"]) if is_same else None


def watch_backups(store_dir: Path, clock: Clock, conditions: Conditions) -> None:
    """Note that the last backup is older than two days, or that there is none; end it when there is one again."""
    last = last_backup(store_dir)
    if last is None:
        conditions.note(_CONDITION, problem("CEBD-2406"), Party.ADMINISTRATOR)
        return
    days = int((clock.now() - last).total_seconds() // 86400)
    if (clock.now() - last).total_seconds() <= _OLD_SECONDS:
        conditions.end(_CONDITION)
        return
    said = problem("CEBD-2405", days=days, date=f"{last:%Y-%m-%d %H:%M}")
    conditions.note(_CONDITION, said, Party.ADMINISTRATOR)
