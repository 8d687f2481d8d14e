"""The records of a file as they were judged: what tells the consequence of each (`cebd.declared.consequences`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, update

from cebd.problems.problem import Problem, stored_text
from cebd.records.ids import DropId, RecordId
from cebd.records.states import State
from cebd.store.tables import records, state_of
from cebd.store.transaction import Transaction

_RECORDS_AT_ONCE = 1000


class JudgedRecord(NamedTuple):
    """`key` is joined; `order_no` and `waybill_no` as in `cebd.records.facts`. `row`: its first row, 1-based (of an XML file its line)."""

    enterprise: str
    type: str
    key: str
    sheet: str | None
    row: int | None
    state: State
    app_type: str
    order_no: str | None
    waybill_no: str | None
    problems: tuple[Problem, ...]


class KeptBack(NamedTuple):
    """A record that is not declared. `rows`: all its rows, 1-based; `key` is joined."""

    id: RecordId
    type: str
    key: str
    sheet: str
    rows: tuple[int, ...]
    problems: tuple[Problem, ...]


def kept_back(transaction: Transaction, drop_id: DropId, after: int, limit: int) -> list[KeptBack]:
    """The file's records that are not declared, those behind the record of that number, at most `limit`."""
    own = (records.c.drop_id == drop_id) & (records.c.id > after)
    return _kept_back(transaction, own & (state_of() == State.REJECTED), limit)


def kept_back_at(transaction: Transaction, drop_id: DropId, sheet: str, row: int) -> KeptBack | None:
    """The record of the file that begins at that row, declared or not."""
    at = (records.c.drop_id == drop_id) & (records.c.sheet == sheet) & (records.c.row == row)
    return next(iter(_kept_back(transaction, at, 1)), None)


def judged_at(transaction: Transaction, record_id: RecordId) -> JudgedRecord:
    """The record of that number, as it was judged."""
    return next(_judged(transaction, records.c.id == record_id))[0]


def judge_anew(transaction: Transaction, record_id: RecordId, judged: JudgedRecord) -> None:
    """A record of a file that was converted on trial is as it was judged since."""
    values = {"state": str(judged.state), "problems": stored_text(judged.problems) if judged.problems else None}
    transaction.execute(update(records).where(records.c.id == record_id).values(**values, key=judged.key))


def rows_kept_back(transaction: Transaction, drop_id: DropId) -> dict[str, set[int]]:
    """By sheet, all rows of the file's records that are not declared."""
    wanted = select(records.c.sheet, records.c.rows).where(records.c.drop_id == drop_id, state_of() == State.REJECTED)
    found: dict[str, set[int]] = {}
    for sheet, rows in transaction.execute(wanted):
        if sheet is not None and rows:
            found.setdefault(sheet, set()).update(map(int, rows.split(",")))
    return found


def first_rows(transaction: Transaction, drop_id: DropId) -> dict[str, int]:
    """By sheet, the row in which the file's first record begins."""
    query = select(records.c.sheet, func.min(records.c.row)).where(records.c.drop_id == drop_id)
    return {sheet: row for sheet, row in transaction.execute(query.group_by(records.c.sheet)) if sheet and row}


def _kept_back(transaction: Transaction, which: ColumnElement[bool], limit: int) -> list[KeptBack]:
    columns = (records.c[name] for name in ("id", "type", "key", "sheet", "rows", "problems"))
    query = select(*columns).where(which).order_by(records.c.id).limit(limit)
    return [
        KeptBack(
            row.id,
            row.type,
            row.key,
            row.sheet or "",
            tuple(map(int, row.rows.split(","))) if row.rows else (),
            tuple(map(Problem.from_json, json.loads(row.problems or "[]"))),
        )
        for row in transaction.execute(query)
    ]


def judged_records(transaction: Transaction, drop_id: DropId) -> Iterator[list[JudgedRecord]]:
    """The file's records in the order of their rows, a thousand at a time: as many, and in the order, as `records_to_publish` has them."""
    return _judged(transaction, records.c.drop_id == drop_id)


def _judged(transaction: Transaction, which: ColumnElement[bool]) -> Iterator[list[JudgedRecord]]:
    columns = (records.c[name] for name in ("enterprise", "type", "key", "sheet", "row"))
    facts = (records.c[name] for name in ("app_type", "order_no", "waybill_no", "problems"))
    query = select(*columns, state_of(), *facts).where(which)
    for batch in transaction.execute(query.order_by(records.c.row, records.c.id)).partitions(_RECORDS_AT_ONCE):
        yield [
            JudgedRecord(
                *row[:5],
                State(row[5]),
                row[6] or "1",
                *row[7:9],
                tuple(map(Problem.from_json, json.loads(row[9]))) if row[9] else (),
            )
            for row in batch
        ]
