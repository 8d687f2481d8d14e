"""What the charts of the console count, from the latest rows alone: numbers of rows run with time, so that a span is found by halving."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Column, func, select

from cebd.records.states import SubmissionOutcome
from cebd.store.tables import drops, history, receipts, records, submissions
from cebd.store.transaction import Transaction

RELEASED = "800"


def declared_by(transaction: Transaction, since: str, length: int) -> dict[str, int]:
    """How many records were handed over since then (ISO 8601), by the first characters of the time."""
    first = _first(transaction, submissions.c.id, since, _submitted)
    at = func.substr(submissions.c.intent, 1, length)
    query = (
        select(at, func.count())
        .join(records, records.c.message_id == submissions.c.message_id)
        .where(submissions.c.id >= first, submissions.c.outcome == SubmissionOutcome.SENT)
        .group_by(at)
    )
    return {str(text): int(number) for text, number in transaction.execute(query)}


def released_by(transaction: Transaction, since: str, length: int) -> dict[str, int]:
    """How many lists were released since then, by the first characters of customs' time."""
    first = _first(transaction, history.c.id, since, _received)
    at = func.substr(history.c.time, 1, length)
    query = select(at, func.count()).where(history.c.id >= first, history.c.status == RELEASED, history.c.time >= since)
    return {str(text): int(number) for text, number in transaction.execute(query.group_by(at))}


class Release(NamedTuple):
    """A list that was released: when its file came, and when customs released it (ISO 8601)."""

    received: str
    released: str


def latest_releases(transaction: Transaction, since: str, limit: int) -> list[Release]:
    """The latest of them since then."""
    first = _first(transaction, history.c.id, since, _received)
    query = (
        select(drops.c.received, history.c.time)
        .join(records, records.c.id == history.c.record_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .where(history.c.id >= first, history.c.status == RELEASED)
        .order_by(history.c.id.desc())
        .limit(limit)
    )
    return [Release(*row) for row in transaction.execute(query)]


def _first(
    transaction: Transaction,
    number: Column[int],
    since: str,
    time_from: Callable[[Transaction, int], tuple[int, str] | None],
) -> int:
    """The first row since then; one behind the last where there is none."""
    low, high = 0, int(transaction.execute(select(func.max(number))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        found = time_from(transaction, middle)
        if found is None or found[1] >= since:
            high = middle
        else:
            low = found[0] + 1
    return low


def _submitted(transaction: Transaction, number: int) -> tuple[int, str] | None:
    query = select(submissions.c.id, submissions.c.intent).where(submissions.c.id >= number)
    row = transaction.execute(query.order_by(submissions.c.id).limit(1)).first()
    return None if row is None else (row[0], row[1])


def _received(transaction: Transaction, number: int) -> tuple[int, str] | None:
    query = (
        select(history.c.id, receipts.c.received)
        .join(receipts, receipts.c.id == history.c.receipt_id)
        .where(history.c.id >= number)
    )
    row = transaction.execute(query.order_by(history.c.id).limit(1)).first()
    return None if row is None else (row[0], row[1])
