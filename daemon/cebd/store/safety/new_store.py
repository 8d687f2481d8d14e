"""A new store in the place of one that is damaged or gone: what was there is put aside, and its numbers go on."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import structlog

from cebd.clock import CST, Clock, iso
from cebd.enterprise import StationFolders
from cebd.store.databases.migrations import note
from cebd.store.safety.evidence import Found, furthest, put_evidence
from cebd.store.safety.private import make_private_folder
from cebd.store.safety.progress import advance, continue_above
from cebd.store.store import STORE, Store
from cebd.store.work import ENGINE

log = structlog.get_logger("cebd")

ASIDE = "set-aside"
_SIDE_FILES = ("", "-wal", "-shm", "-journal")


def put_aside(folder: Path, names: tuple[str, ...] = (STORE, ENGINE)) -> Path:
    """Move these files, with their side files, out of the way; nothing is deleted. Returns where to."""
    stamp = f"{datetime.now(CST):%Y%m%dT%H%M%S}"
    aside, number = folder / ASIDE / stamp, 1
    while aside.exists():
        number += 1
        aside = folder / ASIDE / f"{stamp}-{number}"
    make_private_folder(aside.parent)
    make_private_folder(aside)
    for name in names:
        for side in reversed(_SIDE_FILES):
            path = folder / f"{name}{side}"
            if path.exists():
                shutil.move(path, aside / path.name)
    return aside


def begin_anew(folders: StationFolders, evidence: list[Found], clock: Clock, reason: str) -> Store:
    """Make a new store in place of an earlier store. It continues the earlier numbers, because file names contain them."""
    folder = folders.store
    aside = put_aside(folder)
    for evidence_file in evidence:
        if evidence_file.place.enterprise is None:
            evidence_file.place.path.unlink(missing_ok=True)  # the new store's journal describes the earlier store
    store = Store.open(folder)
    most = furthest(evidence)
    with store.write() as connection:
        if most is not None and most.progress is not None:
            continue_above(connection, 0, most.progress.drops, most.progress.messages)
            note(connection, "earlier store", f"{most.progress} (found in {most.place.path})")
        note(connection, "new store", f"{reason}; what was there before: {aside}; {iso(clock.now())}")
        made = advance(connection, iso(clock.now()))
    # Killed here, the new store is refused because the enterprises' folders have another identity; a second `--new-store` makes it again.
    put_evidence(folders, made)
    log.warning("a new store was made", reason=reason, aside=str(aside))
    return store
