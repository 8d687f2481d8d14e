"""Counts across the tables: by state, of what waits or is behind; and how the work of a run has ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select

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
class FileBehind:
    """A file whose outbox files are behind the store; `published` (ISO 8601): when they were written last."""

    file: str
    enterprise: str
    published: str | None

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        return {"file": self.file, "enterprise": self.enterprise, "published": self.published}


def state_counts(transaction: Transaction) -> StateCounts:
    """The counts of this moment."""

    def counted(table: Any) -> dict[str, int]:  # any of the tables that have a state
        query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
        return {str(state): int(count) for state, count in transaction.execute(query)}

    return StateCounts(counted(drops), counted(records), counted(messages))


def files_behind(transaction: Transaction) -> list[FileBehind]:
    """Files whose outbox files are behind the store, or put aside beside one that is open; the longest waiting first."""
    aside = select(published_books.c.drop_id).where(published_books.c.aside)
    late = IS_BEHIND | drops.c.id.in_(aside)
    query = select(drops.c.name, drops.c.enterprise, drops.c.published_at).where(drops.c.state == DropState.FILED, late)
    return [
        FileBehind(row.name, row.enterprise, row.published_at)
        for row in transaction.execute(query.order_by(drops.c.id))
    ]


class WaitingMessages(NamedTuple):
    """Messages of an enterprise in one state that wait for one reason (`reason`: its id); `since`: when the first was made, ISO 8601."""

    enterprise: str
    state: MessageState
    reason: str
    since: str


def messages_waiting(transaction: Transaction) -> list[WaitingMessages]:
    """What messages wait for, told from an index alone: this is asked every few seconds."""
    query = (
        select(messages.c.enterprise, messages.c.state, messages.c.waiting, func.min(messages.c.created).label("since"))
        .where(messages.c.waiting.is_not(None))
        .group_by(messages.c.enterprise, messages.c.state, messages.c.waiting)
    )
    return [
        WaitingMessages(row.enterprise, MessageState(row.state), json.loads(row.waiting)["id"], row.since)
        for row in transaction.execute(query)
    ]


def any_failed_after(transaction: Transaction, drop_id: DropId | int) -> bool:
    """Whether, of drops later than that one, any record was rejected or refused, or any file was not understood."""
    states = transaction.execute(select(records.c.state).where(records.c.drop_id > drop_id).distinct()).scalars()
    if {State.REJECTED, State.REFUSED} & set(states):
        return True
    query = select(func.count()).where(drops.c.id > drop_id, drops.c.outcome == DropOutcome.ERROR)
    return bool(transaction.execute(query).scalar_one())
