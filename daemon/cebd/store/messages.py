"""Messages of a drop, written in the transaction that converts it, and read by the stages after it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    func,
    insert,
    select,
    union,
    update,
)

from cebd.messages.compose import with_signature
from cebd.messages.envelope import Envelope, EnvelopeForm
from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId
from cebd.records.states import UNSENT_MESSAGES, MessageState, SignatureMode, State
from cebd.store.packing import Packed, pack, packed, unpack
from cebd.store.tables import drops, messages, records, submissions
from cebd.store.transaction import Transaction, batches


class NoSuchMessage(KeyError):
    """It was taken back: its file had changed since it was taken (`cebd.intake.changed`)."""


@dataclass(frozen=True)
class MessageRow:
    """A message as the store lists it, without its bytes; `waiting`: why it does not go on."""

    id: MessageId
    drop_id: DropId
    enterprise: str
    type: str
    guid: str
    cop_msg_id: str
    signer: str
    channel: str
    signature_mode: SignatureMode
    state: MessageState
    created: str
    sender: str
    receiver: str
    sent_at: str | None
    waiting: Problem | None

    @property
    def is_signed_here(self) -> bool:
        """Whether its signature is, or will be, its signer's."""
        return self.signature_mode in SIGNED_HERE


@dataclass(frozen=True)
class StoredMessage(MessageRow):
    """A message with its bytes: `body` is unpacked, with its signature if it has one."""

    body: bytes

    def in_envelope(self, form: EnvelopeForm = EnvelopeForm()) -> bytes:  # noqa: B008  a value
        """What carries it in that form: the same bytes at every attempt."""
        envelope = Envelope(
            cop_msg_id=self.cop_msg_id,
            sender=self.sender,
            receivers=(self.receiver,),
            created=datetime.fromisoformat(self.created),
            message_type=f"{self.type}Message",
            data=self.body,
            number=self.id,
        )
        return envelope.to_bytes(form)


class Signed(NamedTuple):
    """The result of signing: a signature to keep beside the message, or the whole message anew; neither when it is sent unchanged."""

    signature: bytes | None = None
    body: bytes | None = None


class NewMessage(NamedTuple):
    """A message to be stored. `created`: ISO 8601."""

    drop_id: DropId
    enterprise: str
    type: str
    guid: str
    cop_msg_id: str
    signer: str
    channel: str
    signature_mode: SignatureMode
    created: str
    sender: str
    receiver: str


def add_message(
    transaction: Transaction,
    new: NewMessage,
    body: bytes,
    *,
    state: MessageState = MessageState.READY,
    sent_at: str | None = None,
    waiting: Problem | None = None,
) -> MessageId:
    """Insert a message, ready to be signed unless another state is given."""
    values = message_values(new, packed(body)) | {"state": str(state), "sent_at": sent_at, "waiting": _as_text(waiting)}
    return MessageId(transaction.execute(_ADD_MESSAGE, values).scalar_one())


def message_values(new: NewMessage, body: Packed) -> dict[str, Any]:
    """The row of a message that is ready to be signed; `Any`: each value as its column has it."""
    values = new._asdict()
    values["sign"] = str(values.pop("signature_mode"))
    return values | {"body": body.packed, "sha256": body.sha256, "state": str(MessageState.READY)}


def load_message(transaction: Transaction, message_id: MessageId) -> StoredMessage:
    """The message with its bytes. Raises NoSuchMessage."""
    row = transaction.execute(_MESSAGE, {"of": message_id}).mappings().first()
    if row is None:
        raise NoSuchMessage(message_id)
    body, signature = unpack(row["body"]), row["signature"]
    whole = body if signature is None else with_signature(body, unpack(signature))
    return StoredMessage(**_values(row), body=whole)


def message_body(transaction: Transaction, message_id: MessageId) -> bytes:
    """The bytes of a message, without a signature that is kept beside it."""
    return unpack(transaction.execute(select(messages.c.body).where(messages.c.id == message_id)).scalar_one())


