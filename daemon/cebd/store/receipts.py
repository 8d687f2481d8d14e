"""Receipts: a row for each document from customs, with its bytes; and the declarations that it may concern."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from cebd.records.ids import DropId, MessageId, ReceiptId, RecordId
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import ReceiptState, State, SubmissionPhase
from cebd.store.database import insert_if_new
from cebd.store.packing import pack, unpack
from cebd.store.submissions import MAY_HAVE_ARRIVED
from cebd.store.tables import messages, receipts, records, submissions
from cebd.store.transaction import Transaction, batches


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A stored receipt. `received`: the time of its arrival, ISO 8601.

    `handed_over`: the last hand-over (an id of `submissions`) before it; 0: there was no hand-over yet, None: unknown.
    `enterprises`: the enterprises of its records; `owed`: those of them that the settings lack, so that it could not be copied out.
    """

    id: ReceiptId
    channel: str
    name: str
    received: str
    type: str | None
    state: ReceiptState
    enterprises: tuple[str, ...]
    owed: tuple[str, ...]
    handed_over: int | None
    packed: bytes

    def content(self) -> bytes:
        """The bytes as they came. Raises zlib.error when they were damaged in the store."""
        return unpack(self.packed)


RECEIPT_COLUMNS = tuple(
    receipts.c[name]
    for name in ("id", "channel", "name", "received", "type", "state", "enterprises", "owed", "handed_over", "content")
)


def stored_receipt(row: Row[Any]) -> StoredReceipt:
    """The receipt of a row that has `RECEIPT_COLUMNS`."""
    return StoredReceipt(
        id=row.id,
        channel=row.channel,
        name=row.name,
        received=row.received,
        type=row.type,
        state=ReceiptState(row.state),
        enterprises=tuple(json.loads(row.enterprises)),
        owed=tuple(json.loads(row.owed)) if row.owed else (),
        handed_over=row.handed_over,
        packed=row.content,
    )


