"""Receipt awareness: what was sent and not answered for too long is said aloud, once, and taken back when the answer comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from cebd.clock import Clock, iso
from cebd.problems.problem import problem
from cebd.records.states import State
from cebd.store.messages import set_waiting, touch
from cebd.store.store import Store
from cebd.store.tables import messages, records


def overdue(store: Store, clock: Clock, minutes: float) -> list[str]:
    """Guids of messages newly found to have been sent `minutes` ago or more, with a record that has no receipt yet.

    Each is marked with CEBD-1703 (`messages.waiting`) and its drop's outbox files are written anew; receipts take the mark away.
    """
    now = clock.now()
    unanswered = select(records.c.id).where(
        records.c.message_id == messages.c.id, records.c.state == State.SENT, records.c.status.is_(None)
    )
    query = select(messages.c.id, messages.c.guid, messages.c.drop_id, messages.c.sent_at).where(
        messages.c.state == "sent",
        messages.c.waiting.is_(None),
        messages.c.sent_at <= iso(now - timedelta(minutes=minutes)),
        unanswered.exists(),
    )
    with store.read() as connection:
        if connection.execute(query.limit(1)).first() is None:
            return []
    with store.write() as connection:
        found = list(connection.execute(query.order_by(messages.c.id)))
        for row in found:
            elapsed = int((now - datetime.fromisoformat(row.sent_at)).total_seconds() // 60)
            set_waiting(connection, row.id, problem("CEBD-1703", value=row.guid, minutes=elapsed))
        touch(connection, sorted({row.drop_id for row in found}))
    return [row.guid for row in found]
