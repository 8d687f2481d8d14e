"""What receipt JSON says of records that the store knows: states and answers that came after the store was copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from cebd.clock import Clock, iso
from cebd.customs.statuses import already_there, is_notice, outcome
from cebd.receipts.publishing.receipt import CustomsNumbers, ReceiptRecord
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
        of_file = {record.guid: record for record in one.records if record.guid and not was_repeat(record)}
        guids = sorted(of_file)
        for start in range(0, len(guids), _TOGETHER):
            some = guids[start : start + _TOGETHER]
            with store.write() as connection:
                query = select(records).where(records.c.guid.in_(some), records.c.enterprise == one.enterprise)
                rows = list(connection.execute(query).mappings())
                learned += _apply(connection, one, [(row, of_file[row["guid"]]) for row in rows], clock)
    return learned


def _apply(
    connection: Connection, file: ReceiptFile, pairs: list[tuple[RowMapping, ReceiptRecord]], clock: Clock
) -> int:
    pairs = [(row, record) for row, record in pairs if record.state in HANDED_OVER and row["message_id"] is not None]
    sent = {row["message_id"] for row, _ in pairs}
    mark_handed_over(
        connection, sorted(_not_sent(connection, sent)), "the receipt in the outbox says so", iso(clock.now())
    )
    changed = set()
    receipt_id = None
    for row, record in pairs:
        past = _past(connection, row["id"])
        known = {returned.words for returned in past}
        news = []
        for returned in record.history:
            if returned.words not in known:
                evidence = record.state != State.REFUSED and already_there(row["type"], returned.status, returned.info)
                news.append(replace(returned, evidence=evidence))
        if news:
            receipt_id = receipt_id or _as_receipt(connection, file, clock)
            of = {"record_id": row["id"], "receipt_id": receipt_id}
            rows = [{**of, "status": o.status, "info": o.info, "time": o.time, "evidence": o.evidence} for o in news]
            connection.execute(insert(history), rows)
        values = _values(row, record, [*past, *news])
        if any(row[name] != value for name, value in values.items()):
            connection.execute(update(records).where(records.c.id == row["id"]).values(**values))
            changed.add(row["drop_id"])
    touch(connection, sorted(changed))
    return len(pairs)


def _values(row: RowMapping, record: ReceiptRecord, past: list[ReturnedStatus]) -> dict[str, Any]:
    state, shown = outcome(row["type"], past)
    values: dict[str, Any] = {"state": str(state or (record.state if row["status"] is None else row["state"]))}
    if shown is not None and not is_notice(shown.status):
        values |= {"status": shown.status, "info": shown.info, "time": shown.time or None}
    numbers = record.numbers or CustomsNumbers(None, None)
    for column, number in (("pre_no", numbers.pre_no), ("invt_no", numbers.own)):
        if str(number or "") > str(row[column] or ""):
            values[column] = str(number)
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
