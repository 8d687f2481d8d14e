"""How things stand: counts by state, messages that wait, files whose outbox files are behind; how work of a run has ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState, MessageState, State
from cebd.store.tables import IS_BEHIND, drops, messages, published_books, records
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StateCounts:
    """How many drops, records and messages are in each state that any is in, by the state's name."""

    drops: dict[str, int]
    records: dict[str, int]
    messages: dict[str, int]


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that does not go on, and why. `since` (ISO 8601): when it was sent, else when it was made."""

    guid: str
    type: str
    state: MessageState
    enterprise: str
    signer: str
    channel: str
    since: str
    problem: Problem

    def as_json(self) -> dict[str, Any]:
        """The message and its problem in one object, for `status --json`."""
        return {
            "type": self.type,
            "state": self.state,
            "enterprise": self.enterprise,
            "signer": self.signer,
            "channel": self.channel,
            "message": self.guid,
            "since": self.since,
            **self.problem.as_json(),
        }


@dataclass(frozen=True, slots=True)
class FileBehind:
    """A file whose outbox files are behind the store; `published` (ISO 8601): when they were written last."""

    file: str
    enterprise: str
    published: str | None

    def as_json(self) -> dict[str, Any]:
        """For `status --json`."""
        return {"file": self.file, "enterprise": self.enterprise, "published": self.published}


def state_counts(transaction: Transaction) -> StateCounts:
    """The counts of this moment."""

    def counted(table: Any) -> dict[str, int]:  # any of the tables that have a state
        query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
        return {str(state): int(count) for state, count in transaction.execute(query)}

    return StateCounts(counted(drops), counted(records), counted(messages))


def waiting_messages(transaction: Transaction) -> list[WaitingMessage]:
    """Every message that waits for a stated reason, the first made first."""
    names = ("guid", "type", "state", "enterprise", "signer", "channel", "sent_at", "created", "waiting")
    query = select(*(messages.c[name] for name in names)).where(messages.c.waiting.is_not(None)).order_by(messages.c.id)
    return [
        WaitingMessage(
            guid=row.guid,
            type=row.type,
            state=MessageState(row.state),
            enterprise=row.enterprise,
            signer=row.signer,
            channel=row.channel,
            since=row.sent_at or row.created,
            problem=Problem.from_json(json.loads(row.waiting)),
        )
        for row in transaction.execute(query)
    ]


def files_behind(transaction: Transaction) -> list[FileBehind]:
    """Files whose outbox files are behind the store, or put aside beside one that is open; the longest waiting first."""
    aside = select(published_books.c.drop_id).where(published_books.c.aside)
    late = IS_BEHIND | drops.c.id.in_(aside)
    query = select(drops.c.name, drops.c.enterprise, drops.c.published_at).where(drops.c.state == DropState.FILED, late)
    return [
        FileBehind(row.name, row.enterprise, row.published_at)
        for row in transaction.execute(query.order_by(drops.c.id))
    ]


def any_failed_after(transaction: Transaction, drop_id: DropId | int) -> bool:
    """Whether, of drops later than that one, any record was rejected or refused, or any file was not understood."""
    states = transaction.execute(select(records.c.state).where(records.c.drop_id > drop_id).distinct()).scalars()
    if {State.REJECTED, State.REFUSED} & set(states):
        return True
    query = select(func.count()).where(drops.c.id > drop_id, drops.c.outcome == DropOutcome.ERROR)
    return bool(transaction.execute(query).scalar_one())
