"""Raw receipts for people: copied to `outbox/customs/`; those that speak of nothing of ours, or cannot be read, to `outbox/unmatched/`.

| what is in the way | what follows |
| --- | --- |
| the folder of one enterprise cannot be written | `receipt:copies/ENTERPRISE` (CEBD-1714); the others' are written, these at a later look |
| the folder of one enterprise does not answer | the same; nobody waits for it (`cebd.apart`) |
| the enterprise is in the settings no more | `receipt:owed/ENTERPRISE` (CEBD-1715); written when it is back |
| the bytes are damaged in the store | left out; the audit names them |
"""

from __future__ import annotations

import json
import time
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, update

from cebd.apart import PATIENCE, Apart, NoAnswer
from cebd.disk import sync_folder, write_file
from cebd.file_names import fitting
from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store, unpack
from cebd.store.tables import receipts

log = structlog.get_logger("cebd")

_TOGETHER = 50
_AT_ONCE = PATIENCE / 2  # seconds: what one enterprise has not got by then it gets at the next look
_TRIED = 3  # receipts that cannot be written are a folder that cannot be
_WHY = {"unmatched": "CEBD-1701", "unreadable": "CEBD-1704"}
_COPIES, _OWED = "receipt:copies/", "receipt:owed/"


@dataclass
class _Look:
    """What one look may write to, and what it found in the way: by enterprise, how often it failed and why."""

    folders: Mapping[str, Path]
    by_channel: Mapping[str, Sequence[str]]
    failed: Counter[str] = field(default_factory=Counter)
    why: dict[str, str] = field(default_factory=dict)

    def fail(self, enterprise: str, error: OSError) -> None:
        self.failed[enterprise] += 1
        self.why[enterprise] = f"{error.filename}: {error.strerror}" if error.filename else str(error)


@dataclass(frozen=True, slots=True)
class _Copies:
    """The files of one receipt, by enterprise: where below its outbox, and what; and the enterprises that left, to which they are owed."""

    files: dict[str, list[tuple[str, bytes]]]
    owed: list[str]


def copy_out(
    store: Store,
    folders: Mapping[str, Path],
    by_channel: Mapping[str, Sequence[str]],
    conditions: Conditions | None = None,
    apart: Apart | None = None,
) -> int:
    """Write receipts not written yet, each alone; returns how many were. Writing one again is harmless.

    `folders` by enterprise; `by_channel`: the enterprises that a receipt of that channel may be for when it does not say.
    `apart`: one and the same for every call, so that a folder which does not answer is waited for once.
    """
    apart = apart or Apart("copy receipts")
    _take_up_owed(store, folders)
    look = _Look(folders, by_channel)
    written = 0
    query = select(receipts.c.id).where(receipts.c.state != "stored", receipts.c.copied.is_(False))
    with store.read() as connection:
        waiting = list(connection.execute(query.order_by(receipts.c.id)).scalars())
    for start in range(0, len(waiting), _TOGETHER):
        some = waiting[start : start + _TOGETHER]
        with store.read() as connection:
            rows = list(connection.execute(select(receipts).where(receipts.c.id.in_(some))).mappings())
        copies = {row["id"]: _copies_of(dict(row), look) for row in rows}
        given = _give(copies, look, apart)
        with store.write() as connection:
            for receipt_id, one in copies.items():
                if all(receipt_id in given[enterprise] for enterprise in one.files):
                    owed = json.dumps(one.owed, ensure_ascii=False) if one.owed else None
                    done = update(receipts).where(receipts.c.id == receipt_id)
                    connection.execute(done.values(copied=True, owed=owed))
                    written += 1
    if conditions is not None:
        _name(store, look, conditions)
    return written


def _take_up_owed(store: Store, folders: Mapping[str, Path]) -> None:
    """What is owed to enterprises that are back waits to be written again."""
    with store.read() as connection:
        told = connection.execute(select(receipts.c.owed).where(receipts.c.owed.is_not(None)).distinct()).scalars()
        back = [text for text in told if any(name in folders for name in json.loads(text))]
    if back:
        with store.write() as connection:
            connection.execute(update(receipts).where(receipts.c.owed.in_(back)).values(copied=False))


