"""Tax bills: what customs said of the tax of each list, word by word, taken from receipts as they come.

The answers looked at last are remembered in the same transaction, so that a kill loses nothing and repeats nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from cebd.records.ids import ReceiptId, RecordId
from cebd.store.databases.database import insert_or_update
from cebd.store.statements.books import StatementId, StatementKind, want_statement
from cebd.store.statements.tables import tax_bills
from cebd.store.tables import about, drops, history, records
from cebd.store.transaction import Transaction, batches

_TAKEN = "tax bills taken up to"
_BILLS_AT_ONCE = 500

Texts = Mapping[str, str]


class BillWord(NamedTuple):
    """What a receipt says of a bill. `time` is ISO 8601; `type` CEB816 or CEB818; `head` and `lines` by element."""

    time: str
    status: str
    type: str
    head: Texts
    lines: Sequence[Texts]


class NewBill(NamedTuple):
    """A word of a bill of that list."""

    enterprise: str
    number: str
    record_id: RecordId
    word: BillWord


class ListWithBill(NamedTuple):
    """A list of which a receipt says something in a tax bill."""

    record_id: RecordId
    enterprise: str
    number: str | None
    receipt_id: ReceiptId


class News(NamedTuple):
    """Among answers that were not looked at yet: the lists, how many answers, and the number of the last."""

    lists: list[ListWithBill]
    answers: int
    up_to: int


class Bill(NamedTuple):
    """A tax bill with its list. `order`: the number of its order; `first`, `last`: when it was first and last spoken of (ISO 8601).

    `head`: its elements, each as the latest word has it; `lines`: those of the latest word that has any. `key`: the list's.
    """

    number: str
    status: str
    head: Texts
    lines: Sequence[Texts]
    first: str
    last: str
    key: str
    order: str
    waybill: str
    list_number: str
    file: str


def newly_billed(transaction: Transaction, mark: str, at_most: int) -> News:
    """Lists with a tax bill among so many answers that were not looked at yet; `mark`: what statuses of bills begin with."""
    told = transaction.execute(select(about.c.value).where(about.c.name == _TAKEN)).scalar()
    taken = int(told or 0)
    unseen = select(history.c.id, history.c.record_id, history.c.receipt_id, history.c.status)
    batch = unseen.where(history.c.id > taken).order_by(history.c.id).limit(at_most).subquery()
    answers, up_to = transaction.execute(select(func.count(), func.max(batch.c.id))).one()
    query = (
        select(records.c.id, records.c.enterprise, records.c.invt_no, batch.c.receipt_id)
        .join(batch, batch.c.record_id == records.c.id)
        .where(batch.c.status.startswith(mark))
        .distinct()
        .order_by(batch.c.receipt_id, records.c.id)
    )
    return News([ListWithBill(*row) for row in transaction.execute(query)], answers, up_to or taken)


def take_bills(transaction: Transaction, new: Iterable[NewBill], up_to: int) -> None:
    """Remember these words, those known already once; the statements of their months are to be written anew."""
    months: set[StatementId] = set()
    for bill in new:
        own = (tax_bills.c.enterprise == bill.enterprise, tax_bills.c.number == bill.number)
        before = transaction.execute(select(tax_bills.c.month, tax_bills.c.words).where(*own)).first()
        words: list[list[Any]] = [list(bill.word)]  # Any: as JSON has them
        if before is not None:
            months.add(StatementId(bill.enterprise, StatementKind.TAX_BILLS, before.month))
            words += [word for word in json.loads(before.words) if word not in words]
        words.sort(key=lambda word: word[:3])
        row = {
            "enterprise": bill.enterprise,
            "number": bill.number,
            "record_id": bill.record_id,
            "month": words[0][0][:7],
            "words": json.dumps(words, ensure_ascii=False),
        }
        insert_or_update(transaction, tax_bills, row, ["enterprise", "number"], row)
        months.add(StatementId(bill.enterprise, StatementKind.TAX_BILLS, row["month"]))
    for month in sorted(months):
        want_statement(transaction, month)
    value = str(up_to)
    insert_or_update(transaction, about, {"name": _TAKEN, "value": value}, ["name"], {"value": value})


def count_bills(transaction: Transaction, enterprise: str, month: str) -> int:
    """How many bills that month has."""
    query = select(func.count()).where(tax_bills.c.enterprise == enterprise, tax_bills.c.month == month)
    return int(transaction.execute(query).scalar_one())


def count_bills_between(transaction: Transaction, enterprise: str, first: str, last: str) -> int:
    """How many bills these months and those between have."""
    months = tax_bills.c.month.between(first, last)
    query = select(func.count()).where(tax_bills.c.enterprise == enterprise, months)
    return int(transaction.execute(query).scalar_one())


def bills_of_record(transaction: Transaction, record_id: RecordId) -> list[str]:
    """The numbers of the bills about that list."""
    query = select(tax_bills.c.number).where(tax_bills.c.record_id == record_id).order_by(tax_bills.c.id)
    return list(transaction.execute(query).scalars())


def bills_between(transaction: Transaction, enterprise: str, first: str, last: str) -> Iterator[Bill]:
    """The bills of these months and those between, in the order in which they came."""
    ids = transaction.execute(
        select(tax_bills.c.id)
        .where(tax_bills.c.enterprise == enterprise, tax_bills.c.month >= first, tax_bills.c.month <= last)
        .order_by(tax_bills.c.month, tax_bills.c.id)
    ).scalars()
    names = ("key", "order_no", "waybill_no", "invt_no")
    query = (
        select(tax_bills, *(records.c[name] for name in names), drops.c.name)
        .join(records, records.c.id == tax_bills.c.record_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .order_by(tax_bills.c.month, tax_bills.c.id)
    )
    for batch in batches(list(ids), _BILLS_AT_ONCE):
        for row in transaction.execute(query.where(tax_bills.c.id.in_(batch))):
            words = [BillWord(*word) for word in json.loads(row.words)]
            head = {name: text for word in words for name, text in word.head.items()}
            lines = next((word.lines for word in reversed(words) if word.lines), ())
            yield Bill(
                row.number,
                words[-1].status,
                head,
                lines,
                words[0].time,
                words[-1].time,
                row.key,
                row.order_no or "",
                row.waybill_no or "",
                row.invt_no or "",
                row.name,
            )
