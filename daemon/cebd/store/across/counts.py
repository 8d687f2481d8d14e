"""Counts across the tables: by state, of waiting messages, of receipts that are behind; and the outcome of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState, MessageState, State
from cebd.store.across.finding.groups import count_records_by_state
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
    """A file whose outbox files are behind the store; `published` (ISO 8601): the time of their last writing."""

    file: str
    enterprise: str
    published: str | None

    def as_json(self) -> dict[str, object]:
        """For `status --json`."""
        return {"file": self.file, "enterprise": self.enterprise, "published": self.published}


def state_counts(transaction: Transaction) -> StateCounts:
    """The counts of this moment."""

    def counted(state: ColumnElement[str]) -> dict[str, int]:
        query = select(state, func.count()).group_by(state).order_by(state)
        return {str(name): int(count) for name, count in transaction.execute(query)}

    return StateCounts(counted(drops.c.state), count_records_by_state(transaction), counted(messages.c.state))


def files_behind(transaction: Transaction) -> list[FileBehind]:
    """Files whose outbox files are behind the store, or wait beside an open file; the longest waiting first."""
    aside = select(published_books.c.drop_id).where(published_books.c.aside)
    late = IS_BEHIND | drops.c.id.in_(aside)
    query = select(drops.c.name, drops.c.enterprise, drops.c.published_at).where(drops.c.state == DropState.FILED, late)
    return [
        FileBehind(row.name, row.enterprise, row.published_at)
        for row in transaction.execute(query.order_by(drops.c.id))
    ]


class WaitingMessages(NamedTuple):
    """Messages of an enterprise in the same state and waiting for the same reason (`problem`; `reason`: its id), how many, and since when
    the oldest does (ISO 8601).
    """

    enterprise: str
    state: MessageState
    reason: str
    since: str
    number: int
    problem: Problem


def messages_waiting(transaction: Transaction) -> list[WaitingMessages]:
    """The reasons why messages wait, read from an index alone: this query runs every few seconds."""
    query = (
        select(
            messages.c.enterprise,
            messages.c.state,
            messages.c.waiting,
            func.min(messages.c.created).label("since"),
            func.count().label("number"),
        )
        .where(messages.c.waiting.is_not(None))
        .group_by(messages.c.enterprise, messages.c.state, messages.c.waiting)
    )
    return [
        WaitingMessages(row.enterprise, MessageState(row.state), why.id, row.since, row.number, why)
        for row in transaction.execute(query)
        if (why := Problem.from_json(json.loads(row.waiting)))
    ]


def any_failed_after(transaction: Transaction, drop_id: DropId | int) -> bool:
    """Whether a record of a later drop was rejected or refused, or a later file was not understood."""
    states = transaction.execute(select(records.c.state).where(records.c.drop_id > drop_id).distinct()).scalars()
    if {State.REJECTED, State.REFUSED} & set(states):
        return True
    query = select(func.count()).where(drops.c.id > drop_id, drops.c.outcome == DropOutcome.ERROR)
    return bool(transaction.execute(query).scalar_one())
