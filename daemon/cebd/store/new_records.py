"""The records of a conversion, written: as plain rows, many with one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Dialect

from cebd.problems.problem import stored_text
from cebd.records.edited_field import EditedField
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.records.states import State
from cebd.store.tables import records
from cebd.store.transaction import Transaction


@dataclass(frozen=True)
class Edit:
    """The record declared under the same key, and the fields that differ now; no fields if they cannot be compared."""

    edit_of: RecordId | None = None
    fields: tuple[EditedField, ...] = ()


NO_EDIT = Edit()
_ROWS_AT_ONCE = 100
_COLUMNS = (
    *("drop_id", "enterprise", "state", "active", "repeat_of", "edit_of", "edits"),
    *("type", "key", "guid", "sheet", "row", "rows", "content", "problems"),
    *("app_type", "order_no", "waybill_no", "list_no", "buyer", "value", "shared"),
)


class RecordRows(NamedTuple):
    """Records to be inserted, as plain values; `columns` are the names of the values of a row. `message_id`: of all of them."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]  # each value as the column has it
    message_id: MessageId | None


def record_rows(
    drop_id: DropId,
    enterprise: str,
    read: Iterable[Record],
    state: State,
    *,
    active: bool = False,
    message_id: MessageId | None = None,
    repeat_of: RecordId | None = None,
    edit: Edit = NO_EDIT,
) -> RecordRows:
    """Rows of records that all have the same state, message and standing.

    Columns in which no record has anything are left out: Python's sqlite3 looks for a converter of each None, which took a sixth of the
    time.
    """
    edits = json.dumps([field.as_json() for field in edit.fields], ensure_ascii=False) if edit.fields else None
    same = (drop_id, enterprise, str(state), active, repeat_of, edit.edit_of, edits)
    columns = zip(_COLUMNS, zip(*[(*same, *_own_columns(record)) for record in read], strict=True), strict=False)
    given = {name: values for name, values in columns if values.count(None) < len(values)}
    return RecordRows(tuple(given), list(zip(*given.values(), strict=True)), message_id)


def insert_rows(transaction: Transaction, new: RecordRows) -> None:
    """Insert them.

    The statements are made once and given plain tuples, and one takes as many rows as a message has records: of 100,000 rows the
    toolkit's own way takes a second more, a statement for each row another, in which the store is held.
    """
    columns, rows, message_id = new
    if message_id is not None:
        columns, rows = (*columns, records.c.message_id.name), [(*row, message_id) for row in rows]
    full = len(rows) - len(rows) % _ROWS_AT_ONCE
    for first in range(0, full, _ROWS_AT_ONCE):
        values = tuple(chain.from_iterable(rows[first : first + _ROWS_AT_ONCE]))
        transaction.exec_driver_sql(_insertion(transaction.dialect, columns, _ROWS_AT_ONCE), values)
    if full < len(rows):
        transaction.exec_driver_sql(_insertion(transaction.dialect, columns, 1), rows[full:])


def _own_columns(record: Record) -> tuple[Any, ...]:
    """A record's own columns, from `type` to `shared`."""
    facts = record.facts
    problems = record.problems
    return (
        record.type,
        joined(record.key),
        record.guid,
        record.place.sheet,
        record.place.row,
        ",".join(map(str, record.rows)),
        record.content,
        stored_text(problems) if problems else None,
        record.app_type,
        facts.order_no,
        facts.waybill_no,
        facts.list_no,
        facts.buyer,
        facts.value,
        facts.shared,
    )


@cache
def _insertion(dialect: Dialect, columns: tuple[str, ...], count: int) -> str:
    quoted = map(dialect.identifier_preparer.quote, columns)
    value = "?" if dialect.paramstyle == "qmark" else "%s"
    row = f"({', '.join([value] * len(columns))})"
    return f"INSERT INTO {records.name} ({', '.join(quoted)}) VALUES {', '.join([row] * count)}"
