"""What has happened to a record and to the message that carries it: the facts, with their times, as the store has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import select

from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, ReceiptId, RecordId
from cebd.records.key import bare_number
from cebd.records.states import ReturnedStatus
from cebd.store.across.sending.order import (
    MissingDocument,
    missing_documents,
    unanswered_originals,
)
from cebd.store.messages import MessageRow, load_message, message_body, message_rows
from cebd.store.submissions import Submission, submissions_of
from cebd.store.tables import drops, history, journal, messages, receipts, records
from cebd.store.transaction import Transaction


class StoredBytes(NamedTuple):
    """Bytes that the store keeps: how many, and their SHA-256 in hex."""

    size: int
    sha256: str

    def as_json(self) -> dict[str, object]:
        return self._asdict()


def stored_bytes(content: bytes) -> StoredBytes:
    return StoredBytes(len(content), sha256(content).hexdigest())


class Decision(NamedTuple):
    """A person's decision about a message, in the store's journal. `time`: ISO 8601."""

    time: str
    event: str
    detail: str


@dataclass(frozen=True, slots=True)
class MessageLife:
    """A message. `composed`: its bytes before they were signed; `signed`: with the signature, None as long as there is none.

    `removed`: when its bytes were removed after years (ISO 8601); what is told of them is then what stands in their place.
    `missing`: the documents that its lists name and the e-port does not have; `originals`: declarations of the same numbers that have no
    answer yet: it waits for these. `let_go`, `resent_by`: whose wish changed its way, and why.
    """

    message: MessageRow
    file: str
    composed: StoredBytes
    signed: StoredBytes | None
    removed: str | None
    attempts: tuple[Submission, ...]
    missing: tuple[MissingDocument, ...]
    originals: tuple[str, ...]
    let_go: str | None
    resent_by: str | None
    decisions: tuple[Decision, ...]


class Answer(NamedTuple):
    """A status that customs or the e-port gave, and the receipt that brought it. `received`: by our clock, ISO 8601."""

    record_id: RecordId
    returned: ReturnedStatus
    received: str
    receipt_id: ReceiptId
    name: str
    channel: str


class FileLife(NamedTuple):
    """A file. `source`: where it lay in the inbox, `place`: where it lies now; `published_at` (ISO 8601): of its latest receipt."""

    id: DropId
    enterprise: str
    name: str
    sha256: str
    received: str
    source: str
    place: str
    published_at: str | None


class WaitingList(NamedTuple):
    """A declaration whose message is kept until another document has reached the e-port."""

    type: str
    key: str
    message: str
    why: Problem


def message_lives(transaction: Transaction, message_ids: Sequence[MessageId]) -> list[MessageLife]:
    """These messages, in the order of their ids."""
    return [_message_life(transaction, message) for message in message_rows(transaction, message_ids)]


def _message_life(transaction: Transaction, message: MessageRow) -> MessageLife:
    columns = (
        messages.c.signature.is_not(None),
        messages.c.removed,
        messages.c.let_go,
        messages.c.resent_by,
        drops.c.name,
    )
    query = select(*columns).join(drops, drops.c.id == messages.c.drop_id).where(messages.c.id == message.id)
    is_signed, removed, let_go, resent_by, file = transaction.execute(query).one()
    composed = message_body(transaction, message.id)
    whole = load_message(transaction, message.id).body
    said = select(journal.c.time, journal.c.event, journal.c.detail).where(
        journal.c.detail.contains(message.guid, autoescape=True)
    )
    return MessageLife(
        message=message,
        file=file,
        composed=stored_bytes(composed),
        signed=stored_bytes(whole) if is_signed or b"SignatureValue>" in whole else None,
        removed=removed,
        attempts=tuple(submissions_of(transaction, message.id)),
        missing=tuple(missing_documents(transaction, message.id)) if message.type == _LIST else (),
        originals=tuple(unanswered_originals(transaction, message.id)),
        let_go=let_go,
        resent_by=resent_by,
        decisions=tuple(Decision(*row) for row in transaction.execute(said.order_by(journal.c.id))),
    )


def answers_to(transaction: Transaction, record_ids: Sequence[RecordId]) -> list[Answer]:
    """What was answered to these records, in the order of arrival."""
    query = (
        select(history, receipts.c.received, receipts.c.name.label("receipt"), receipts.c.channel)
        .join(receipts, receipts.c.id == history.c.receipt_id)
        .where(history.c.record_id.in_(record_ids))
        .order_by(history.c.id)
    )
    return [
        Answer(
            row.record_id,
            ReturnedStatus(row.status, row.info, row.time, row.evidence),
            row.received,
            row.receipt_id,
            row.receipt,
            row.channel,
        )
        for row in transaction.execute(query)
    ]


def file_life(transaction: Transaction, drop_id: DropId) -> FileLife:
    """The file of that number."""
    query = select(*(drops.c[name] for name in FileLife._fields)).where(drops.c.id == drop_id)
    return FileLife(*transaction.execute(query).one())


def lists_that_wait_for(transaction: Transaction, record_id: RecordId, reasons: Sequence[str]) -> list[WaitingList]:
    """The lists that name the same order as this order, payment or waybill, and whose message waits for one of these reasons (ids)."""
    own = select(records.c.type, records.c.key, records.c.order_no).where(records.c.id == record_id)
    type_, key, order_no = transaction.execute(own).one()
    if type_ == _LIST:
        return []
    named = select(records.c.type, records.c.key, records.c.message_id).where(
        records.c.type == _LIST, records.c.message_id.is_not(None)
    )
    # Each by its own index: asked together they would be looked for among all lists.
    rows = {tuple(row) for row in transaction.execute(named.where(records.c.waybill_no == key))}
    if order_no is not None:
        rows |= {tuple(row) for row in transaction.execute(named.where(records.c.order_no == order_no))}
    carriers = {message.id: message for message in message_rows(transaction, sorted({row[2] for row in rows}))}
    return [
        WaitingList(list_type, bare_number(list_key), message.guid, message.waiting)
        for list_type, list_key, message_id in sorted(rows)
        if (message := carriers[message_id]).waiting is not None and message.waiting.id in reasons
    ]


_LIST = "CEB621"
