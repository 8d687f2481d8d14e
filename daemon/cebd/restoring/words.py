"""What receipt JSON says of records that the store knows: states and answers that came after the store was copied."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from cebd.clock import Clock, iso
from cebd.customs.statuses import already_there, is_notice, outcome
from cebd.messages.relations import customs_number
from cebd.records.states import ReturnedStatus, State
from cebd.restoring.receipt_files import RESTORED, ReceiptFile, was_repeat
from cebd.store.messages import touch
from cebd.store.store import Store, pack
from cebd.store.tables import history, messages, receipts, records
from cebd.store.undecided import mark_handed_over

HANDED_OVER = (State.SENT, State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED)
_TOGETHER = 500


def apply_words(store: Store, told: Iterable[ReceiptFile], clock: Clock) -> int:
    """Bring what the receipt files say into the store; returns of how many records something was learned."""
    learned = 0
    for one in told:
        entries = {str(entry["guid"]): entry for entry in one.entries if entry.get("guid") and not was_repeat(entry)}
        guids = sorted(entries)
        for start in range(0, len(guids), _TOGETHER):
            some = guids[start : start + _TOGETHER]
            with store.write() as connection:
                query = select(records).where(records.c.guid.in_(some), records.c.enterprise == one.enterprise)
                rows = list(connection.execute(query).mappings())
                learned += _apply(connection, one, [(row, entries[row["guid"]]) for row in rows], clock)
    return learned


def _apply(
    connection: Connection, file: ReceiptFile, pairs: list[tuple[RowMapping, dict[str, Any]]], clock: Clock
) -> int:
    pairs = [(row, entry) for row, entry in pairs if entry["state"] in HANDED_OVER and row["message_id"] is not None]
    sent = {row["message_id"] for row, _ in pairs}
    mark_handed_over(
        connection, sorted(_not_sent(connection, sent)), "the receipt in the outbox says so", iso(clock.now())
    )
    changed = set()
    receipt_id = None
    for row, entry in pairs:
        past = _past(connection, row["id"])
        known = {(one.status, one.info, one.time) for one in past}
        news = []
        for said in entry["history"]:
            status, info, time = str(said["status"]), str(said["info"] or ""), str(said["time"] or "")
            if (status, info, time) not in known:
                evidence = entry["state"] != State.REFUSED and already_there(row["type"], status, info)
                news.append(ReturnedStatus(status, info, time, evidence))
        if news:
            receipt_id = receipt_id or _as_receipt(connection, file, clock)
            of = {"record_id": row["id"], "receipt_id": receipt_id}
            rows = [{**of, "status": o.status, "info": o.info, "time": o.time, "evidence": o.evidence} for o in news]
            connection.execute(insert(history), rows)
        values = _values(row, entry, [*past, *news])
        if any(row[name] != value for name, value in values.items()):
            connection.execute(update(records).where(records.c.id == row["id"]).values(**values))
            changed.add(row["drop_id"])
    touch(connection, sorted(changed))
    return len(pairs)


def _values(row: RowMapping, entry: dict[str, Any], past: list[ReturnedStatus]) -> dict[str, Any]:
    state, shown = outcome(row["type"], past)
    values: dict[str, Any] = {"state": str(state or (entry["state"] if row["status"] is None else row["state"]))}
    if shown is not None and not is_notice(shown.status):
        values |= {"status": shown.status, "info": shown.info, "time": shown.time or None}
    customs = entry.get("customs") or {}
    for column, name in (("pre_no", "preNo"), ("invt_no", customs_number(row["type"]) or "invtNo")):
        if str(customs.get(name) or "") > str(row[column] or ""):
            values[column] = str(customs[name])
    return values


def _past(connection: Connection, record_id: int) -> list[ReturnedStatus]:
    columns = (history.c.status, history.c.info, history.c.time, history.c.evidence)
    return [
        ReturnedStatus(*row) for row in connection.execute(select(*columns).where(history.c.record_id == record_id))
    ]


def _not_sent(connection: Connection, message_ids: set[int]) -> list[int]:
    query = select(messages.c.id).where(messages.c.id.in_(message_ids), messages.c.state != "sent")
    return list(connection.execute(query).scalars())


def _as_receipt(connection: Connection, file: ReceiptFile, clock: Clock) -> int:
    """The receipt file itself, kept as what its words came from."""
    content = file.path.read_bytes()
    digest = sha256(content).hexdigest()
    known: int | None = connection.execute(
        select(receipts.c.id).where(receipts.c.channel == RESTORED, receipts.c.sha256 == digest)
    ).scalar()
    if known is not None:
        return known
    about = {"channel": RESTORED, "name": file.path.name, "sha256": digest, "received": iso(clock.now())}
    made = connection.execute(
        insert(receipts).values(state="applied", copied=True, content=pack(content), **about)
    ).inserted_primary_key
    assert made is not None  # noqa: S101
    return int(made[0])
