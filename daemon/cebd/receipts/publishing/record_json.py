"""The records of the receipt JSON: what became of each, what customs said of it, and what there is to say about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from cebd.customs.code_book import Entry, arrived, entry_for
from cebd.customs.statuses import CANCELLED, already_there, in_order
from cebd.messages.description import message_types
from cebd.problems.problem import problem
from cebd.receipts.matching import OWN_NUMBER
from cebd.receipts.publishing.numbers import bill_of
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import ReturnedStatus, State
from cebd.store.history import statuses_of
from cebd.store.tables import messages, records

UNREACHABLE = "CEBD-1601"
_TOGETHER = 1000  # records asked about at once
_WAITS = (State.READY, State.SIGNED, State.IN_DOUBT)


def records_of(connection: Connection, drop: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The drop's records as the JSON has them, a thousand at a time: of 100,000 each has a history."""
    for rows in _rows(connection, drop["repeat_of"] or drop["id"]):
        past = statuses_of(connection, {row["told"] for row in rows})
        for row in rows:
            yield _record(row, past.get(row["told"], []))


def _rows(connection: Connection, drop_id: int) -> Iterator[list[dict[str, Any]]]:
    """The drop's records; a row declared before shows the record it repeats. `told`: whose history is shown.

    Of a row that was edited after its record was declared, `declared_…` are that record's.
    """
    first, declared = records.alias("first"), records.alias("declared")
    told = ("state", "status", "info", "time", "pre_no", "invt_no", "guid")
    query = (
        select(
            *(
                records.c[name]
                for name in (
                    "id",
                    "type",
                    "key",
                    "sheet",
                    "row",
                    "rows",
                    "problems",
                    "repeat_of",
                    "edit_of",
                    "edits",
                    *told,
                )
            ),
            messages.c.guid.label("message_guid"),
            messages.c.waiting,
            *(first.c[name].label(f"first_{name}") for name in told),
            *(declared.c[name].label(f"declared_{name}") for name in told),
        )
        .outerjoin(first, first.c.id == records.c.repeat_of)
        .outerjoin(declared, declared.c.id == records.c.edit_of)
        .outerjoin(messages, messages.c.id == func.coalesce(records.c.message_id, first.c.message_id))
        .where(records.c.drop_id == drop_id)
        .order_by(records.c.row, records.c.id)
    )
    for some in connection.execute(query).mappings().partitions(_TOGETHER):
        rows = []
        for row in some:
            values = {**row, "told": row["repeat_of"] or row["id"]}
            if values["state"] == State.REPEAT:
                values |= {name: values[f"first_{name}"] for name in told}
            rows.append(values)
        yield rows


def _record(row: dict[str, Any], past: list[ReturnedStatus]) -> dict[str, Any]:
    message = message_types()[row["type"]]
    told = in_order(past)
    bill = bill_of(told)
    return {
        "type": message.code,
        "key": dict(zip(message.key, row["key"].split(KEY_SEPARATOR), strict=False)),
        "place": {
            "sheet": row["sheet"] and sys.intern(row["sheet"]),  # one text for 100,000 records
            "row": row["row"],
            "rows": [int(one) for one in row["rows"].split(",")],
        },
        "state": State(row["state"]).value,
        "guid": row["guid"],
        "message": row["message_guid"],
        "customs": _customs(row),
        "history": [{"status": one.status, "time": one.time or None, "info": one.info} for one in told],
        "problems": _problems(row),
        **({"taxBill": bill} if bill is not None else {}),
        **({"cancelled": True} if _is_cancelled(row) else {}),
        **({"declared": _declared(row)} if row["edit_of"] is not None else {}),
    }


def _is_cancelled(row: dict[str, Any]) -> bool:
    """Whether a list is over at the enterprise's own wish; its state stays `refused`: nothing of it stands at customs."""
    return bool(row["state"] == State.REFUSED and row["status"] == CANCELLED)


def _declared(row: dict[str, Any]) -> dict[str, Any]:
    """What became of the record that was declared, of which this row says something else; and which of its fields differ."""
    declared = {
        name: row[f"declared_{name}"] for name in ("state", "status", "info", "time", "pre_no", "invt_no", "guid")
    }
    declared["type"] = row["type"]
    return {
        "state": State(declared["state"]).value,
        "guid": declared["guid"],
        "customs": _customs(declared),
        **({"cancelled": True} if _is_cancelled(declared) else {}),
        "differs": json.loads(row["edits"]) if row["edits"] else [],
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
        "invtNo": None if row["type"] in OWN_NUMBER else row["invt_no"],
        **({OWN_NUMBER[row["type"]]: row["invt_no"]} if row["type"] in OWN_NUMBER else {}),
    }


def meant(row: dict[str, Any]) -> Entry:
    """What the latest word of customs about a record (`type`, `state`, `status`, `info`) means."""
    taken = row["state"] == State.ACKNOWLEDGED and already_there(row["type"], row["status"], row["info"] or "")
    if taken:
        return arrived(row["type"])
    return entry_for(row["type"], row["status"], row["info"] or "")


def _problems(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What cebd found, what customs refused, what the record waits for, and that customs say nothing."""
    problems: list[dict[str, Any]] = json.loads(row["problems"]) if row["problems"] else []
    if row["state"] == State.REFUSED:
        problems.append(_refusal(row))
    if row["state"] == State.SENT and row["status"] is None and row["waiting"]:
        problems.append(json.loads(row["waiting"]))
    elif row["waiting"] and row["state"] in _WAITS:
        problems.append(problem(_waits_for(row["state"], json.loads(row["waiting"])["id"])).as_json())
    return problems


def _waits_for(state: str, why: str) -> str:
    """The problem that tells the operator why a record waits; `why` is what the administrator is told."""
    if why == "CEBD-2120":
        return "CEBD-2123"
    if state == State.IN_DOUBT:
        return "CEBD-1748"
    if why.startswith("CEBD-15"):
        return "CEBD-1744"
    if why == UNREACHABLE:
        return "CEBD-1745"
    return "CEBD-1746" if why.startswith("CEBD-16") else "CEBD-1747"


def _refusal(row: dict[str, Any]) -> dict[str, Any]:
    """What customs refused, and instead of advice for any refusal that for this one."""
    entry = meant(row)
    fix_zh, fix_en = f"{entry.meaning_zh}{entry.next_zh}", f"{entry.meaning_en} {entry.next_en}"
    id_ = "CEBD-1705" if row["status"] == CANCELLED else "CEBD-1702"
    return replace(problem(id_, status=row["status"], info=row["info"]), fix_zh=fix_zh, fix_en=fix_en).as_json()