def add_receipt(transaction: Transaction, channel: str, name: str, content: bytes, received: str) -> bool:
    """Store a fetched receipt; returns whether it is new: the same bytes from the same channel are stored once."""
    last_hand_over = (
        select(submissions.c.id)
        .where(submissions.c.phase == SubmissionPhase.HANDING_OVER)
        .order_by(submissions.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = {
        "channel": channel,
        "name": name,
        "sha256": sha256(content).hexdigest(),
        "received": received,
        "state": str(ReceiptState.STORED),
        "copied": False,
        "content": pack(content),
        # Read after the fetch: every message that the receipt concerns was handed over by now.
        "handed_over": func.coalesce(last_hand_over, 0),
    }
    return insert_if_new(transaction, receipts, row)


def receipts_to_apply(transaction: Transaction) -> list[ReceiptId]:
    """Receipts that nobody has read yet, in the order in which they came."""
    query = select(receipts.c.id).where(receipts.c.state == ReceiptState.STORED).order_by(receipts.c.id)
    return list(transaction.execute(query).scalars())


def load_receipt(transaction: Transaction, receipt_id: ReceiptId) -> StoredReceipt:
    return stored_receipt(transaction.execute(select(*RECEIPT_COLUMNS).where(receipts.c.id == receipt_id)).one())


def load_receipts(transaction: Transaction, receipt_ids: Sequence[ReceiptId]) -> list[StoredReceipt]:
    """These receipts with their bytes: ask for a few at a time."""
    query = select(*RECEIPT_COLUMNS).where(receipts.c.id.in_(receipt_ids))
    return [stored_receipt(row) for row in transaction.execute(query)]


def unmatched_receipts(transaction: Transaction, types: Collection[str], limit: int) -> Iterator[StoredReceipt]:
    """The latest receipts of these types that speak of nothing of ours, the last first."""
    query = select(*RECEIPT_COLUMNS).where(
        receipts.c.state == ReceiptState.UNMATCHED, receipts.c.type.in_(sorted(types))
    )
    return map(stored_receipt, transaction.execute(query.order_by(receipts.c.id.desc()).limit(limit)))


def close_receipt(
    transaction: Transaction,
    receipt_id: ReceiptId,
    state: ReceiptState,
    type_: str | None = None,
    enterprises: Iterable[str] = (),
) -> None:
    """The receipt was read, or cannot be; it is to be copied out (again)."""
    values = {
        "state": str(state),
        "type": type_,
        "copied": False,
        "owed": None,
        "enterprises": json.dumps(sorted(enterprises), ensure_ascii=False),
    }
    transaction.execute(update(receipts).where(receipts.c.id == receipt_id).values(**values))


# Copies for people


def receipts_to_copy(transaction: Transaction) -> list[ReceiptId]:
    """Receipts that were read and are not copied out yet, in the order in which they came."""
    query = select(receipts.c.id).where(receipts.c.state != ReceiptState.STORED, receipts.c.copied.is_(False))
    return list(transaction.execute(query.order_by(receipts.c.id)).scalars())


def mark_copied(transaction: Transaction, receipt_id: ReceiptId, owed: Sequence[str]) -> None:
    """The receipt is copied out, but for the enterprises to which a copy is owed."""
    values = {"copied": True, "owed": _owed_as_text(owed) if owed else None}
    transaction.execute(update(receipts).where(receipts.c.id == receipt_id).values(**values))


def owed_copies(transaction: Transaction) -> dict[tuple[str, ...], int]:
    """How many receipts are owed to each set of enterprises that any is owed to."""
    query = select(receipts.c.owed, func.count()).where(receipts.c.owed.is_not(None)).group_by(receipts.c.owed)
    return {tuple(json.loads(text)): count for text, count in transaction.execute(query)}


def copy_again(transaction: Transaction, owed: Iterable[Sequence[str]]) -> None:
    """Mark receipts owed to exactly these sets of enterprises to be copied out."""
    texts = [_owed_as_text(enterprises) for enterprises in owed]
    transaction.execute(update(receipts).where(receipts.c.owed.in_(texts)).values(copied=False))


def _owed_as_text(enterprises: Sequence[str]) -> str:
    return json.dumps(list(enterprises), ensure_ascii=False)


# Evidence about our clock


def note_clock_evidence(transaction: Transaction, receipt_id: ReceiptId, evidence: str) -> None:
    """Store the receipt's evidence about our clock, as text (`cebd.receipts.clock_evidence`)."""
    transaction.execute(update(receipts).where(receipts.c.id == receipt_id).values(clock=evidence))


def latest_clock_evidence(transaction: Transaction, limit: int) -> list[str]:
    """The evidence of the latest receipts about our clock, the last first."""
    query = select(receipts.c.clock).where(receipts.c.clock.is_not(None)).order_by(receipts.c.id.desc()).limit(limit)
    return list(transaction.execute(query).scalars())


# Declarations that a receipt may concern


@dataclass(frozen=True, slots=True)
class Declaration:
    """A record that may have reached the other side.

    `pre_no`, `invt_no`: the numbers that the platform and customs gave it. `channel`: its message's. `first_hand_over`: the number (of
    `submissions`) of its message's first hand-over that may have succeeded; `handed_over_at`: when that began, ISO 8601.
    """

    id: RecordId
    drop_id: DropId
    type: str
    enterprise: str
    key: str
    guid: str
    state: State
    pre_no: str | None
    invt_no: str | None
    message_id: MessageId
    message_guid: str
    channel: str
    first_hand_over: int
    handed_over_at: str


def declarations_with_keys(transaction: Transaction, type_: str, keys: Collection[str]) -> list[Declaration]:
    """Every declaration of that type with one of these keys."""
    return [
        declaration
        for batch in batches(sorted(keys))
        for declaration in _declarations(transaction, records.c.type == type_, records.c.key.in_(batch))
    ]


def declarations_with_first_part(transaction: Transaction, type_: str, first: str) -> list[Declaration]:
    """Every declaration of that type whose key begins with that part."""
    start = first + KEY_SEPARATOR  # a range and not LIKE: it is answered from the index
    end = first + chr(ord(KEY_SEPARATOR) + 1)
    return _declarations(transaction, records.c.type == type_, records.c.key >= start, records.c.key < end)


def declarations_with_numbers(
    transaction: Transaction, type_: str, pre_no: str | None, invt_no: str | None
) -> list[Declaration]:
    """Every declaration of that type with the platform's number `pre_no` or customs' number `invt_no`; None matches nothing."""
    by_id: dict[RecordId, Declaration] = {}
    for column, number in ((records.c.pre_no, pre_no), (records.c.invt_no, invt_no)):
        if number:  # a query for each index: for a query with OR, SQLite reads every record of the type
            same = _declarations(transaction, records.c.type == type_, column == number)
            by_id |= {declaration.id: declaration for declaration in same}
    return [by_id[record_id] for record_id in sorted(by_id)]


def declarations_in_envelopes(transaction: Transaction, envelope_ids: Sequence[str]) -> list[Declaration]:
    """Every declaration of a message that went in an envelope with one of these ids (CopMsgId)."""
    return _declarations(transaction, messages.c.cop_msg_id.in_(envelope_ids))


def declarations_in_messages(transaction: Transaction, guids: Sequence[str]) -> list[Declaration]:
    """Every declaration of a message with one of these guids."""
    return _declarations(transaction, messages.c.guid.in_(guids))


def _declarations(transaction: Transaction, *conditions: ColumnElement[bool]) -> list[Declaration]:
    rows = transaction.execute(_select_declarations().where(*conditions))
    return [Declaration(**{**row, "state": State(row["state"])}) for row in rows.mappings()]


@cache
def _select_declarations() -> Select[Any]:
    """Records with their message, for messages that were handed over (or may have been)."""
    first = (
        select(func.min(submissions.c.id))
        .where(submissions.c.message_id == records.c.message_id, MAY_HAVE_ARRIVED)
        .correlate(records)
        .scalar_subquery()
    )
    own = ("id", "drop_id", "type", "enterprise", "key", "guid", "state", "pre_no", "invt_no", "message_id")
    return (
        select(
            *(records.c[name] for name in own),
            messages.c.guid.label("message_guid"),
            messages.c.channel,
            submissions.c.id.label("first_hand_over"),
            submissions.c.intent.label("handed_over_at"),
        )
        .join(messages, messages.c.id == records.c.message_id)
        .join(submissions, submissions.c.id == first)
        .order_by(records.c.id)
    )
