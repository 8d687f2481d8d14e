"""The records of a file as they were judged: what tells the consequence of each (`cebd.declared.consequences`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import select

from cebd.problems.problem import Problem
from cebd.records.ids import DropId
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


def judged_records(transaction: Transaction, drop_id: DropId) -> Iterator[list[JudgedRecord]]:
    """The file's records in the order of their rows, a thousand at a time: as many, and in the order, as `records_to_publish` has them."""
    columns = (records.c[name] for name in ("enterprise", "type", "key", "sheet", "row"))
    facts = (records.c[name] for name in ("app_type", "order_no", "waybill_no", "problems"))
    query = select(*columns, state_of(), *facts).where(records.c.drop_id == drop_id)
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
