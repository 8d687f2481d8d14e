"""What customs said of each record: the history from which its state is computed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from cebd.records.ids import ReceiptId, RecordId
from cebd.records.states import ReturnedStatus
from cebd.store.tables import history, receipts
from cebd.store.transaction import Transaction

_BATCH_SIZE = 500  # records asked about at once


@dataclass(frozen=True, slots=True)
class ReceivedStatus:
    """A status and how it came here. `received`: when, by our clock, ISO 8601; `handed_over`: the last hand-over before it, a number of
    `submissions` (None in stores of earlier versions)."""

    returned: ReturnedStatus
    received: str
    handed_over: int | None


class NewStatus(NamedTuple):
    """A status that a receipt adds to a record's history."""

    record_id: RecordId
    receipt_id: ReceiptId
    status: ReturnedStatus


def statuses_of(transaction: Transaction, record_ids: Collection[int]) -> dict[int, list[ReturnedStatus]]:
    """What customs said of these records, by record, in the order of arrival; a record of which nothing was said is left out."""
    statuses: dict[int, list[ReturnedStatus]] = {}
    for batch in _batches(record_ids):
        for record_id, *status in transaction.execute(_STATUSES, {"of": batch}):
            statuses.setdefault(record_id, []).append(ReturnedStatus(*status))
    return statuses


def received_statuses_of(transaction: Transaction, record_ids: Collection[int]) -> dict[int, list[ReceivedStatus]]:
    """The same, with how each status came here."""
    statuses: dict[int, list[ReceivedStatus]] = {}
    for batch in _batches(record_ids):
        for record_id, *status, received, handed_over in transaction.execute(_RECEIVED_STATUSES, {"of": batch}):
            known = statuses.setdefault(record_id, [])
            known.append(ReceivedStatus(ReturnedStatus(*status), received, handed_over))
    return statuses


def add_statuses(transaction: Transaction, news: Iterable[NewStatus]) -> None:
    """Add to the histories of records. A status that a history has already is refused: the caller asks before."""
    rows = [
        {
            "record_id": record_id,
            "receipt_id": receipt_id,
            "status": status.status,
            "info": status.info,
            "time": status.time,
            "evidence": status.evidence,
        }
        for record_id, receipt_id, status in news
    ]
    if rows:
        transaction.execute(insert(history), rows)


def set_statuses(
    transaction: Transaction, record_id: RecordId, code: str, wanted: Mapping[ReturnedStatus, ReceiptId]
) -> bool:
    """Let the record's history have these statuses of that code, no more and no less; returns whether that changed it."""
    present = {status for status in statuses_of(transaction, [record_id]).get(record_id, []) if status.status == code}
    for status in present - wanted.keys():
        transaction.execute(
            delete(history).where(
                history.c.record_id == record_id,
                history.c.status == code,
                history.c.info == status.info,
                history.c.time == status.time,
            )
        )
    missing = sorted(wanted.keys() - present, key=lambda status: (status.info, status.time))
    add_statuses(transaction, [NewStatus(record_id, wanted[status], status) for status in missing])
    return present != wanted.keys()


def _batches(record_ids: Collection[int]) -> Iterable[Sequence[int]]:
    ordered = sorted(record_ids)
    return (ordered[start : start + _BATCH_SIZE] for start in range(0, len(ordered), _BATCH_SIZE))


# The columns of ReturnedStatus, in its order.
_STATUS = (history.c.status, history.c.info, history.c.time, history.c.evidence)
_OF_RECORDS = history.c.record_id.in_(bindparam("of", expanding=True))
_STATUSES = select(history.c.record_id, *_STATUS).where(_OF_RECORDS).order_by(history.c.id)
_RECEIVED_STATUSES = (
    select(history.c.record_id, *_STATUS, receipts.c.received, receipts.c.handed_over)
    .join(receipts, receipts.c.id == history.c.receipt_id)
    .where(_OF_RECORDS)
    .order_by(history.c.id)
)
