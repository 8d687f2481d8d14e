"""The records of an enterprise that carry one of many numbers, thousands of numbers at a time.

Each query walks through the numbers and enters an index at each, as `cebd.store.across.finding.references` does for a single one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, FromClause, Select, and_, func, or_, select

from cebd.messages.description import message_types
from cebd.records.ids import RecordId
from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR
from cebd.store.across.finding.references import NUMBERS, beginnings, types_of_records
from cebd.store.tables import drops, records
from cebd.store.transaction import Transaction, batches

_AT_ONCE = 5_000


class FileOfRecord(NamedTuple):
    """The file of a record. `received`: ISO 8601."""

    name: str
    received: str


def records_with_numbers(
    transaction: Transaction, enterprise: str, numbers: Collection[str]
) -> dict[str, set[RecordId]]:
    """By number, the enterprise's records that have it as guid, preNo, invtNo, or where the number of an order, a waybill, a list or
    their own stands.
    """
    found: dict[str, set[RecordId]] = {}
    types = types_of_records(transaction)
    for batch in batches(sorted(numbers), _AT_ONCE):
        for query, given in _queries(transaction, enterprise, types, batch):
            for asked, record_id in transaction.execute(query):
                if record_id is not None:
                    found.setdefault(given.get(asked, asked), set()).add(RecordId(record_id))
    return found


def files_of_records(transaction: Transaction, record_ids: Collection[RecordId]) -> dict[RecordId, FileOfRecord]:
    """The file of each of these records."""
    files: dict[RecordId, FileOfRecord] = {}
    query = select(records.c.id, drops.c.name, drops.c.received).join(drops, drops.c.id == records.c.drop_id)
    for batch in batches(sorted(record_ids)):
        for record_id, *file in transaction.execute(query.where(records.c.id.in_(batch))):
            files[RecordId(record_id)] = FileOfRecord(*file)
    return files


def _queries(
    transaction: Transaction, enterprise: str, types: Sequence[str], numbers: Sequence[str]
) -> Iterator[tuple[Select[Any], dict[str, str]]]:
    """What is to be asked, and for what is not asked as it stands, the number that is meant."""
    own = records.c.enterprise == enterprise
    guids = {
        spelt: number for number in numbers if len(number) == 36 for spelt in (number, number.upper(), number.lower())
    }
    yield _exact(records.c.guid, guids, own), guids
    for column in (records.c.pre_no, records.c.invt_no):
        yield _exact(column, numbers, own), {}
    for type_ in types:
        of_type = and_(records.c.type == type_, own)
        yield _exact(records.c.list_no, numbers, of_type), {}
        for column in (records.c.order_no, records.c.waybill_no):
            yield _joined(column, numbers, and_(of_type, column.is_not(None))), {}
        for position, name in enumerate(message_types()[type_].key):
            if not name.endswith(NUMBERS):
                continue
            for begin in beginnings(transaction, type_, position) if position else ("",):
                given = {f"{begin}{number}": number for number in numbers}
                yield _joined(records.c.key, given, of_type), given


def _exact(column: Column[Any], values: Collection[str], own: ColumnElement[bool]) -> Select[Any]:
    asked = _asked(values)
    return _each(asked, and_(column == asked.c.value, column.is_not(None), own))


def _joined(column: Column[Any], values: Collection[str], own: ColumnElement[bool]) -> Select[Any]:
    """It is the value, or goes on behind it with a separator: one range of an index."""
    asked = _asked(values)
    value: ColumnElement[str] = asked.c.value
    whole = or_(column == value, column >= value.concat(KEY_SEPARATOR))
    return _each(asked, and_(column >= value, column < value.concat(AFTER_SEPARATOR), whole, own))


def _each(asked: FromClause, its: ColumnElement[bool]) -> Select[Any]:
    """Each value with its records, or with none: so the values come first, whatever SQLite expects of the tables."""
    return select(asked.c.value, records.c.id).select_from(asked.outerjoin(records, its))


def _asked(values: Collection[str]) -> FromClause:
    return func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value", name="asked")
