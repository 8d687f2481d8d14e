"""The content of a drop's receipt: its records, each with its outcome and why it waits."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, case, func, select

from cebd.problems.problem import Problem
from cebd.records.edited_field import EditedField
from cebd.records.ids import DropId, RecordId
from cebd.records.states import State
from cebd.store.tables import messages, records, state_of
from cebd.store.transaction import Transaction, batches

_RECORDS_AT_ONCE = 1000


class RecordOutcome(NamedTuple):
    """The outcome of a record. `status`, `info`, `time`: the latest answer of customs; `pre_no`, `invt_no`: the numbers in it."""

    state: State
    status: str | None
    info: str | None
    time: str | None
    pre_no: str | None
    invt_no: str | None
    guid: str


class RecordToPublish(NamedTuple):
    """A row of a drop for its receipt; a drop may have 100,000 rows.

    A row declared before has the outcome of the record that it repeats; `spoken_of`: the record with that history. `declared`: for a row
    edited after its record was declared, the outcome of that record; `edits`: the fields that differ. `waiting`: why the
    record's message does not go on. `key`, `order_no` and `waybill_no` are joined (`cebd.records.key`); `rows` are the 1-based rows of the
    sheet that it came from.
    """

    id: RecordId
    spoken_of: RecordId
    type: str
    key: str
    sheet: str | None
    row: int | None
    rows: tuple[int, ...]
    outcome: RecordOutcome
    problems: tuple[Problem, ...]
    declared: RecordOutcome | None
    edits: tuple[EditedField, ...]
    message_guid: str | None
    waiting: Problem | None
    order_no: str | None
    waybill_no: str | None

    @property
    def is_repeat(self) -> bool:
        """Whether it was declared before, by another row."""
        return self.spoken_of != self.id


def records_to_publish(transaction: Transaction, drop_id: DropId) -> Iterator[list[RecordToPublish]]:
    """The drop's records in the order of their rows, a thousand at a time."""
    of_others = select(records.c.repeat_of).where(
        records.c.drop_id == drop_id, records.c.repeat_of.is_not(None) | records.c.edit_of.is_not(None)
    )
    depends = transaction.execute(of_others.limit(1)).first() is not None
    rows = transaction.execute(_records_to_publish() if depends else _own_records(), {"of": drop_id})
    of_message = _messages(transaction, drop_id)
    for batch in rows.partitions(_RECORDS_AT_ONCE):
        yield [_record_to_publish(row, of_message) for row in batch]


def records_as_published(transaction: Transaction, record_ids: Sequence[RecordId]) -> Iterator[list[RecordToPublish]]:
    """The same of these records, of whichever drops, in the order of their ids."""
    of_message = _messages(transaction)
    for batch in batches(sorted(record_ids)):
        query = _with_others().where(records.c.id.in_(batch)).order_by(records.c.id)
        yield [_record_to_publish(row, of_message) for row in transaction.execute(query)]


class OutcomeCount(NamedTuple):
    """How many `records` of a type are in a state. `status`: of acknowledged ones the answer of customs; of others None."""

    type: str
    state: State
    status: str | None
    records: int


def outcome_counts(transaction: Transaction, drop_id: DropId) -> list[OutcomeCount]:
    """The drop's records by state; a row declared before counts with the record that it repeats."""
    first = records.alias("first")
    is_repeat = first.c.id.is_not(None)
    state = case((is_repeat, state_of(first)), else_=state_of())
    status = case((is_repeat, first.c.status), else_=records.c.status)
    grouped = (records.c.type, state, case((state == State.ACKNOWLEDGED, status)))
    query = (
        select(*grouped, func.count())
        .select_from(records.outerjoin(first, first.c.id == records.c.repeat_of))
        .where(records.c.drop_id == drop_id)
        .group_by(*grouped)
    )
    return [
        OutcomeCount(type_, State(name), status, count) for type_, name, status, count in transaction.execute(query)
    ]