def message_rows(transaction: Transaction, message_ids: Sequence[MessageId]) -> list[MessageRow]:
    """Those among them that were not withdrawn, without their bytes, in the order of their ids."""
    query = _ROWS.where(messages.c.id.in_(bindparam("of", expanding=True))).order_by(messages.c.id)
    rows = (row for batch in batches(message_ids) for row in transaction.execute(query, {"of": batch}).mappings())
    return [MessageRow(**_values(row)) for row in rows]


def message_to_send_first(transaction: Transaction, message_id: MessageId) -> MessageRow | None:
    """The message, if it is signed and was never tried to be handed over."""
    row = transaction.execute(_TO_SEND_FIRST, {"of": message_id}).mappings().first()
    return None if row is None else MessageRow(**_values(row))


def unsent_messages(transaction: Transaction) -> list[MessageRow]:
    """Messages in process; messages that wait for a person's decision are not."""
    rows = transaction.execute(_ROWS.where(messages.c.state.in_(UNSENT_MESSAGES)).order_by(messages.c.id))
    return [MessageRow(**_values(row)) for row in rows.mappings()]


def unsent_by_drop(transaction: Transaction) -> list[tuple[MessageId, DropId]]:
    """The ids of those messages, each with its drop's id."""
    query = select(messages.c.id, messages.c.drop_id).where(messages.c.state.in_(UNSENT_MESSAGES))
    return [(MessageId(row.id), DropId(row.drop_id)) for row in transaction.execute(query)]


def untried_messages(transaction: Transaction, but_of: Collection[DropId]) -> list[MessageId]:
    """Messages to be signed or sent without a noted reason to wait, except the messages of these drops."""
    query = select(messages.c.id).where(
        messages.c.state.in_((MessageState.READY, MessageState.SIGNED)),
        messages.c.waiting.is_(None),
        messages.c.drop_id.not_in(but_of),
    )
    return [MessageId(number) for number in transaction.execute(query).scalars()]


def waiting_messages(transaction: Transaction) -> list[MessageRow]:
    """Messages that say why they do not go on."""
    rows = transaction.execute(_ROWS.where(messages.c.waiting.is_not(None)).order_by(messages.c.id))
    return [MessageRow(**_values(row)) for row in rows.mappings()]


def messages_of_drop(transaction: Transaction, drop_id: DropId) -> list[MessageId]:
    """Numbers of the drop's messages."""
    of_drop = select(messages.c.id).where(messages.c.drop_id == drop_id).order_by(messages.c.id)
    return list(transaction.execute(of_drop).scalars())


def _values(row: RowMapping) -> dict[str, Any]:  # the fields of MessageRow by name
    waiting = row["waiting"]
    return {
        **{name: row[name] for name in _PLAIN},
        "signature_mode": SignatureMode(row["sign"]),
        "state": MessageState(row["state"]),
        "waiting": None if waiting is None else Problem.from_json(json.loads(waiting)),
    }


def mark_signed(transaction: Transaction, signed: Mapping[MessageId, Signed], signer: str) -> None:
    """The messages are signed by the signer (or need no signature) and ready to be sent."""
    ready = transaction.execute(_READY, {"of": list(signed)}).all()
    if not ready:
        return
    values: list[dict[str, Any]] = []
    for message_id, _ in ready:
        made = signed[message_id]
        if made.body is not None:
            whole = packed(made.body)
            anew = update(messages).where(messages.c.id == message_id)
            transaction.execute(anew.values(body=whole.packed, sha256=whole.sha256))
        signature = None if made.signature is None else pack(made.signature)
        values.append({"of": message_id, "signature": signature, "by": signer})
    transaction.execute(_SIGN, values)
    touch(transaction, sorted({drop_id for _, drop_id in ready}))


def mark_sent(transaction: Transaction, message_id: MessageId, state: State, now: str) -> None:
    """The message was handed over, or may have been."""
    values = {"state": str(state), "waiting": None}
    if state is State.SENT:
        values["sent_at"] = now
    under_way = messages.c.state.in_((MessageState.SIGNED, MessageState.IN_DOUBT))
    moved = update(messages).where(messages.c.id == message_id, under_way).values(**values)
    drop_id = transaction.execute(moved.returning(messages.c.drop_id)).scalar()
    if drop_id is not None:
        touch(transaction, [drop_id])


