"""Raw receipts for people: copied to `outbox/customs/`; those that speak of nothing of ours, or cannot be read, to `outbox/unmatched/`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select, update

from cebd.disk import sync_folder, write_file
from cebd.rules.problem import problem
from cebd.store.store import Store, unpack
from cebd.store.tables import receipts

log = structlog.get_logger("cebd")

_TOGETHER = 50
_WHY = {"unmatched": "CEBD-1701", "unreadable": "CEBD-1704"}


def copy_out(store: Store, folders: Mapping[str, Path], by_channel: Mapping[str, Sequence[str]]) -> int:
    """Write receipts not written yet; returns how many. Writing one again is harmless.

    `folders` by enterprise; `by_channel`: the enterprises that a receipt of that channel may be for when it does not say.
    """
    query = select(receipts.c.id).where(receipts.c.state != "stored", receipts.c.copied.is_(False))
    with store.read() as connection:
        waiting = list(connection.execute(query.order_by(receipts.c.id)).scalars())
    for start in range(0, len(waiting), _TOGETHER):
        some = waiting[start : start + _TOGETHER]
        with store.read() as connection:
            rows = list(connection.execute(select(receipts).where(receipts.c.id.in_(some))).mappings())
        written = {path.parent for row in rows for path in _write(dict(row), folders, by_channel)}
        for folder in written:
            sync_folder(folder)
        with store.write() as connection:
            connection.execute(update(receipts).where(receipts.c.id.in_(some)).values(copied=True))
    return len(waiting)


def _write(row: dict[str, Any], folders: Mapping[str, Path], by_channel: Mapping[str, Sequence[str]]) -> list[Path]:
    """The receipt's files. An enterprise that left the settings has no folder any more; the store keeps the bytes."""
    name = _safe(row["id"], row["name"])
    try:
        content = unpack(row["content"])
    except zlib.error:  # the audit names it; it must not hold up those behind it
        log.error("receipt damaged in the store", id="CEBD-1805", receipt=row["id"])
        return []
    enterprises: list[str] = json.loads(row["enterprises"])
    paths = [folders[one] / "outbox" / "customs" / name for one in enterprises if one in folders]
    if row["state"] in _WHY:
        why = problem(_WHY[row["state"]], value=row["name"])
        text = f"{why.id}\n{why.zh}\n{why.fix_zh}\n\n{why.en}\n{why.fix_en}\n"
        for enterprise in by_channel.get(row["channel"], ()):
            if enterprise in folders:
                path = folders[enterprise] / "outbox" / "unmatched" / name
                write_file(path.with_name(f"{name}.problem.txt"), text.encode(), within=folders[enterprise])
                paths.append(path)
    for path in paths:
        write_file(path, content, within=path.parents[2])
    return paths


def _safe(receipt_id: int, name: str) -> str:
    """The remote name made harmless, with our number in front so that no two are alike."""
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in Path(name).name)
    return f"{receipt_id:06d}-{plain[-120:]}"
