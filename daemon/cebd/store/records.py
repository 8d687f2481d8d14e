"""Records: a row for each order, list, waybill ... read from a file; and the queries for records by key and number.

`active_records` and `own_records` run for every few hundred rows of a file, so their statements are built once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.states import State
from cebd.store.tables import drops, records, state_of
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A stored record. Times are ISO 8601, `value` is in cents, `problems` and `edits` are JSON texts, None if there are none.

    `rows` are its 1-based rows on `sheet`. `active`: it holds its key; at most one record of an enterprise, type and key does.
    `repeat_of`: the record that it repeats; `edit_of`: the record with the same key and other content. `status`, `info`,
    `time`, `pre_no` and `invt_no` are customs' latest answer. The last six are facts for later declarations (`cebd.records.facts`).
    """

    id: RecordId
    drop_id: DropId
    message_id: MessageId | None
    enterprise: str
    type: str
    key: str
    guid: str
    sheet: str | None
    row: int | None
    rows: tuple[int, ...]
    content: bytes
    state: State
    active: bool
    repeat_of: RecordId | None
    edit_of: RecordId | None
    edits: str | None
    status: str | None
    info: str | None
    time: str | None
    pre_no: str | None
    invt_no: str | None
    problems: str | None
    app_type: str | None
    order_no: str | None
    waybill_no: str | None
    list_no: str | None
    buyer: bytes | None
    value: int | None


RECORD_COLUMNS = tuple(
    state_of().label("state") if field.name == "state" else records.c[field.name] for field in fields(StoredRecord)
)


def stored_record(row: Row[Any]) -> StoredRecord:
    """The record of a row that has `RECORD_COLUMNS` and possibly more."""
    values = {field.name: getattr(row, field.name) for field in fields(StoredRecord)}
    values["state"] = State(row.state)
    values["rows"] = tuple(map(int, row.rows.split(",")))
    return StoredRecord(**values)


def records_of_drop(transaction: Transaction, drop_id: DropId) -> list[StoredRecord]:
    """The records read from a file, in the order of their rows."""
    query = select(*RECORD_COLUMNS).where(records.c.drop_id == drop_id).order_by(records.c.id)
    return [stored_record(row) for row in transaction.execute(query)]


def records_with_guids(transaction: Transaction, enterprise: str, guids: Sequence[str]) -> list[StoredRecord]:
    """The enterprise's records of these guids; a row that repeats a record has a guid of its own."""
    query = select(*RECORD_COLUMNS).where(records.c.guid.in_(guids), records.c.enterprise == enterprise)
    return [stored_record(row) for row in transaction.execute(query)]


def problems_of_records(transaction: Transaction, drop_id: DropId) -> list[Problem]:
    """The problems of the records of a file, in the order of their rows; the file's own are not among them."""
    query = select(records.c.sheet, records.c.row, records.c.problems).where(records.c.drop_id == drop_id)
    rows = transaction.execute(query.where(records.c.problems.is_not(None)).order_by(records.c.id)).all()
    sheets = {sheet: position for position, sheet in enumerate(dict.fromkeys(row.sheet for row in rows))}
    in_order = sorted(rows, key=lambda row: (sheets[row.sheet], row.row or 0))
    return [Problem.from_json(values) for row in in_order for values in json.loads(row.problems)]


def add_problem(transaction: Transaction, record_ids: Collection[RecordId], found: Problem) -> None:
    """Add a problem to these records' own problems."""
    for record_id in record_ids:
        own = transaction.execute(select(records.c.problems).where(records.c.id == record_id)).scalar_one()
        problems = json.dumps([*(json.loads(own) if own else []), found.as_stored()], ensure_ascii=False)
        transaction.execute(update(records).where(records.c.id == record_id).values(problems=problems))


def supersede(transaction: Transaction, record_ids: Sequence[RecordId]) -> None:
    """Their keys now belong to newer records."""
    if record_ids:
        transaction.execute(update(records).where(records.c.id.in_(record_ids)).values(active=False))


