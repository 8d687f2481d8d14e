"""Which records stand in which ledger: the latest in one workbook, those that came before by the month of their file.

| row | stands in a ledger |
| --- | --- |
| that repeats a declared one | no: the declared one stands there |
| not declared, and its number came once more in a later file | no |
| not declared, of a file whose receipt was corrected and dropped again | no: its rows are in the later file |
| any other | yes, once |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from cebd.messages.description import message_types
from cebd.receipts.publishing.drop_receipt import with_answers
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.key import parts_of
from cebd.records.states import HELD_BACK
from cebd.store.across.receipt_content import RecordToPublish, records_to_publish
from cebd.store.statements.books import LATEST, StatementId
from cebd.store.statements.ledger import (
    LedgerDrop,
    changes_since,
    drops_of_month,
    drops_since,
    in_later_files,
    marks_of_months,
)
from cebd.store.transaction import Transaction

DAYS, RECORDS = 90, 50_000  # of the latest ledger
_LIST = "CEB621"
_DAYS_RUN = 75  # after a list was dropped, its release and the days for a return may still come


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A record in a ledger, with the name of its file and when that came (ISO 8601); `order_no` and `waybill_no` are joined
    (`cebd.records.key`).
    """

    record: ReceiptRecord
    file: str
    received: str
    order_no: str | None
    waybill_no: str | None


def latest_marks(transaction: Transaction, today: date) -> dict[str, int]:
    """By enterprise, the mark of its latest ledger as things stand: 0 is never among them."""
    since = f"{today - timedelta(days=DAYS)}"
    found = changes_since(transaction, f"{since[:7]}-01", _LIST, f"{today - timedelta(days=_DAYS_RUN)}")
    return {name: files.changes + today.toordinal() * files.of_type for name, files in found.items()}


def month_marks(transaction: Transaction, enterprise: str, today: date) -> dict[str, int]:
    """The marks of the months that are not wholly in the enterprise's latest ledger."""
    since = f"{today - timedelta(days=DAYS)}"
    return marks_of_months(transaction, enterprise, _begin_of(drops_since(transaction, enterprise, since), since))


def rows_of(transaction: Transaction, wanted: StatementId, today: date) -> Iterator[LedgerRow]:
    """The rows of the ledger, the latest file first, each file's in its own order."""
    if wanted.period != LATEST:
        return _rows(transaction, wanted.enterprise, drops_of_month(transaction, wanted.enterprise, wanted.period))
    drops = drops_since(transaction, wanted.enterprise, f"{today - timedelta(days=DAYS)}")
    return islice(_rows(transaction, wanted.enterprise, drops), RECORDS)


def count_rows(transaction: Transaction, wanted: StatementId, today: date) -> int:
    """How many rows the ledger has, more or less."""
    if wanted.period != LATEST:
        return sum(drop.records for drop in drops_of_month(transaction, wanted.enterprise, wanted.period))
    since = f"{today - timedelta(days=DAYS)}"
    return min(RECORDS, sum(drop.records for drop in drops_since(transaction, wanted.enterprise, since)))


def _begin_of(drops: Sequence[LedgerDrop], since: str) -> str:
    """What came before it is not wholly in the latest ledger (ISO 8601)."""
    taken = 0
    for drop in drops:
        taken += drop.records
        if taken > RECORDS:
            return f"{drop.received}~"  # neither is this file
    return since


def _rows(transaction: Transaction, enterprise: str, drops: Sequence[LedgerDrop]) -> Iterator[LedgerRow]:
    for drop in drops:
        batches = (
            _standing(transaction, enterprise, drop, batch) for batch in records_to_publish(transaction, drop.id)
        )
        for row, record in with_answers(transaction, batches):
            yield LedgerRow(record, drop.name, drop.received, row.order_no, row.waybill_no)


def _standing(
    transaction: Transaction, enterprise: str, drop: LedgerDrop, batch: Sequence[RecordToPublish]
) -> list[RecordToPublish]:
    """The rows of the batch that stand in a ledger."""
    own = [row for row in batch if not row.is_repeat]
    never_sent = [row for row in own if row.outcome.state in HELD_BACK and row.declared is None]
    if not never_sent:
        return own
    if drop.corrected:
        gone = {row.id for row in never_sent}
    else:
        keys: dict[str, set[str]] = {}
        for row in never_sent:
            keys.setdefault(row.type, set()).add(row.key)
        later = {type_: in_later_files(transaction, enterprise, type_, some, drop.id) for type_, some in keys.items()}
        gone = {row.id for row in never_sent if row.key in later[row.type] and _has_number(row)}
    return [row for row in own if row.id not in gone]


def _has_number(row: RecordToPublish) -> bool:
    """Whether it can be told from other rows: one whose number is missing cannot."""
    names = message_types()[row.type].key
    return any(part for name, part in zip(names, parts_of(row.key), strict=False) if not name.endswith("Code"))
