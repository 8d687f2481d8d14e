"""Receipt awareness: a message that was sent and not answered for too long is named once; the answer takes that back."""

from __future__ import annotations

from datetime import datetime, timedelta

from cebd.clock import Clock, iso
from cebd.problems.problem import problem
from cebd.store.messages import set_waiting, touch, unanswered_messages
from cebd.store.store import Store


def overdue(store: Store, clock: Clock, minutes: float) -> list[str]:
    """Guids of newly overdue messages: sent `minutes` ago or more, with a record without a receipt.

    Each is marked with CEBD-1703 (`messages.waiting`) and its drop's outbox files are written anew; receipts take the mark away.
    """
    now = clock.now()
    sent_before = iso(now - timedelta(minutes=minutes))
    with store.read() as transaction:
        if not unanswered_messages(transaction, sent_before):
            return []
    with store.write() as transaction:
        messages = unanswered_messages(transaction, sent_before)
        for message in messages:
            elapsed = int((now - datetime.fromisoformat(message.sent_at)).total_seconds() // 60)
            set_waiting(transaction, message.id, problem("CEBD-1703", value=message.guid, minutes=elapsed))
        touch(transaction, sorted({message.drop_id for message in messages}))
    return [message.guid for message in messages]