# The record that holds a key


@dataclass(frozen=True)
class ActiveRecord:
    """The record that holds a key: the latest declared under it. `drop_id`, `file` and `received`: number, name and time of its file."""

    id: RecordId
    drop_id: DropId
    content: bytes
    state: str
    file: str
    app_type: str | None
    status: str | None
    received: str


def active_records(
    transaction: Transaction, enterprise: str, type_: str, keys: Sequence[str]
) -> dict[str, ActiveRecord]:
    """By key, the records that hold these keys."""
    rows = transaction.execute(_ACTIVE, {"of": enterprise, "type": type_, "keys": list(keys)})
    return {
        row.key: ActiveRecord(
            row.id, row.drop_id, row.content, row.state, row.name, row.app_type, row.status, row.received
        )
        for row in rows
    }


_ACTIVE = (
    select(
        *(records.c[name] for name in ("key", "id", "drop_id", "content", "app_type", "status")),
        state_of().label("state"),
        drops.c.name,
        drops.c.received,
    )
    .join(drops, drops.c.id == records.c.drop_id)
    .where(
        records.c.enterprise == bindparam("of"),
        records.c.type == bindparam("type"),
        records.c.active,
        records.c.key.in_(bindparam("keys", expanding=True)),
    )
)


@dataclass(frozen=True)
class InMessage:
    """Where a declared record stands: in the message of that number, under that guid."""

    message_id: MessageId
    guid: str


def message_of(transaction: Transaction, record_id: RecordId) -> InMessage | None:
    """The message in which a record was declared; None when it has no message."""
    query = select(records.c.message_id, records.c.guid).where(
        records.c.id == record_id, records.c.message_id.is_not(None)
    )
    row = transaction.execute(query).first()
    return None if row is None else InMessage(row.message_id, row.guid)


# An enterprise's declarations, queried for damaged numbers


class By(StrEnum):
    """The columns that records are looked up by."""

    KEY = "key"
    BUYER = "buyer"
    LIST_NUMBER = "invt_no"
    ORDER_NUMBER = "order_no"
    WAYBILL_NUMBER = "waybill_no"


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A record that an enterprise declared and did not delete. `value` is in cents."""

    key: str
    value: int | None
    order_no: str | None
    waybill_no: str | None
    guid: str
    message_id: MessageId | None


MAX_OWN_RECORDS = 200  # if more records agree, none is proved
_OWN = (
    select(*(records.c[field.name] for field in fields(OwnRecord)))
    .where(
        records.c.type == bindparam("type"),
        records.c.enterprise == bindparam("enterprise"),
        records.c.active,
        records.c.app_type.is_distinct_from("3"),
    )
    .limit(MAX_OWN_RECORDS + 1)
)
_OWN_BY = {by: _OWN.where(records.c[by] == bindparam("wanted")) for by in By}
_OWN_BETWEEN = _OWN.where(records.c.key.between(bindparam("lowest"), bindparam("highest")))


def own_records(
    transaction: Transaction, enterprise: str, type_: str, by: By, wanted: str | bytes
) -> Sequence[OwnRecord]:
    """The enterprise's records of that type and number (or buyer); empty when there are more than `MAX_OWN_RECORDS`."""
    return _few(transaction.execute(_OWN_BY[by], {"type": type_, "enterprise": enterprise, "wanted": wanted}).all())


def own_records_between(
    transaction: Transaction, enterprise: str, type_: str, lowest: str, highest: str
) -> Sequence[OwnRecord]:
    """The enterprise's records of that type with a key from `lowest` to `highest`, likewise."""
    between = {"type": type_, "enterprise": enterprise, "lowest": lowest, "highest": highest}
    return _few(transaction.execute(_OWN_BETWEEN, between).all())


def _few(rows: Sequence[Row[Any]]) -> Sequence[OwnRecord]:
    return [OwnRecord(*tuple(row)) for row in rows] if len(rows) <= MAX_OWN_RECORDS else ()