def set_waiting(transaction: Transaction, message_id: MessageId, why: Problem | None) -> None:
    """Note why the message waits; None when it goes on. If the operator must know, the receipt is written anew."""
    query = select(messages.c.waiting, messages.c.drop_id).where(messages.c.id == message_id)
    before = transaction.execute(query).first()
    transaction.execute(update(messages).where(messages.c.id == message_id).values(waiting=_as_text(why)))
    if before is None:
        return
    id_before = json.loads(before.waiting).get("id") if before.waiting else None
    if id_before != (None if why is None else why.id):
        touch(transaction, [before.drop_id])


def _as_text(why: Problem | None) -> str | None:
    return None if why is None else json.dumps(why.as_stored(), ensure_ascii=False)


def has_receipts(transaction: Transaction, message_id: MessageId) -> bool:
    """Whether customs have said anything about any record of the message: then it arrived."""
    query = select(func.count()).where(records.c.message_id == message_id, records.c.status.is_not(None))
    return bool(transaction.execute(query).scalar())


# Built once: these run for every message.
_of: BindParameter[int] = bindparam("of")


def _rows_of_others(column: ColumnElement[int | None]) -> Select[Any]:
    """The drops of rows that name a record of this one there. A file's records were stored together and have numbers of a range: asked so,
    the few such rows are read and not the file's hundred thousand records."""
    own = records.alias()
    lowest, highest = (
        select(records.c.id).where(records.c.drop_id == _of).order_by(order).limit(1).scalar_subquery()
        for order in (records.c.id.asc(), records.c.id.desc())
    )
    drop_named = select(own.c.drop_id).where(own.c.id == column).correlate(records).scalar_subquery()
    return select(records.c.drop_id).where(column.between(lowest, highest), drop_named == _of)


_shown = drops.alias()
_TOUCH = (
    update(drops)
    .where(
        drops.c.id.in_(
            union(
                select(_shown.c.id).where(_shown.c.id == _of),
                select(_shown.c.id).where(_shown.c.repeat_of == _of),
                _rows_of_others(records.c.repeat_of),
                _rows_of_others(records.c.edit_of),
            )
        )
    )
    .values(changed=drops.c.changed + 1)
)
_SIGN = (
    update(messages)
    .where(messages.c.id == bindparam("of"))
    .values(state=MessageState.SIGNED, signature=bindparam("signature"), signer=bindparam("by"), waiting=None)
)
SIGNED_HERE = (SignatureMode.DETACHED, SignatureMode.EMBEDDED)
_ADD_MESSAGE = insert(messages).returning(messages.c.id)
_MESSAGE = select(messages).where(messages.c.id == bindparam("of"))
_READY = select(messages.c.id, messages.c.drop_id).where(
    messages.c.id.in_(bindparam("of", expanding=True)), messages.c.state == MessageState.READY
)
# Columns that a MessageRow takes as they are.
_PLAIN = (
    "id",
    "drop_id",
    "enterprise",
    "type",
    "guid",
    "cop_msg_id",
    "signer",
    "channel",
    "created",
    "sender",
    "receiver",
    "sent_at",
)
_ROWS = select(*(messages.c[name] for name in (*_PLAIN, "sign", "state", "waiting")))
_TO_SEND_FIRST = _ROWS.where(
    messages.c.id == _of,
    messages.c.state == MessageState.SIGNED,
    ~select(submissions.c.id).where(submissions.c.message_id == messages.c.id).exists(),
)


def touch(transaction: Transaction, drop_ids: Sequence[DropId]) -> None:
    """The outbox files of these drops, and of drops that repeat their rows, are to be written anew."""
    if drop_ids:
        transaction.execute(_TOUCH, [{"of": drop_id} for drop_id in drop_ids])
