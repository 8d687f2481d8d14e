"""The answers of customs to every record: the history that determines its state, and the latest answer that it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from cebd.records.ids import DropId, ReceiptId, RecordId
from cebd.records.key import parts_of
from cebd.records.states import ReturnedStatus, State
from cebd.store.tables import history, receipts, records
from cebd.store.transaction import Transaction, batches, execute_for_each


@dataclass(frozen=True, slots=True)
class ReceivedStatus:
    """A status and its arrival. `received`: the time by our clock, ISO 8601; `handed_over`: the last hand-over before it, an id of
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
    """The answers of customs to these records, by record, in the order of arrival; records without an answer are left out."""
    statuses: dict[int, list[ReturnedStatus]] = {}
    for batch in batches(sorted(record_ids)):
        first, last, wanted = batch[0], batch[-1], set(batch)
        if last - first < 2 * len(batch):  # those of one file: to name each of 100,000 took longer than to find them
            found = transaction.execute(_STATUSES_FROM_TO, {"first": first, "last": last})
        else:
            found = transaction.execute(_STATUSES, {"of": batch})
        for record_id, *status in found:
            if record_id in wanted:
                statuses.setdefault(record_id, []).append(ReturnedStatus(*status))
    return statuses


def received_statuses_of(transaction: Transaction, record_ids: Collection[int]) -> dict[int, list[ReceivedStatus]]:
    """The same, with how each status came here."""
    statuses: dict[int, list[ReceivedStatus]] = {}
    for batch in batches(sorted(record_ids)):
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
    execute_for_each(transaction, insert(history), rows)


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


# The latest word, in the record's own row


class LatestWord(NamedTuple):
    """The outcome of a record: the state that its history determines, and the status that decided it."""

    record_id: RecordId
    state: State
    status: ReturnedStatus


class GivenNumbers(NamedTuple):
    """The numbers that the platform (`pre_no`) and customs (`invt_no`) gave a record; None: no number yet."""

    record_id: RecordId
    pre_no: str | None
    invt_no: str | None


def set_latest_words(transaction: Transaction, words: Iterable[LatestWord]) -> None:
    rows = [
        {
            "of": record_id,
            "state": str(state),
            "status": status.status,
            "info": status.info,
            "time": status.time or None,
        }
        for record_id, state, status in words
    ]
    _update_records(transaction, rows)


def set_numbers(transaction: Transaction, numbers: Iterable[GivenNumbers]) -> None:
    rows = [{"of": record_id, "pre_no": pre_no, "invt_no": invt_no} for record_id, pre_no, invt_no in numbers]
    _update_records(transaction, rows)


def _update_records(transaction: Transaction, rows: Sequence[Mapping[str, object]]) -> None:
    execute_for_each(transaction, update(records).where(records.c.id == bindparam("of")), rows)


# Applications and the lists they are about, which they name by the number that customs gave the list


class ConcludedApplication(NamedTuple):
    """An application that customs concluded, at `time`, as that receipt says. `number`: its own; `list_number`: the list's."""

    list_number: str
    number: str
    time: str
    receipt_id: ReceiptId


class NumberedList(NamedTuple):
    """A declaration of the list that has this number: the first, or a change of it."""

    record_id: RecordId
    drop_id: DropId
    number: str


def lists_of_applications(transaction: Transaction, application_ids: Collection[int]) -> set[str]:
    """The numbers of the lists that these applications are about."""
    query = select(records.c.list_no).where(
        records.c.id.in_(bindparam("of", expanding=True)), records.c.list_no.is_not(None)
    )
    return {
        number
        for batch in batches(sorted(application_ids))
        for number in transaction.execute(query, {"of": batch}).scalars()
    }


def concluded_applications(
    transaction: Transaction, types: Sequence[str], status: str, list_numbers: Sequence[str]
) -> list[ConcludedApplication]:
    """The applications of these types about these lists that succeeded, with each time that customs gave them that status."""
    query = (
        select(records.c.list_no, records.c.key, history.c.time, history.c.receipt_id)
        .join(history, history.c.record_id == records.c.id)
        .where(
            records.c.type.in_(types),
            records.c.list_no.in_(list_numbers),
            records.c.state == State.SUCCEEDED,
            history.c.status == status,
        )
    )
    return [
        ConcludedApplication(list_number, parts_of(key)[0], time, receipt_id)
        for list_number, key, time, receipt_id in transaction.execute(query)
    ]


def lists_with_numbers(transaction: Transaction, type_: str, numbers: Collection[str]) -> list[NumberedList]:
    """Every declaration of the lists with these customs' numbers, except declarations that never reached customs."""
    query = select(records.c.id, records.c.drop_id, records.c.invt_no).where(
        records.c.type == type_,
        records.c.invt_no.in_(sorted(numbers)),
        records.c.state.not_in([State.REJECTED, State.HELD, State.REPEAT]),
    )
    return [NumberedList(*row) for row in transaction.execute(query)]


# The columns of ReturnedStatus, in its order.
_STATUS = (history.c.status, history.c.info, history.c.time, history.c.evidence)
_OF_RECORDS = history.c.record_id.in_(bindparam("of", expanding=True))
_STATUSES = select(history.c.record_id, *_STATUS).where(_OF_RECORDS).order_by(history.c.id)
_STATUSES_FROM_TO = (
    select(history.c.record_id, *_STATUS)
    .where(history.c.record_id.between(bindparam("first"), bindparam("last")))
    .order_by(history.c.id)
)
_RECEIVED_STATUSES = (
    select(history.c.record_id, *_STATUS, receipts.c.received, receipts.c.handed_over)
    .join(receipts, receipts.c.id == history.c.receipt_id)
    .where(_OF_RECORDS)
    .order_by(history.c.id)
)


class Refusal(NamedTuple):
    """An answer by which a declaration was refused; `status`: its code."""

    record_id: RecordId
    enterprise: str
    status: str


def last_history_id(transaction: Transaction) -> int:
    """The number of the latest answer; 0 without any."""
    return int(transaction.execute(select(func.max(history.c.id))).scalar() or 0)


def refusals_after(transaction: Transaction, history_id: int) -> list[Refusal]:
    """The answers that came after that one, and by which a declaration counts as refused."""
    query = (
        select(history.c.record_id, records.c.enterprise, history.c.status)
        .join(records, records.c.id == history.c.record_id)
        .where(history.c.id > history_id, records.c.state == State.REFUSED, records.c.status == history.c.status)
    )
    return [Refusal(*row) for row in transaction.execute(query)]
