"""Publishing: what became of a drop, as JSON and as the operator's own workbook, coloured, written beside where they work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from cebd.clock import Clock, iso
from cebd.messages.description import message_types
from cebd.receipts.book import SheetRows, write_book
from cebd.receipts.files import write_file
from cebd.rules.problem import problem
from cebd.store.states import FINAL, State, texts_for
from cebd.store.store import KEY_SEPARATOR, Store
from cebd.store.tables import drops, history, messages, records

ReadSheets = Callable[[Path], list[SheetRows]]


def changed_drops(store: Store) -> list[int]:
    """Drops whose outbox files are behind the store."""
    with store.read() as connection:
        query = select(drops.c.id).where(drops.c.state == "filed", drops.c.changed > drops.c.published)
        return list(connection.execute(query).scalars())


def publish(store: Store, drop_id: int, folder: Path, read_sheets: ReadSheets, clock: Clock) -> dict[str, Any]:
    """Write the drop's outbox files; returns the receipt as in the JSON. Publishing twice is harmless."""
    now = iso(clock.now())
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
        receipt = receipt_of(connection, drop, now)
    outbox = folder / "outbox"
    write_file(
        outbox / f"{drop['stem']}.receipt.json",
        json.dumps(receipt, ensure_ascii=False, indent=1).encode() + b"\n",
    )
    if drop["outcome"] != "error":
        original = folder / drop["place"]
        sheets = read_sheets(original) if original.exists() else []
        write_book(outbox / f"{drop['stem']}.receipt.xlsx", receipt, sheets)
    with store.write() as connection:
        connection.execute(
            update(drops).where(drops.c.id == drop_id).values(published=drop["changed"], published_at=now)
        )
    return receipt


def receipt_of(connection: Connection, drop: dict[str, Any], now: str) -> dict[str, Any]:
    """The receipt JSON, version 1."""
    entries = [_record(connection, row) for row in _rows(connection, drop["repeat_of"] or drop["id"])]
    problems = json.loads(drop["problems"])
    if drop["repeat_of"]:
        name = connection.execute(select(drops.c.name).where(drops.c.id == drop["repeat_of"])).scalar_one()
        problems.append(problem("CEBD-1404", file=name).as_json())
    counts = Counter(entry["state"] for entry in entries)
    return {
        "v": 1,
        "file": drop["name"],
        "sha256": drop["sha256"],
        "enterprise": drop["enterprise"],
        "received": drop["received"],
        "published": now,
        "final": drop["state"] == "filed" and all(entry["state"] in FINAL for entry in entries),
        "counts": dict(sorted(counts.items())),
        "problems": problems,
        "records": entries,
    }


def _rows(connection: Connection, drop_id: int) -> list[dict[str, Any]]:
    """The drop's records; a row declared before shows the record it repeats."""
    first = records.alias("first")
    shown = ("state", "status", "info", "time", "pre_no", "invt_no", "guid")
    query = (
        select(
            records,
            messages.c.guid.label("message_guid"),
            *(first.c[name].label(f"first_{name}") for name in ("id", *shown)),
        )
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .outerjoin(first, first.c.id == records.c.repeat_of)
        .where(records.c.drop_id == drop_id)
        .order_by(records.c.row, records.c.id)
    )
    rows = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        if values["state"] == State.REPEAT:
            values |= {name: values[f"first_{name}"] for name in shown} | {"history_of": values["first_id"]}
        rows.append(values)
    return rows


def _record(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    message = message_types()[row["type"]]
    customs = None
    past: list[dict[str, Any]] = []
    if row["status"] is not None:
        zh, en = texts_for(row["status"])
        customs = {
            "status": row["status"],
            "text_zh": zh,
            "text_en": en,
            "info": row["info"],
            "time": row["time"],
            "preNo": row["pre_no"],
            "invtNo": row["invt_no"],
        }
        query = select(history).where(history.c.record_id == row.get("history_of", row["id"]))
        for entry in connection.execute(query.order_by(history.c.time, history.c.id)).mappings():
            past.append({"status": entry["status"], "time": entry["time"], "info": entry["info"]})
    problems = json.loads(row["problems"]) if row["problems"] else []
    if row["state"] == State.REFUSED:
        problems.append(problem("CEBD-1702", status=row["status"], info=row["info"]).as_json())
    return {
        "type": row["type"],
        "key": dict(zip(message.key, row["key"].split(KEY_SEPARATOR), strict=False)),
        "place": {
            "sheet": row["sheet"],
            "row": row["row"],
            "rows": [int(one) for one in row["rows"].split(",")],
        },
        "state": row["state"],
        "guid": row["guid"],
        "message": row["message_guid"],
        "customs": customs,
        "history": past,
        "problems": problems,
    }
