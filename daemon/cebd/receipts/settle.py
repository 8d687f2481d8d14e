"""Settling: applies a stored receipt, all of it or nothing.

The state of a record is computed from all its returns, ordered by the customs' own time: the order of arrival does not matter, and a
return that comes twice is noted once. A receipt that cannot be read, or causes an error, is parked with its bytes; others go on.
Where a receipt was read in the lenient pass, its records say so. Only faults of the store itself are raised.

Customs send no return about a list whose cancellation they grant: the application's own receipt ends the list (`cebd.receipts.cancelling`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import structlog

from cebd.customs.statuses import already_there, outcome
from cebd.messages.relations import cancelling, named_by_number
from cebd.messages.returns import NotAReceipt, Return, read_returns
from cebd.messages.schema import NotXml
from cebd.problems.problem import problem
from cebd.receipts.cancelling import end_cancelled_lists
from cebd.receipts.clock_evidence import ahead_by
from cebd.receipts.matching import Match, Numbers, as_status, numbers_of
from cebd.records.ids import DropId, ReceiptId, RecordId
from cebd.records.states import ReceiptState, ReturnedStatus
from cebd.store.history import (
    GivenNumbers,
    LatestWord,
    NewStatus,
    add_statuses,
    set_latest_words,
    set_numbers,
)
from cebd.store.messages import end_overdue, touch
from cebd.store.receipts import (
    Declaration,
    StoredReceipt,
    close_receipt,
    load_receipt,
    note_clock_evidence,
    receipts_to_apply,
    unmatched_receipts,
)
from cebd.store.records import add_problem
from cebd.store.store import Store
from cebd.store.submissions import may_have_arrived_twice
from cebd.store.transaction import StoreFault, Transaction, UnfitValues, batches, savepoint

log = structlog.get_logger("cebd")

_MAX_EARLY_RECEIPTS = 1000
_BATCH_SIZE = 50  # receipts applied in one transaction: each commit waits for the disk


def apply_stored(store: Store) -> int:
    """Apply every receipt not applied yet; returns how many."""
    with store.read() as transaction:
        waiting = receipts_to_apply(transaction)
    for batch in batches(waiting, _BATCH_SIZE):
        # Killed here, the receipts of this transaction are applied as if for the first time.
        with store.write() as transaction:
            settled = _Settled()
            for receipt_id in batch:
                _apply_or_park(transaction, receipt_id, settled)
            for receipt_id in _receipts_too_early(transaction, settled.numbers):
                _apply_or_park(transaction, receipt_id, settled)
            _end_cancelled_lists(transaction, settled)
            touch(transaction, sorted(settled.drops))
    return len(waiting)


def _end_cancelled_lists(transaction: Transaction, settled: _Settled) -> None:
    try:
        with savepoint(transaction):
            settled.drops |= end_cancelled_lists(transaction, settled.applications, settled.numbers)
    except StoreFault:
        raise
    except Exception:  # the receipts themselves are applied all the same
        log.exception("cancelled lists cannot be settled after an internal error", id="CEBD-1704")


@dataclass
class _Settled:
    """The changes of a transaction: drops, the cancel applications among their records, and new numbers."""

    drops: set[DropId] = field(default_factory=set)
    applications: set[RecordId] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


def _receipts_too_early(transaction: Transaction, numbers: set[str]) -> list[ReceiptId]:
    """Receipts that matched nothing because they name a number that a later receipt gave.

    Receipts about another system's declarations never match; of all that did not, only the latest are looked at again.
    """
    if not numbers:
        return []
    unmatched = unmatched_receipts(transaction, named_by_number(), _MAX_EARLY_RECEIPTS)
    return sorted(receipt.id for receipt in unmatched if _names_one_of(numbers, receipt))


def _names_one_of(numbers: set[str], receipt: StoredReceipt) -> bool:
    try:
        _, returns = read_returns(receipt.content())
    except Exception:  # damaged since it was stored: the audit names it
        return False
    return any(
        not numbers.isdisjoint(numbers_of(returned.answers, returned)) for returned in returns if returned.answers
    )


def _apply_or_park(transaction: Transaction, receipt_id: ReceiptId, settled: _Settled) -> None:
    """Apply a receipt, all of it or nothing."""
    try:
        with savepoint(transaction):
            changes = _apply(transaction, receipt_id)
    except UnfitValues:
        _park(transaction, receipt_id)
    except StoreFault:
        raise  # the store's trouble, not the receipt's: tried again
    except (NotAReceipt, NotXml) as error:
        log.warning("receipt cannot be read", id="CEBD-1704", receipt=receipt_id, reason=str(error)[:200])
        close_receipt(transaction, receipt_id, ReceiptState.UNREADABLE)
    except Exception:
        _park(transaction, receipt_id)
    else:
        settled.drops |= {change.record.drop_id for change in changes}
        settled.applications |= {change.record.id for change in changes if change.record.type in cancelling()}
        for change in changes:
            settled.numbers |= change.numbers_learned()


def _park(transaction: Transaction, receipt_id: ReceiptId) -> None:
    log.exception("receipt parked after an internal error", id="CEBD-1704", receipt=receipt_id)
    close_receipt(transaction, receipt_id, ReceiptState.UNREADABLE)


def _apply(transaction: Transaction, receipt_id: ReceiptId) -> list[_Change]:
    """Apply the receipt's returns; returns the changes."""
    receipt = load_receipt(transaction, receipt_id)
    type_, returns = read_returns(receipt.content())
    match = Match(transaction, receipt, returns)
    changes: dict[RecordId, _Change] = {}
    for returned, records, _ in match.returns:
        for record in records:
            change = changes.setdefault(record.id, _Change(record, match.statuses[record.id]))
            change.add(returned, transaction)
    changed = [change for change in changes.values() if change.new_statuses or change.has_new_numbers]
    _write(transaction, receipt_id, changed)
    if any(returned.mended for returned in returns):
        _say_mended(transaction, receipt.name, [change.record.id for change in changed])
    all_matched = bool(returns) and all(matched.records for matched in match.returns)
    if not all_matched:
        log.warning("receipt matches no record of this station", id="CEBD-1701", receipt=receipt_id, type=type_)
    enterprises = {change.record.enterprise for change in changes.values()}
    state = ReceiptState.APPLIED if all_matched else ReceiptState.UNMATCHED
    close_receipt(transaction, receipt_id, state, type_, enterprises)
    ahead = ahead_by(transaction, receipt.received, match.returns)
    if ahead is not None:
        note_clock_evidence(transaction, receipt_id, ahead.as_text())
    return changed


