"""Tax bills (816, 818) are taken from the receipts that brought them, with every field, once they are applied."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import groupby

import structlog

from cebd.customs.statuses import TAX
from cebd.messages.returns import NotAReceipt, read_returns
from cebd.messages.schema import NotXml
from cebd.store.receipts import load_receipts
from cebd.store.statements.tax_bills import BillWord, ListWithBill, NewBill, newly_billed, take_bills
from cebd.store.store import Store
from cebd.store.transaction import Transaction

log = structlog.get_logger("cebd")

_ANSWERS_AT_ONCE = 5_000


def take_up_bills(store: Store, rounds: int = 4) -> bool:
    """Take the bills of receipts applied since the last look, at most so many rounds of answers; whether more may be left.

    Receipts are read without holding the store. Killed in between, the same answers are looked at again, and change nothing.
    """
    for _ in range(rounds):
        with store.read() as transaction:
            news = newly_billed(transaction, TAX, _ANSWERS_AT_ONCE)
            bills = list(_bills(transaction, news.lists))
        if not news.answers:
            return False
        with store.write() as transaction:
            take_bills(transaction, bills, news.up_to)
    return True


def _bills(transaction: Transaction, lists: list[ListWithBill]) -> Iterator[NewBill]:
    for receipt_id, of_receipt in groupby(lists, lambda one: one.receipt_id):
        by_number = {one.number: one for one in of_receipt}
        try:
            (receipt,) = load_receipts(transaction, [receipt_id])
            type_, returns = read_returns(receipt.content())
        except (zlib.error, NotAReceipt, NotXml):  # damaged since it was applied: the audit names it
            log.error("receipt damaged in the store", id="CEBD-1805", receipt=receipt_id)
            continue
        for returned in returns:
            billed = by_number.get(returned.given.get("invtNo"))
            number = returned.given.get("taxNo")
            if billed is not None and number:
                time = returned.time or receipt.received
                word = BillWord(time, returned.status, type_, dict(returned.given), list(map(dict, returned.lines)))
                yield NewBill(billed.enterprise, number, billed.record_id, word)
