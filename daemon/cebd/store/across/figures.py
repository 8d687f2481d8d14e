"""Figures of a station for machines, each by an index; but for the counts of all records, which are counted seldom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from cebd.records.ids import DropId
from cebd.records.states import DropState, MessageState, State
from cebd.store.tables import IS_BEHIND, IS_UNANSWERED, drops, messages, records, state_of
from cebd.store.transaction import Transaction

_WAITING = (MessageState.READY, MessageState.SIGNED, MessageState.IN_DOUBT, MessageState.HELD)


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages that wait in one state, for one signer or channel (`way`). `oldest` is ISO 8601."""

    state: MessageState
    way: str
    depth: int
    oldest: str


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """`unanswered`: when the oldest message that nobody has answered was sent (ISO 8601); `behind`: files whose receipts are behind."""

    queues: tuple[Queue, ...]
    unanswered: str | None
    behind: int
    files: dict[DropState, int]


def waiting_queues(transaction: Transaction) -> tuple[Queue, ...]:
    """The messages that wait, by state and by the signer or channel they wait for."""
    query = (
        select(
            messages.c.state,
            messages.c.signer,
            messages.c.channel,
            func.count().label("depth"),
            func.min(messages.c.created).label("oldest"),
        )
        .where(messages.c.state.in_(_WAITING))
        .group_by(messages.c.state, messages.c.signer, messages.c.channel)
    )
    queues: dict[tuple[MessageState, str], Queue] = {}
    for row in transaction.execute(query):
        state = MessageState(row.state)
        way = row.signer if state is MessageState.READY else row.channel
        before = queues.get((state, way), Queue(state, way, 0, row.oldest))
        queues[state, way] = Queue(state, way, before.depth + row.depth, min(before.oldest, row.oldest))
    return tuple(queues[key] for key in sorted(queues))


def store_figures(transaction: Transaction) -> StoreFigures:
    """As of now."""
    unanswered = select(func.min(messages.c.sent_at)).where(
        messages.c.id.in_(select(records.c.message_id).where(IS_UNANSWERED)), messages.c.state == MessageState.SENT
    )
    open_files = (
        select(drops.c.state, func.count())
        .where(drops.c.state.in_([DropState.CLAIMING, DropState.CLAIMED, DropState.FILING]))
        .group_by(drops.c.state)
    )
    behind = select(func.count()).select_from(drops).where(drops.c.state == DropState.FILED, IS_BEHIND)
    return StoreFigures(
        waiting_queues(transaction),
        transaction.execute(unanswered).scalar(),
        int(transaction.execute(behind).scalar_one()),
        {DropState(state): int(count) for state, count in transaction.execute(open_files)},
    )


def records_by_outcome(transaction: Transaction) -> dict[tuple[str, State], int]:
    """How many records of each type are in each state. Reads every record."""
    now = state_of()
    query = select(records.c.type, now, func.count()).group_by(records.c.type, now)
    return {(type_, State(state)): int(count) for type_, state, count in transaction.execute(query)}


def ways_waited_for(transaction: Transaction, drop_id: DropId) -> list[str]:
    """What the file's messages wait for now: `signer:NAME`, `channel:NAME`."""
    query = (
        select(messages.c.state, messages.c.signer, messages.c.channel)
        .where(messages.c.drop_id == drop_id, messages.c.state.in_((MessageState.READY, MessageState.SIGNED)))
        .distinct()
    )
    rows = transaction.execute(query).all()
    return sorted(
        {f"signer:{row.signer}" if row.state == MessageState.READY else f"channel:{row.channel}" for row in rows}
    )
