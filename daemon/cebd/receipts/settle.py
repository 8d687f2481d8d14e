"""Settling: a receipt is stored before it is removed at the other side, then applied in a transaction of its own.

The state of a record is computed from all its returns, ordered by the customs' own time, so that the order of arrival does not matter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert as insert_new

from cebd.clock import Clock, iso
from cebd.messages.returns import NotAReceipt, Return, read_returns
from cebd.messages.schema import NotXml
from cebd.receipts.files import write_file
from cebd.store.declarations import joined, touch
from cebd.store.states import ALREADY_THERE, State, state_for
from cebd.store.store import Store, pack, unpack
from cebd.store.tables import history, messages, receipts, records, submissions


class ReceiptSource(Protocol):
    """Where receipts wait; a channel is one."""

    def waiting(self) -> list[str]: ...

    def fetch(self, name: str) -> bytes: ...

    def remove(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Matched:
    id: int
    drop_id: int
    type: str
    enterprise: str
    message_id: int | None


def fetch_receipts(store: Store, channel_name: str, channel: ReceiptSource, clock: Clock) -> int:
    """Bring every waiting receipt into the store; returns how many were new. Raises what the channel raises."""
    new = 0
    for name in channel.waiting():
        content = channel.fetch(name)
        with store.write() as connection:
            added = connection.execute(
                insert_new(receipts)
                .values(
                    channel=channel_name,
                    name=name,
                    sha256=sha256(content).hexdigest(),
                    received=iso(clock.now()),
                    state="stored",
                    copied=False,
                    content=pack(content),
                )
                .on_conflict_do_nothing()
            )
            new += added.rowcount
        # Killed here, the receipt is fetched once more and recognised by its digest.
        channel.remove(name)
    return new


def apply_stored(store: Store, clock: Clock) -> int:
    """Apply every receipt not applied yet; returns how many."""
    with store.read() as connection:
        waiting = list(
            connection.execute(
                select(receipts.c.id).where(receipts.c.state == "stored").order_by(receipts.c.id)
            ).scalars()
        )
    for receipt_id in waiting:
        with store.write() as connection:
            _apply(connection, receipt_id, iso(clock.now()))
    return len(waiting)


def _apply(connection: Connection, receipt_id: int, now: str) -> None:
    content = unpack(connection.execute(select(receipts.c.content).where(receipts.c.id == receipt_id)).scalar_one())
    try:
        type_, returns = read_returns(content)
    except (NotAReceipt, NotXml):
        _close(connection, receipt_id, "unreadable", None, set())
        return
    touched: dict[int, _Matched] = {}
    all_matched = bool(returns)
    for one in returns:
        found = _match(connection, one)
        all_matched = all_matched and bool(found)
        for record in found:
            evidence = one.status in ALREADY_THERE and _was_in_doubt(connection, record)
            connection.execute(
                insert_new(history)
                .values(
                    record_id=record.id,
                    receipt_id=receipt_id,
                    status=one.status,
                    info=one.info,
                    time=one.time or now,
                    evidence=evidence,
                )
                .on_conflict_do_nothing()
            )
            if one.pre_no or one.invt_no:
                numbers = {"pre_no": one.pre_no, "invt_no": one.invt_no}
                connection.execute(
                    update(records).where(records.c.id == record.id).values({k: v for k, v in numbers.items() if v})
                )
            touched[record.id] = record
    for record in touched.values():
        _recompute(connection, record)
    touch(connection, sorted({record.drop_id for record in touched.values()}))
    state = "applied" if all_matched else "unmatched"
    _close(connection, receipt_id, state, type_, {record.enterprise for record in touched.values()})


def _match(connection: Connection, one: Return) -> list[_Matched]:
    """The records a return speaks of: by message for a refusal of the whole, by business key else; the latest of that key."""
    columns = (records.c.id, records.c.drop_id, records.c.type, records.c.enterprise, records.c.message_id)
    if one.cop_msg_id is not None:
        query = select(*columns).join(messages, messages.c.id == records.c.message_id)
        query = query.where(messages.c.cop_msg_id == one.cop_msg_id)
        return [_Matched(*row) for row in connection.execute(query)]
    query = (
        select(*columns)
        .where(records.c.type == one.answers, records.c.key == joined(one.key), records.c.message_id.is_not(None))
        .order_by(records.c.id.desc())
    )
    found = [_Matched(*row) for row in connection.execute(query)]
    # A message may hold the same key twice when the rule against it is switched off: both are answered.
    return [record for record in found if record.message_id == found[0].message_id]


def _was_in_doubt(connection: Connection, record: _Matched) -> bool:
    attempts = connection.execute(
        select(func.count()).where(submissions.c.message_id == record.message_id, submissions.c.phase == "handing-over")
    ).scalar_one()
    return bool(attempts > 1)


def _recompute(connection: Connection, record: _Matched) -> None:
    query = select(history).where(history.c.record_id == record.id).order_by(history.c.time, history.c.id)
    entries = list(connection.execute(query).mappings())
    telling = [entry for entry in entries if not entry["evidence"]]
    latest = telling[-1] if telling else entries[-1]
    state = state_for(record.type, latest["status"]) if telling else State.ACKNOWLEDGED
    if latest["status"].startswith("dxp:"):
        state = State.ACKNOWLEDGED if latest["status"].removeprefix("dxp:").strip("0") == "" else State.REFUSED
    connection.execute(
        update(records)
        .where(records.c.id == record.id)
        .values(state=str(state), status=latest["status"], info=latest["info"], time=latest["time"])
    )


def _close(connection: Connection, receipt_id: int, state: str, type_: str | None, enterprises: set[str]) -> None:
    connection.execute(
        update(receipts)
        .where(receipts.c.id == receipt_id)
        .values(state=state, type=type_, enterprises=json.dumps(sorted(enterprises), ensure_ascii=False))
    )


def copy_out(store: Store, folders: dict[str, Path], by_channel: dict[str, list[str]]) -> int:
    """Write raw receipts to `outbox/customs/` of the enterprises they speak to; the others to `outbox/unmatched/`."""
    with store.read() as connection:
        query = select(receipts).where(receipts.c.state != "stored", receipts.c.copied.is_(False))
        rows = list(connection.execute(query).mappings())
    for row in rows:
        enterprises: list[str] = json.loads(row["enterprises"])
        unmatched = row["state"] != "applied"
        content = unpack(row["content"])
        for enterprise in enterprises:
            write_file(folders[enterprise] / "outbox" / "customs" / _safe(row["id"], row["name"]), content)
        for enterprise in by_channel.get(row["channel"], []) if unmatched else []:
            write_file(folders[enterprise] / "outbox" / "unmatched" / _safe(row["id"], row["name"]), content)
        with store.write() as connection:
            connection.execute(update(receipts).where(receipts.c.id == row["id"]).values(copied=True))
    return len(rows)


def _safe(receipt_id: int, name: str) -> str:
    """The remote name made harmless, with our number in front so that no two are alike."""
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in Path(name).name)
    return f"{receipt_id:06d}-{plain[-120:]}"


__all__ = ["apply_stored", "copy_out", "fetch_receipts"]
