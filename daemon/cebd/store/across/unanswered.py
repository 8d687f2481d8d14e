"""Messages that were sent and wait for their answer; and how long the answers took that came."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update

from cebd.records.ids import DropId, MessageId
from cebd.records.states import MessageState
from cebd.store.tables import IS_UNANSWERED, history, messages, receipts, records
from cebd.store.transaction import Transaction

_LOOKED_THROUGH = 5_000  # the latest messages of all types
_waits = messages.alias()


class Unanswered(NamedTuple):
    """A sent message with a record that customs have not answered. `sent_at` is ISO 8601; `said`: the id of what was said of it already."""

    id: MessageId
    drop_id: DropId
    type: str
    guid: str
    sent_at: str
    said: str | None


def unanswered_messages(transaction: Transaction, sent_before: str, last_word: str = "-") -> list[Unanswered]:
    """Such messages that were sent at that time (ISO 8601) or earlier, but those of which `last_word` (the id of a problem) was said."""
    done = select(_waits.c.id).where(  # by its index: in the row it stands behind the bytes of the message
        _waits.c.waiting.is_not(None), _waits.c.waiting.like(f'{{"id": "{last_word}"%')
    )
    columns = (messages.c[name] for name in ("id", "drop_id", "type", "guid", "sent_at", "waiting"))
    query = select(*columns).where(
        messages.c.id.in_(select(records.c.message_id).where(IS_UNANSWERED)),
        messages.c.id.not_in(done),
        messages.c.state == MessageState.SENT,
        messages.c.sent_at <= sent_before,
    )
    return [
        Unanswered(id_, drop_id, type_, guid, sent_at, json.loads(waiting)["id"] if waiting else None)
        for id_, drop_id, type_, guid, sent_at, waiting in transaction.execute(query.order_by(messages.c.id))
    ]


def end_overdue(transaction: Transaction, message_ids: Collection[MessageId]) -> None:
    """End the wait of the messages among these whose records are all answered."""
    silent = select(records.c.id).where(records.c.message_id == messages.c.id, records.c.status.is_(None))
    transaction.execute(
        update(messages)
        .where(messages.c.id.in_(message_ids), messages.c.state == MessageState.SENT, ~silent.exists())
        .values(waiting=None)
    )


def answers_took(transaction: Transaction, latest: int) -> dict[str, list[float]]:
    """By message type, the seconds from the hand-over of its `latest` messages to the first answer to their last record, in no order;
    messages without one are left out. Only the latest few thousand messages of all are looked at.
    """
    recent = select(messages.c.id, messages.c.type).order_by(messages.c.id.desc()).limit(_LOOKED_THROUGH)
    of_type: dict[str, list[int]] = {}
    for message_id, type_ in transaction.execute(recent):
        ids = of_type.setdefault(type_, [])
        if len(ids) < latest:
            ids.append(message_id)
    last = select(func.max(records.c.id)).where(records.c.message_id == messages.c.id).correlate(messages)
    answered = (
        select(receipts.c.received)
        .join(history, history.c.receipt_id == receipts.c.id)
        .where(history.c.record_id == last.scalar_subquery())
        .order_by(history.c.id)
        .limit(1)
        .correlate(messages)
        .scalar_subquery()
    )
    took = {}
    for type_, ids in of_type.items():
        query = select(messages.c.sent_at, answered).where(messages.c.id.in_(ids), messages.c.sent_at.is_not(None))
        took[type_] = [
            max(0.0, (datetime.fromisoformat(received) - datetime.fromisoformat(sent_at)).total_seconds())
            for sent_at, received in transaction.execute(query)
            if received is not None
        ]
    return took
