"""The groups of records that are alike: the same enterprise, type, state and status of customs.

There are dozens of groups where there are millions of records. A list asks each group that fits for its latest few, and an index answers
(`records_by_group`); counting a group reads that index alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, select, true

from cebd.records.ids import DropId
from cebd.records.states import MessageState, State
from cebd.store.tables import group_state, messages, records
from cebd.store.transaction import Transaction


class Group(NamedTuple):
    """`state` is that of the records' own rows: `ready` ones have the state of their message."""

    enterprise: str
    type: str
    state: State
    status: str | None

    def is_of(self) -> ColumnElement[bool]:
        """Whether a record is of this group, in the words of the index."""
        return and_(
            records.c.enterprise == self.enterprise,
            records.c.type == self.type,
            group_state == str(self.state),
            records.c.status.is_(None) if self.status is None else records.c.status == self.status,
        )


def groups_of_records(transaction: Transaction) -> list[Group]:
    """All groups that have a record. The index is asked for the next value of each column in turn: records are not counted for it."""

    def values(number: int, *before: str) -> Iterator[str]:
        """The values of that column behind these of the columns before it."""
        value = ""
        given = {f"c{at}": text for at, text in enumerate(before)}
        while (found := transaction.execute(_NEXT[number], {**given, "after": value}).scalar()) is not None:
            yield (value := str(found))

    return [
        Group(enterprise, type_, State(state), status)
        for state in values(0)
        for enterprise in values(1, state)
        for type_ in values(2, state, enterprise)
        for status in (*_no_status(transaction, state, enterprise, type_), *values(3, state, enterprise, type_))
    ]


def _no_status(transaction: Transaction, *key: str) -> tuple[None, ...]:
    """The status of records without one, if there are any."""
    given = {f"c{at}": text for at, text in enumerate(key)}
    return () if transaction.execute(_WITHOUT_STATUS, given).first() is None else (None,)


def count_records_by_state(transaction: Transaction) -> dict[str, int]:
    """How many records are in each state that any is in, by the state's name, in the order of the names.

    Of a station that has worked for years nearly all have succeeded: these are what is left of the whole, which needs no counting.
    """
    found = groups_of_records(transaction)
    counts: dict[str, int] = {}
    following = 0
    for group in found:
        if group.state is State.SUCCEEDED:
            continue
        number = transaction.execute(_NUMBER.where(group.is_of())).scalar_one()
        if group.state is State.READY:
            following += number
        else:
            counts[str(group.state)] = counts.get(str(group.state), 0) + number
    if any(group.state is State.SUCCEEDED for group in found):
        whole = transaction.execute(_NUMBER).scalar_one()  # of its pages, not of its rows
        counts[str(State.SUCCEEDED)] = whole - following - sum(counts.values())
    if following:
        for state, number in _following(transaction, following):
            counts[state] = counts.get(state, 0) + number
    return dict(sorted(counts.items()))


def count_records_of_drops(transaction: Transaction, drop_ids: Collection[DropId]) -> dict[DropId, dict[str, int]]:
    """The same of each of these files, whatever its size: its records' rows are not read."""
    counts: dict[DropId, dict[str, int]] = {drop_id: {} for drop_id in drop_ids}
    of_drops = records.c.drop_id.in_(list(drop_ids))
    by_drop = select(records.c.drop_id, func.count()).group_by(records.c.drop_id)
    follow: set[DropId] = set()
    for group in groups_of_records(transaction):
        for drop_id, number in transaction.execute(by_drop.where(group.is_of(), of_drops)):
            if group.state is State.READY:
                follow.add(DropId(drop_id))
            else:
                states = counts[DropId(drop_id)]
                states[str(group.state)] = states.get(str(group.state), 0) + int(number)
    if follow:
        for drop_id, state, number in transaction.execute(_FOLLOWING_OF, {"of": sorted(follow)}):
            states, name = counts[DropId(drop_id)], state_of_records_in(MessageState(state))
            states[name] = states.get(name, 0) + int(number)
    return {drop_id: dict(sorted(states.items())) for drop_id, states in counts.items()}


def _following(transaction: Transaction, following: int) -> Iterator[tuple[str, int]]:
    """The states of the `ready` records, their messages'. Most are sent: the others are counted, and the rest is theirs."""
    query = (
        select(messages.c.state, func.count())
        .join(records, records.c.message_id == messages.c.id)
        .where(messages.c.state.in_(_NOT_SENT), records.c.state == State.READY)
        .group_by(messages.c.state)
    )
    for state, number in transaction.execute(query):
        following -= number
        yield state_of_records_in(MessageState(state)), int(number)
    if following:
        yield str(State.SENT), following


def state_of_records_in(state: MessageState) -> str:
    """What a record that follows its message shows, by the message's state."""
    return str(State.IN_DOUBT if state is MessageState.ASKED else State(state))


_NOT_SENT = tuple(state for state in MessageState if state is not MessageState.SENT)
_NUMBER = select(func.count()).select_from(records)
_FOLLOWING_OF = (
    select(messages.c.drop_id, messages.c.state, func.count())
    .join(records, records.c.message_id == messages.c.id)
    .where(messages.c.drop_id.in_(bindparam("of", expanding=True)), records.c.state == State.READY)
    .group_by(messages.c.drop_id, messages.c.state)
)
_COLUMNS = (group_state, records.c.enterprise, records.c.type, records.c.status)  # of the index, in its order


def _behind(number: int) -> ColumnElement[bool]:
    """The columns before that one are those given."""
    return and_(true(), *(column == bindparam(f"c{at}") for at, column in enumerate(_COLUMNS[:number])))


_NEXT = tuple(
    select(column).where(_behind(number), column > bindparam("after")).order_by(column).limit(1)
    for number, column in enumerate(_COLUMNS)
)
_WITHOUT_STATUS = select(records.c.id).where(_behind(3), records.c.status.is_(None)).limit(1)
