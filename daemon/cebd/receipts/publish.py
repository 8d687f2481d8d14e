"""Publishing: what became of a drop, as JSON and as the operator's own workbook, coloured, written beside where they work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, func, select, update

from cebd.clock import Clock, iso
from cebd.disk import sync_folder, write_file
from cebd.messages.description import message_types
from cebd.receipts.book import SheetRows, write_book
from cebd.receipts.code_book import Entry, arrived, entry_for
from cebd.rules.problem import problem
from cebd.store.states import FINAL, State, Told, already_there, in_order
from cebd.store.store import KEY_SEPARATOR, Store
from cebd.store.tables import drops, history, messages, records

log = structlog.get_logger("cebd")

ReadSheets = Callable[[Path], list[SheetRows]]


def changed_drops(store: Store) -> list[int]:
    """Drops whose outbox files are behind the store."""
    with store.read() as connection:
        query = select(drops.c.id).where(drops.c.state == "filed", drops.c.changed > drops.c.published)
        return list(connection.execute(query).scalars())


def publish(store: Store, drop_id: int, folder: Path, read_sheets: ReadSheets, clock: Clock) -> dict[str, Any]:
    """Write the drop's outbox files; returns the receipt as in the JSON. Publishing twice is harmless.

    The JSON comes first. Raises OSError when a file cannot be written now (open in Excel, say): the drop stays behind and is tried again.
    """
    now = iso(clock.now())
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
        receipt = receipt_of(connection, drop, now)
    outbox = folder / "outbox"
    content = json.dumps(receipt, ensure_ascii=False, indent=1).encode() + b"\n"
    write_file(outbox / f"{drop['stem']}.receipt.json", content)
    if drop["outcome"] != "error":
        _write_workbook(outbox / f"{drop['stem']}.receipt.xlsx", receipt, folder / drop["place"], read_sheets)
    sync_folder(outbox)
    # Killed here, the same files are written once more.
    with store.write() as connection:
        values = {"published": drop["changed"], "published_at": now}
        connection.execute(update(drops).where(drops.c.id == drop_id).values(values))
    return receipt


def _write_workbook(path: Path, receipt: dict[str, Any], original: Path, read_sheets: ReadSheets) -> None:
    """The original's sheets, coloured; a table of the records where the original is no workbook, is gone, or defies copying."""
    try:
        sheets = read_sheets(original) if original.exists() else []
        write_book(path, receipt, sheets)
    except OSError:
        raise
    except Exception:
        log.exception("the workbook cannot be copied; its records are published as a table", file=receipt["file"])
        write_book(path, receipt, [])


def receipt_of(connection: Connection, drop: dict[str, Any], now: str) -> dict[str, Any]:
    """The receipt JSON, version 1."""
    rows = _rows(connection, drop["repeat_of"] or drop["id"])
    past = _history(connection, drop["repeat_of"] or drop["id"])
    entries = [_record(row, past.get(row["told"], [])) for row in rows]
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
    """The drop's records; a row declared before shows the record it repeats. `told`: whose history is shown."""
    first = records.alias("first")
    shown = ("state", "status", "info", "time", "pre_no", "invt_no", "guid")
    query = (
        select(
            records,
            messages.c.guid.label("message_guid"),
            messages.c.waiting,
            *(first.c[name].label(f"first_{name}") for name in shown),
        )
        .outerjoin(first, first.c.id == records.c.repeat_of)
        .outerjoin(messages, messages.c.id == func.coalesce(records.c.message_id, first.c.message_id))
        .where(records.c.drop_id == drop_id)
        .order_by(records.c.row, records.c.id)
    )
    rows = []
    for row in connection.execute(query).mappings():
        values = {**row, "told": row["repeat_of"] or row["id"]}
        if values["state"] == State.REPEAT:
            values |= {name: values[f"first_{name}"] for name in shown}
        rows.append(values)
    return rows


def _history(connection: Connection, drop_id: int) -> dict[int, list[Told]]:
    """What customs said of the drop's records, and of those they repeat, by record."""
    shown = select(func.coalesce(records.c.repeat_of, records.c.id)).where(records.c.drop_id == drop_id)
    columns = (history.c.record_id, history.c.status, history.c.info, history.c.time, history.c.evidence)
    past: dict[int, list[Told]] = {}
    for record_id, status, info, time, evidence in connection.execute(
        select(*columns).where(history.c.record_id.in_(shown))
    ):
        past.setdefault(record_id, []).append(Told(status, info, time, evidence))
    return past


def _record(row: dict[str, Any], past: list[Told]) -> dict[str, Any]:
    message = message_types()[row["type"]]
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
        "customs": _customs(row),
        "history": [{"status": one.status, "time": one.time or None, "info": one.info} for one in in_order(past)],
        "problems": _problems(row),
    }


def _customs(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["status"] is None:
        return None
    entry = meant(row)
    advice = {name: getattr(entry, name) for name in ("meaning_zh", "meaning_en", "next_zh", "next_en")}
    return {
        "status": row["status"],
        "text_zh": entry.zh,
        "text_en": entry.en,
        **(advice if entry.todo else {}),  # 100,000 records that went through need no advice
        "info": row["info"],
        "time": row["time"],
        "preNo": row["pre_no"],
        "invtNo": None if row["type"] == "CEB711" else row["invt_no"],
        **({"rkdNo": row["invt_no"]} if row["type"] == "CEB711" else {}),  # customs' number of a warehouse entry
    }


def meant(row: dict[str, Any]) -> Entry:
    """What the latest word of customs about a record (`type`, `state`, `status`, `info`) means."""
    taken = row["state"] == State.ACKNOWLEDGED and already_there(row["type"], row["status"], row["info"] or "")
    if taken:
        return arrived(row["type"])
    return entry_for(row["type"], row["status"], row["info"] or "")


def _problems(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What cebd found, what customs refused, and that customs say nothing."""
    problems: list[dict[str, Any]] = json.loads(row["problems"]) if row["problems"] else []
    if row["state"] == State.REFUSED:
        problems.append(_refusal(row))
    if row["state"] == State.SENT and row["status"] is None and row["waiting"]:
        problems.append(json.loads(row["waiting"]))
    return problems


def _refusal(row: dict[str, Any]) -> dict[str, Any]:
    """What customs refused, and instead of advice for any refusal that for this one."""
    entry = meant(row)
    fix_zh, fix_en = f"{entry.meaning_zh}{entry.next_zh}", f"{entry.meaning_en} {entry.next_en}"
    return replace(problem("CEBD-1702", status=row["status"], info=row["info"]), fix_zh=fix_zh, fix_en=fix_en).as_json()
