"""Changes that only a restore makes: it adds the history of the store's files since the copy (`cebd.restoring`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256

from sqlalchemy import delete, insert, select, update

from cebd.problems.problem import Problem, stored_text
from cebd.records.ids import DropId, MessageId, ReceiptId, RecordId
from cebd.records.states import (
    UNSENT_MESSAGES,
    DropOutcome,
    DropState,
    MessageState,
    ReceiptState,
    State,
    SubmissionPhase,
)
from cebd.store.packing import pack
from cebd.store.records import RECORD_COLUMNS, StoredRecord, stored_record
from cebd.store.submissions import add_submission
from cebd.store.tables import drops, messages, receipts, records
from cebd.store.transaction import Transaction

# Drops


def set_filed(transaction: Transaction, drop_id: DropId, outcome: DropOutcome, place: str) -> None:
    """Mark the file of a drop under way as put away: where it lies, and how its work ended."""
    values = {"state": DropState.FILED, "outcome": outcome, "place": place}
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(**values))


def set_repeat_of(transaction: Transaction, drop_id: DropId, repeat_of: DropId) -> None:
    """Mark the file as a repeat of the earlier file."""
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(repeat_of=repeat_of))


def describe_drop(transaction: Transaction, drop_id: DropId, problems: Iterable[Problem]) -> None:
    """Set the number of the file's records and its problems."""
    types = list(transaction.execute(select(records.c.type).where(records.c.drop_id == drop_id)).scalars())
    values = {"records": len(types), "type": min(types, default=None), "problems": stored_text(problems)}
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(**values))


# Messages


def doubt_unsent(transaction: Transaction) -> int:
    """Every message that was not sent yet may have been since: each gets an attempt in doubt; returns how many."""
    query = select(messages.c.id, messages.c.type, messages.c.cop_msg_id, messages.c.created)
    unsent = list(transaction.execute(query.where(messages.c.state.in_(UNSENT_MESSAGES))))
    for row in unsent:
        add_submission(
            transaction,
            MessageId(row.id),
            f"{row.type}Message_{row.cop_msg_id}.xml",
            row.created,  # as if handed over as early as can be: answers that came since are answers to it
            phase=SubmissionPhase.HANDING_OVER,
            detail="the store was restored: it may have been sent since",
        )
    return len(unsent)


def not_sent(transaction: Transaction, message_ids: Collection[MessageId]) -> list[MessageId]:
    """The messages among these that the store does not know to be sent, in the order of their ids."""
    query = select(messages.c.id).where(messages.c.id.in_(message_ids), messages.c.state != MessageState.SENT)
    return list(transaction.execute(query.order_by(messages.c.id)).scalars())


def forget_messages(transaction: Transaction, drop_id: DropId) -> None:
    """Remove the drop's messages, and let none of its records hold its key."""
    own = records.c.drop_id == drop_id
    transaction.execute(update(records).where(own).values(message_id=None, active=False))
    transaction.execute(delete(messages).where(messages.c.drop_id == drop_id))


def is_free(transaction: Transaction, cop_msg_id: str) -> bool:
    """Whether no message went under that envelope's id."""
    return transaction.execute(select(messages.c.id).where(messages.c.cop_msg_id == cop_msg_id)).first() is None


# Records


def add_unread_record(
    transaction: Transaction,
    drop_id: DropId,
    enterprise: str,
    type_: str,
    key: str,
    guid: str,
    place: tuple[str | None, int | None],
    rows: Iterable[int],
) -> StoredRecord:
    """A row that could not be read again: it has no content. `place`: its sheet and row."""
    sheet, row = place
    values = {"drop_id": drop_id, "enterprise": enterprise, "type": type_, "key": key, "guid": guid}
    where = {"sheet": sheet, "row": row, "rows": ",".join(map(str, rows))}
    added = insert(records).values(**values, **where, content=b"", state=State.READY, active=False)
    record_id = transaction.execute(added.returning(records.c.id)).scalar_one()
    return stored_record(transaction.execute(select(*RECORD_COLUMNS).where(records.c.id == record_id)).one())


def first_with_guid(transaction: Transaction, guid: str, beside: RecordId) -> RecordId | None:
    """The first record with that guid other than `beside`."""
    query = select(records.c.id).where(records.c.guid == guid, records.c.id != beside).order_by(records.c.id)
    record_id: RecordId | None = transaction.execute(query.limit(1)).scalar()
    return record_id


def set_undeclared(
    transaction: Transaction, record_id: RecordId, state: State, guid: str, problems: Collection[Problem]
) -> None:
    """The record was not declared: it was rejected, or held."""
    text = stored_text(problems) if problems else None
    _set(transaction, record_id, state=state, guid=guid, problems=text)


def set_repeat(
    transaction: Transaction, record_id: RecordId, repeat_of: RecordId | None, problems: Iterable[Problem]
) -> None:
    """Mark the row as a repeat of an earlier record; None: the record is unknown, and the row has no effect."""
    state = State.REPEAT if repeat_of is not None else State.REJECTED
    _set(transaction, record_id, state=state, repeat_of=repeat_of, problems=stored_text(problems))


def put_into_message(
    transaction: Transaction, record: StoredRecord, message_id: MessageId, guid: str, state: State
) -> None:
    """The record was declared in that message, and holds its key in the place of whichever record did."""
    same = (records.c.enterprise == record.enterprise, records.c.type == record.type, records.c.key == record.key)
    others = update(records).where(*same, records.c.id != record.id, records.c.active)
    transaction.execute(others.values(active=False))
    _set(transaction, record.id, message_id=message_id, guid=guid, state=state, active=True, problems=None)


def save_outcome(transaction: Transaction, record: StoredRecord) -> None:
    """Store the record's state and customs' latest word as they are here."""
    names = ("state", "status", "info", "time", "pre_no", "invt_no")
    _set(transaction, record.id, **{name: getattr(record, name) for name in names})


# Receipts


def receipt_digests(transaction: Transaction) -> set[str]:
    """The SHA-256 of every receipt, in hex."""
    return set(transaction.execute(select(receipts.c.sha256)).scalars())


def keep_receipt(
    transaction: Transaction, channel: str, name: str, content: bytes, received: str, state: ReceiptState
) -> ReceiptId:
    """Store a receipt that people have already; the same bytes of the same channel are stored once. `received`: ISO 8601."""
    digest = sha256(content).hexdigest()
    same = select(receipts.c.id).where(receipts.c.channel == channel, receipts.c.sha256 == digest)
    receipt_id: ReceiptId | None = transaction.execute(same).scalar()
    if receipt_id is not None:
        return receipt_id
    values = {"channel": channel, "name": name, "sha256": digest, "received": received, "state": state}
    added = insert(receipts).values(**values, copied=True, content=pack(content))
    return ReceiptId(transaction.execute(added.returning(receipts.c.id)).scalar_one())


def _set(transaction: Transaction, record_id: RecordId, **values: object) -> None:
    transaction.execute(update(records).where(records.c.id == record_id).values(**values))
