"""The whole store, row by row, for the audit (`cebd.operations.audit`)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select

from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropState, MessageState, SignatureMode, State, SubmissionOutcome
from cebd.store.drops import Drop, drop_of
from cebd.store.packing import unpack
from cebd.store.tables import drops, messages, receipts, records, state_of, submissions
from cebd.store.transaction import Transaction


class RecordCount(NamedTuple):
    """How many records were read from a file, and how many of them the store has."""

    read: int
    stored: int


class RecordPlace(NamedTuple):
    """A record's state and its message's state. `message_state` None: the record has no message, or its message is not in the store.

    `status` is what customs said last, `follows_message` whether the record's row has no state of its own.
    """

    guid: str
    state: State
    has_message: bool
    message_state: MessageState | None
    type: str
    status: str | None
    follows_message: bool


@dataclass(frozen=True, slots=True)
class MessageBytes:
    """A message with its stored bytes. `body` None: they cannot be unpacked; `signature`: stored beside them. `answered`: by customs."""

    id: MessageId
    drop_id: DropId
    guid: str
    state: MessageState
    signature_mode: SignatureMode
    waits: bool
    answered: bool
    sha256: str
    body: bytes | None
    signature: bytes | None


class ReceiptBytes(NamedTuple):
    """A receipt's content; None: the stored bytes cannot be unpacked."""

    name: str
    sha256: str
    content: bytes | None


class Repeated(NamedTuple):
    """A message that was handed over more than once."""

    guid: str
    times: int


def count_records_read(transaction: Transaction) -> int:
    """How many records were read from all files."""
    return int(transaction.execute(select(func.coalesce(func.sum(drops.c.records), 0))).scalar_one())


def all_drops(transaction: Transaction) -> Iterator[Drop]:
    """Every file that was taken, not withdrawn, and not removed after years."""
    there = select(drops).where(drops.c.state != DropState.WITHDRAWN, drops.c.removed.is_(None))
    rows = transaction.execute(there).mappings()
    return (drop_of(row) for row in rows)


def record_counts(transaction: Transaction) -> Iterator[RecordCount]:
    """Of every file that was converted."""
    counted = select(records.c.drop_id, func.count()).group_by(records.c.drop_id)
    stored = {int(drop_id): int(count) for drop_id, count in transaction.execute(counted)}
    query = select(drops.c.id, drops.c.records).where(drops.c.records.is_not(None))
    return (RecordCount(read, stored.get(drop_id, 0)) for drop_id, read in transaction.execute(query))


def record_places(transaction: Transaction) -> Iterator[RecordPlace]:
    """Of every record, in the order of the numbers."""
    own = (records.c.type, records.c.status, records.c.state == State.READY)
    query = (
        select(records.c.guid, state_of(), records.c.message_id, messages.c.state, *own)
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .order_by(records.c.id)
    )
    for guid, state, message_id, message_state, type_, status, follows in transaction.execute(query):
        of_message = None if message_state is None else MessageState(message_state)
        yield RecordPlace(guid, State(state), message_id is not None, of_message, type_, status, bool(follows))


def message_bytes(transaction: Transaction) -> Iterator[MessageBytes]:
    """Of every message whose bytes were not removed after years."""
    answer = select(records.c.id).where(records.c.message_id == messages.c.id, records.c.status.is_not(None)).exists()
    there = select(messages, answer.label("answered")).where(messages.c.removed.is_(None))
    for row in transaction.execute(there):
        body, signature = _unpacked(row.body), None
        if row.signature is not None:
            signature = _unpacked(row.signature)
            body = None if signature is None else body
        yield MessageBytes(
            id=row.id,
            drop_id=row.drop_id,
            guid=row.guid,
            state=MessageState(row.state),
            signature_mode=SignatureMode(row.sign),
            waits=row.waiting is not None,
            answered=bool(row.answered),
            sha256=row.sha256,
            body=body,
            signature=signature,
        )


def sent_more_than_once(transaction: Transaction) -> list[Repeated]:
    """Messages with several hand-overs that are recorded as arrived."""
    times = func.count()
    query = (
        select(messages.c.guid, times)
        .join(submissions, submissions.c.message_id == messages.c.id)
        .where(submissions.c.outcome == SubmissionOutcome.SENT)
        .group_by(messages.c.id)
        .having(times > 1)
    )
    return [Repeated(*row) for row in transaction.execute(query)]


def receipt_bytes(transaction: Transaction) -> Iterator[ReceiptBytes]:
    """Of every receipt whose bytes were not removed after years."""
    there = select(receipts.c.name, receipts.c.sha256, receipts.c.content).where(receipts.c.removed.is_(None))
    for name, sha256, content in transaction.execute(there):
        yield ReceiptBytes(name, sha256, _unpacked(content))


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return unpack(packed)
    except zlib.error:
        return None