_OUTCOME = (
    "state",
    "status",
    "info",
    "time",
    "pre_no",
    "invt_no",
    "guid",
)  # the columns of RecordOutcome, in its order
_OWN = (
    *("id", "type", "key", "sheet", "row", "rows", "problems", "repeat_of", "edit_of", "edits"),
    *("order_no", "waybill_no"),
)
_OUTCOME_AT, _MESSAGE_AT = len(_OWN), len(_OWN) + len(_OUTCOME)
_FIRST_AT = _MESSAGE_AT + 1
_DECLARED_AT = _FIRST_AT + len(_OUTCOME)


@cache
def _own_records() -> Select[Any]:
    """Of a drop of which no record depends on another's outcome."""
    query = select(*(records.c[name] for name in _OWN), *_outcome_columns(records), records.c.message_id)
    return query.where(records.c.drop_id == bindparam("of")).order_by(records.c.row, records.c.id)


@cache
def _records_to_publish() -> Select[Any]:
    return _with_others().where(records.c.drop_id == bindparam("of")).order_by(records.c.row, records.c.id)


def _with_others() -> Select[Any]:
    """Records with those that they repeat or edit."""
    first, declared = records.alias("first"), records.alias("declared")
    return (
        select(
            *(records.c[name] for name in _OWN),
            *_outcome_columns(records),
            func.coalesce(records.c.message_id, first.c.message_id),
            *_outcome_columns(first),
            *_outcome_columns(declared),
        )
        .outerjoin(first, first.c.id == records.c.repeat_of)
        .outerjoin(declared, declared.c.id == records.c.edit_of)
    )


def _outcome_columns(record: FromClause) -> Iterator[ColumnElement[Any]]:
    for name in _OUTCOME:
        column = state_of(record) if name == "state" else record.c[name]
        yield column.label(f"{name}_of_{record.description}")


_Message = tuple[str | None, Problem | None]
"""The guid of a message, and why it does not go on."""


def _messages(transaction: Transaction, drop_id: DropId | None = None) -> Callable[[int | None], _Message]:
    """Any message by its id; those of the drop are asked for together, others, which its records may repeat, one by one."""
    known: dict[int | None, _Message] = {None: (None, None)}
    if drop_id is not None:
        own = transaction.execute(_MESSAGES.where(messages.c.drop_id == drop_id))
        known |= {message_id: _message(guid, waiting) for message_id, guid, waiting in own}

    def of_message(message_id: int | None) -> _Message:
        if message_id not in known:
            _, guid, waiting = transaction.execute(_MESSAGES.where(messages.c.id == message_id)).one()
            known[message_id] = _message(guid, waiting)
        return known[message_id]

    return of_message


def _message(guid: str, waiting: str | None) -> _Message:
    return guid, Problem.from_json(json.loads(waiting)) if waiting else None


_MESSAGES = select(messages.c.id, messages.c.guid, messages.c.waiting)


def _record_to_publish(row: Row[Any], of_message: Callable[[int | None], _Message]) -> RecordToPublish:
    record_id, type_, key, sheet, number, rows, problems, repeat_of, edit_of, edits, *named = row[:_OUTCOME_AT]
    outcome = row[_OUTCOME_AT:_MESSAGE_AT]
    message_guid, waiting = of_message(row[_MESSAGE_AT])
    if outcome[0] == State.REPEAT and repeat_of is not None:  # what it repeats may be in another store
        outcome = row[_FIRST_AT:_DECLARED_AT]
    return RecordToPublish(
        record_id,
        repeat_of or record_id,
        type_,
        key,
        sheet and sys.intern(sheet),  # a shared text for 100,000 records
        number,
        (number,) if rows == str(number) else tuple(map(int, rows.split(","))),
        _outcome(outcome),
        tuple(map(Problem.from_json, json.loads(problems))) if problems else (),
        _outcome(row[_DECLARED_AT:]) if edit_of is not None else None,
        tuple(map(EditedField.from_json, json.loads(edits))) if edits else (),
        message_guid,
        waiting,
        *named,
    )


_STATES = {state.value: state for state in State}


def _outcome(values: Sequence[Any]) -> RecordOutcome:
    state, status, info, time, pre_no, invt_no, guid = values
    return RecordOutcome(_STATES[state], status, info, time, pre_no, invt_no, guid)
