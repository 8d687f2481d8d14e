"""Questions people ask of the store."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, or_, select

from cebd.messages.description import message_types
from cebd.records.key import KEY_SEPARATOR
from cebd.store.conditions import read_conditions
from cebd.store.tables import IS_BEHIND, drops, history, messages, published_books, records, submissions
from cebd.store.tokens import tokens_in_use


def standing(connection: Connection) -> dict[str, Any]:
    """Counts by state of drops, records and messages, and every message that waits, with its problem."""
    counts = {
        name: {
            row.state: row.number
            for row in connection.execute(
                select(table.c.state, func.count().label("number")).group_by(table.c.state).order_by(table.c.state)
            )
        }
        for name, table in (("drops", drops), ("records", records), ("messages", messages))
    }
    query = select(messages).where(messages.c.waiting.is_not(None)).order_by(messages.c.id)
    waiting = [
        {
            **{name: row[name] for name in ("type", "state", "enterprise", "signer", "channel")},
            "message": row["guid"],
            "since": row["sent_at"] or row["created"],
            **json.loads(row["waiting"]),
        }
        for row in connection.execute(query).mappings()
    ]
    conditions = [
        {"key": one.key, "party": str(one.party), "enterprise": one.enterprise, "since": one.since, **one.problem}
        for one in read_conditions(connection)
    ]
    return {**counts, "waiting": waiting, "conditions": conditions, "tokens": tokens_in_use(connection)}


def behind(connection: Connection) -> list[dict[str, Any]]:
    """Files whose outbox files are behind the store, or put aside beside one that is open; the longest waiting first."""
    aside = select(published_books.c.drop_id).where(published_books.c.aside)
    late = IS_BEHIND | drops.c.id.in_(aside)
    query = select(drops.c.name, drops.c.enterprise, drops.c.published_at).where(drops.c.state == "filed", late)
    return [
        {"file": row.name, "enterprise": row.enterprise, "published": row.published_at}
        for row in connection.execute(query.order_by(drops.c.id))
    ]


def listed_drops(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The latest drops with the states of their records."""
    query = select(drops).order_by(drops.c.id.desc()).limit(limit)
    listed = []
    for row in connection.execute(query).mappings():
        states = connection.execute(
            select(records.c.state, func.count().label("number"))
            .where(records.c.drop_id == (row["repeat_of"] or row["id"]))
            .group_by(records.c.state)
            .order_by(records.c.state)
        )
        names = ("id", "name", "enterprise", "received", "state", "outcome", "type", "repeat_of")
        values: dict[str, Any] = {name: row[name] for name in names}
        values["file"] = values.pop("name")
        listed.append({**values, "counts": {one.state: one.number for one in states}})
    return listed


def listed_records(connection: Connection, state: str, limit: int) -> list[dict[str, Any]]:
    """The latest records in that state."""
    query = (
        select(records, drops.c.name.label("file"))
        .join(drops, drops.c.id == records.c.drop_id)
        .where(records.c.state == state)
        .order_by(records.c.id.desc())
        .limit(limit)
    )
    return [_shown(dict(row)) for row in connection.execute(query).mappings()]


def found_drop(connection: Connection, ref: str) -> dict[str, Any] | None:
    """The drop of that number, or the latest of that name."""
    wanted = drops.c.name == ref
    if ref.isdigit() and len(ref) < 10:
        wanted = or_(wanted, drops.c.id == int(ref))
    row = connection.execute(select(drops).where(wanted).order_by(drops.c.id.desc()).limit(1)).mappings().first()
    return dict(row) if row is not None else None


def found_records(connection: Connection, ref: str) -> list[dict[str, Any]]:
    """The records of that number (any part of their business key), guid, message guid or CopMsgId, with their history."""
    wanted = ref.upper() if len(ref) == 36 else ref
    spread = KEY_SEPARATOR + records.c.key + KEY_SEPARATOR
    query = (
        select(
            records,
            drops.c.name.label("file"),
            messages.c.guid.label("message"),
            messages.c.cop_msg_id,
            messages.c.state.label("message_state"),
        )
        .join(drops, drops.c.id == records.c.drop_id)
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .where(
            or_(
                records.c.guid == wanted,
                messages.c.guid == wanted,
                messages.c.cop_msg_id == wanted,
                spread.contains(KEY_SEPARATOR + ref + KEY_SEPARATOR, autoescape=True),
            )
        )
        .order_by(records.c.id)
    )
    found = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        past = connection.execute(
            select(history.c.status, history.c.time, history.c.info)
            .where(history.c.record_id == values["id"])
            .order_by(history.c.time, history.c.id)
        ).mappings()
        attempts = connection.execute(
            select(submissions.c.intent, submissions.c.phase, submissions.c.outcome, submissions.c.detail)
            .where(submissions.c.message_id == values["message_id"])
            .order_by(submissions.c.id)
        ).mappings()
        shown = _shown(values)
        shown |= {name: values[name] for name in ("message", "cop_msg_id", "message_state")}
        found.append({**shown, "history": [dict(one) for one in past], "submissions": [dict(one) for one in attempts]})
    return found


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    key = dict(zip(message_types()[row["type"]].key, row["key"].split(KEY_SEPARATOR), strict=False))
    names = ("id", "type", "guid", "state", "status", "info", "time", "pre_no", "invt_no", "file", "sheet", "row")
    problems = json.loads(row["problems"]) if row["problems"] else []
    return {**{name: row[name] for name in names}, "key": key, "problems": problems}


def ended_badly(connection: Connection, after_drop: int) -> bool:
    """Whether any record of drops later than that one was rejected or refused, or any such file not understood."""
    states = Counter(connection.execute(select(records.c.state).where(records.c.drop_id > after_drop)).scalars().all())
    errors = connection.execute(
        select(func.count()).where(drops.c.id > after_drop, drops.c.outcome == "error")
    ).scalar_one()
    return bool(states["rejected"] or states["refused"] or errors)