def _copies_of(row: dict[str, Any], look: _Look) -> _Copies:
    try:
        content = unpack(row["content"])
    except zlib.error:  # the audit names it; it must not hold up those behind it
        log.error("receipt damaged in the store", id="CEBD-1805", receipt=row["id"])
        return _Copies({}, owed=[])
    name = fitting(f"{row['id']:06d}-{Path(row['name']).name}")
    wanted: list[str] = json.loads(row["owed"] or row["enterprises"])
    files: list[tuple[str, str, bytes]] = [(one, f"customs/{name}", content) for one in wanted]
    if row["state"] in _WHY:
        why = problem(_WHY[row["state"]], value=row["name"]).as_text().encode()
        for one in look.by_channel.get(row["channel"], ()):
            files += [(one, f"unmatched/{name}.problem.txt", why), (one, f"unmatched/{name}", content)]
    by_enterprise: dict[str, list[tuple[str, bytes]]] = {}
    for enterprise, below, text in files:
        if enterprise in look.folders:
            by_enterprise.setdefault(enterprise, []).append((below, text))
    return _Copies(by_enterprise, [one for one in wanted if one not in look.folders])


def _give(copies: Mapping[int, _Copies], look: _Look, apart: Apart) -> dict[str, set[int]]:
    """Write the files of each enterprise; by enterprise the receipts all of whose files are known to be on its disk."""
    wanted: dict[str, dict[int, list[tuple[str, bytes]]]] = {}
    for receipt_id, one in copies.items():
        for enterprise, files in one.files.items():
            wanted.setdefault(enterprise, {})[receipt_id] = files
    given: dict[str, set[int]] = {enterprise: set() for enterprise in wanted}

    def give(enterprise: str) -> None:
        written = _write(enterprise, wanted[enterprise], look)
        given[enterprise] = written

    for enterprise in apart.in_turn({enterprise: partial(give, enterprise) for enterprise in wanted}):
        look.fail(enterprise, NoAnswer())
        given[enterprise] = set()
    return given


def _write(enterprise: str, wanted: Mapping[int, list[tuple[str, bytes]]], look: _Look) -> set[int]:
    outbox = look.folders[enterprise] / "outbox"
    end = time.monotonic() + _AT_ONCE
    written: dict[int, set[Path]] = {}
    for receipt_id, files in wanted.items():
        if look.failed[enterprise] >= _TRIED or (written and time.monotonic() > end):
            break
        try:
            for below, content in files:
                write_file(outbox / below, content, within=look.folders[enterprise])
        except OSError as error:
            look.fail(enterprise, error)
            continue
        written[receipt_id] = {(outbox / below).parent for below, _ in files}
    unsynced = _sync({folder for folders in written.values() for folder in folders}, enterprise, look)
    return {receipt_id for receipt_id, folders in written.items() if not folders & unsynced}


def _sync(folders: Collection[Path], enterprise: str, look: _Look) -> set[Path]:
    """Those of the folders of which it is not known that they are on the disk."""
    unsynced = set()
    for folder in folders:
        try:
            sync_folder(folder)
        except OSError as error:
            look.fail(enterprise, error)
            unsynced.add(folder)
    return unsynced


def _name(store: Store, look: _Look, conditions: Conditions) -> None:
    keys = []
    for enterprise, reason in look.why.items():
        keys.append(_COPIES + enterprise)
        said = problem("CEBD-1714", value=str(look.folders[enterprise] / "outbox"), reason=reason)
        if conditions.note(keys[-1], said, Party.ADMINISTRATOR, enterprise):
            log.warning(said.en, id=said.id, enterprise=enterprise)
    conditions.end_others(_COPIES, keys)
    query = select(receipts.c.owed, func.count()).where(receipts.c.owed.is_not(None)).group_by(receipts.c.owed)
    owed: Counter[str] = Counter()
    with store.read() as connection:
        for text, count in connection.execute(query):
            for name in json.loads(text):
                owed[name] += count
    keys = []
    for enterprise, count in owed.items():
        keys.append(_OWED + enterprise)
        said = problem("CEBD-1715", value=enterprise, count=count)
        if conditions.note(keys[-1], said, Party.ADMINISTRATOR, enterprise):
            log.warning(said.en, id=said.id, enterprise=enterprise)
    conditions.end_others(_OWED, keys)