class _Change:
    """The news about a record in a receipt."""

    def __init__(self, record: Declaration, known: Sequence[ReturnedStatus]) -> None:
        self.record = record
        self.statuses = list(known)
        self.new_statuses: list[ReturnedStatus] = []
        self.numbers = self._numbers_before = Numbers(record.pre_no, record.invt_no)

    def add(self, returned: Return, transaction: Transaction) -> None:
        status = as_status(returned)
        known = {status.words for status in self.statuses}
        if status.status and status.words not in known:
            there = already_there(self.record.type, status.status, status.info)
            if there and may_have_arrived_twice(transaction, self.record.message_id):
                status = replace(status, evidence=True)
            self.statuses.append(status)
            self.new_statuses.append(status)
        self.numbers = self.numbers.or_later(numbers_of(self.record.type, returned))

    @property
    def has_new_numbers(self) -> bool:
        return self.numbers != self._numbers_before

    def numbers_learned(self) -> set[str]:
        """The record's new numbers, if receipts may name it by these numbers alone."""
        if self.record.type not in named_by_number().values():
            return set()
        pairs = zip(self.numbers, self._numbers_before, strict=True)
        return {number for number, before in pairs if number and number != before}


def _write(transaction: Transaction, receipt_id: ReceiptId, changes: Sequence[_Change]) -> None:
    add_statuses(
        transaction,
        (NewStatus(change.record.id, receipt_id, status) for change in changes for status in change.new_statuses),
    )
    words = []
    for change in changes:
        state, decisive = outcome(change.record.type, change.statuses)
        if decisive is not None:
            words.append(LatestWord(change.record.id, state or change.record.state, decisive))
    set_latest_words(transaction, words)
    numbered = (change for change in changes if change.has_new_numbers)
    set_numbers(transaction, (GivenNumbers(change.record.id, *change.numbers) for change in numbered))
    end_overdue(transaction, {change.record.message_id for change in changes})


def _say_mended(transaction: Transaction, name: str, record_ids: Collection[RecordId]) -> None:
    """Note at the receipt's records that the receipt was not well-formed."""
    mended = problem("CEBD-1712", value=name)
    log.warning(mended.en, id=mended.id, receipt=name)
    add_problem(transaction, record_ids, mended)
