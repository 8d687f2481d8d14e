"""The answers of customs that came in a period, and the records that they are about. Nothing is asked so but by a person: it reads on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from cebd.records.states import State
from cebd.store.tables import drops, history, receipts, records, state_of
from cebd.store.transaction import Transaction

_ROWS_AT_ONCE = 1000


class AnsweredRecord(NamedTuple):
    """A record, as it stands now. `key` and `order_no` are joined (`cebd.records.key`)."""

    enterprise: str
    type: str
    key: str
    order_no: str | None
    guid: str
    state: State
    status: str | None
    info: str | None
    time: str | None
    pre_no: str | None
    invt_no: str | None
    file: str
    row: int | None


class Answer(NamedTuple):
    """What a receipt said of a record. `received`: the time by our clock; `time`: by customs'. `receipt`: the name of its file."""

    received: str
    time: str
    status: str
    info: str
    receipt: str
    record: AnsweredRecord


def answers_between(
    transaction: Transaction, first: str, before: str, enterprise: str | None = None
) -> Iterator[Answer]:
    """The answers that came from one day (`2026-11-01`) on and before another, in the order in which they came."""
    columns = (receipts.c.received, history.c.time.label("said_at"), history.c.status, history.c.info, receipts.c.name)
    query = (
        _of_records(*columns)
        .join(history, history.c.record_id == records.c.id)
        .join(receipts, receipts.c.id == history.c.receipt_id)
        .where(receipts.c.received >= first, receipts.c.received < before)
        .order_by(history.c.id)
    )
    for rows in transaction.execute(_only(query, enterprise)).partitions(_ROWS_AT_ONCE):
        for row in rows:
            received, time, status, info, name = row[:5]
            yield Answer(received, time, status, info, name, _record(row[5:]))


def answered_between(
    transaction: Transaction, first: str, before: str, enterprise: str | None = None
) -> Iterator[AnsweredRecord]:
    """The records of which answers came in that time, as they stand now."""
    answered = (
        select(history.c.record_id)
        .join(receipts, receipts.c.id == history.c.receipt_id)
        .where(receipts.c.received >= first, receipts.c.received < before)
    )
    query = _of_records().where(records.c.id.in_(answered)).order_by(records.c.id)
    for rows in transaction.execute(_only(query, enterprise)).partitions(_ROWS_AT_ONCE):
        yield from map(_record, rows)


def enterprises(transaction: Transaction) -> list[str]:
    """Every enterprise that ever dropped a file."""
    return list(transaction.execute(select(drops.c.enterprise).distinct().order_by(drops.c.enterprise)).scalars())


def _of_records(*columns: Any) -> Select[Any]:
    own = (records.c[name] for name in ("enterprise", "type", "key", "order_no", "guid"))
    more = (records.c[name] for name in ("status", "info", "time", "pre_no", "invt_no"))
    query = select(*columns, *own, state_of(), *more, drops.c.name, records.c.row)
    return query.select_from(records).join(drops, drops.c.id == records.c.drop_id)


def _only(query: Select[Any], enterprise: str | None) -> Select[Any]:
    return query if enterprise is None else query.where(records.c.enterprise == enterprise)


def _record(row: Any) -> AnsweredRecord:
    enterprise, type_, key, order_no, guid, state, *rest = row
    return AnsweredRecord(enterprise, type_, key, order_no, guid, State(state), *rest)
