"""Settling: applies stored receipts, each all of it or nothing.

The state of a record is computed from all its returns, ordered by the customs' own time: the order of arrival does not matter, and a
return that comes twice is noted once. A receipt that cannot be read, or causes an error, is parked with its bytes; others go on.
Where a receipt was read in the lenient pass, its records say so. Only faults of the store itself are raised.

Receipts are read one by one, and applied batch by batch: the store is asked about all of a batch at once, then written
(`cebd.receipts.known`, `cebd.receipts.changes`). Where that causes an error nothing of the batch is kept, and its halves are applied by
themselves, down to the receipt that causes it.

Customs send no return about a list whose cancellation they grant: the application's own receipt ends the list (`cebd.receipts.cancelling`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from cebd.messages.relations import named_by_number
from cebd.messages.returns import NotAReceipt, Return, read_returns
from cebd.messages.schema import NotXml
from cebd.receipts.cancelling import end_cancelled_lists
from cebd.receipts.changes import Changes, News, mended_problem
from cebd.receipts.known import KnownDeclarations
from cebd.receipts.matching import Match, look_up, numbers_of
from cebd.records.ids import ReceiptId
from cebd.records.states import ReceiptState
from cebd.store.messages import touch
from cebd.store.receipts import (
    ClosedReceipt,
    StoredReceipt,
    close_receipts,
    load_receipts,
    receipts_to_apply,
    unmatched_receipts,
)
from cebd.store.store import Store
from cebd.store.transaction import StoreFault, Transaction, UnfitValues, batches, savepoint

log = structlog.get_logger("cebd")

_MAX_EARLY_RECEIPTS = 1000
_LOADED_TOGETHER = 100  # receipts, with their bytes
# Returns applied in a transaction (but a receipt in one): the fewer, the oftener the disk is waited for; the more, the longer others wait.
_RETURNS_TOGETHER = 1000
_BESIDE_OTHERS = 200


@dataclass(frozen=True, slots=True)
class _ReadReceipt:
    stored: StoredReceipt
    type: str
    returns: Sequence[Return] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    id: ReceiptId


def apply_stored(store: Store) -> int:
    """Apply every receipt not applied yet; returns how many."""
    with store.read() as transaction:
        waiting = receipts_to_apply(transaction)
    for batch in _in_batches(_read_all(store, waiting), store.is_awaited):
        # Killed here, the receipts of this transaction are applied as if for the first time.
        with store.write() as transaction:
            unreadable = [receipt.id for receipt in batch if isinstance(receipt, _Unreadable)]
            close_receipts(transaction, [ClosedReceipt(id_, ReceiptState.UNREADABLE) for id_ in unreadable])
            news = News()
            _apply_or_park(transaction, [receipt for receipt in batch if isinstance(receipt, _ReadReceipt)], news)
            _apply_or_park(transaction, _receipts_too_early(transaction, news.numbers), news)
            _end_cancelled_lists(transaction, news)
            touch(transaction, sorted(news.drops))
    return len(waiting)


# Reading


def _read_all(store: Store, receipt_ids: Sequence[ReceiptId]) -> Iterator[_ReadReceipt | _Unreadable]:
    for some in batches(receipt_ids, _LOADED_TOGETHER):
        with store.read() as transaction:
            loaded = load_receipts(transaction, some)
        yield from map(_read, loaded)


def _read(receipt: StoredReceipt) -> _ReadReceipt | _Unreadable:
    try:
        return _ReadReceipt(receipt, *read_returns(receipt.content()))
    except (NotAReceipt, NotXml) as error:
        log.warning("receipt cannot be read", id="CEBD-1704", receipt=receipt.id, reason=str(error)[:200])
    except Exception:
        _say_parked(receipt)
    return _Unreadable(receipt.id)


def _in_batches(
    receipts: Iterable[_ReadReceipt | _Unreadable], others_wait: Callable[[], bool]
) -> Iterator[list[_ReadReceipt | _Unreadable]]:
    """The receipts in their order, as many together as a transaction takes: fewer while others wait for theirs."""
    batch: list[_ReadReceipt | _Unreadable] = []
    held = 0
    for receipt in receipts:
        returns = len(receipt.returns) if isinstance(receipt, _ReadReceipt) else 0
        if batch and held + returns > (min(_BESIDE_OTHERS, _RETURNS_TOGETHER) if others_wait() else _RETURNS_TOGETHER):
            yield batch
            batch, held = [], 0
        batch.append(receipt)
        held += max(returns, 1)
    if batch:
        yield batch


def _receipts_too_early(transaction: Transaction, numbers: set[str]) -> list[_ReadReceipt]:
    """Receipts that matched nothing because they name a number that a later receipt gave.

    Receipts about another system's declarations never match; of all that did not, only the latest are looked at again.
    """
    if not numbers:
        return []
    unmatched = unmatched_receipts(transaction, named_by_number(), _MAX_EARLY_RECEIPTS)
    naming = [early for receipt in unmatched if (early := _naming_one_of(numbers, receipt)) is not None]
    return sorted(naming, key=lambda early: early.stored.id)


def _naming_one_of(numbers: set[str], receipt: StoredReceipt) -> _ReadReceipt | None:
    try:
        type_, returns = read_returns(receipt.content())
    except Exception:  # damaged since it was stored: the audit names it
        return None
    names = any(
        not numbers.isdisjoint(numbers_of(returned.answers, returned)) for returned in returns if returned.answers
    )
    return _ReadReceipt(receipt, type_, returns) if names else None


# Applying


def _apply_or_park(transaction: Transaction, receipts: Sequence[_ReadReceipt], news: News) -> None:
    """Apply receipts, each all of it or nothing; what they change is added to `news`."""
    if not receipts:
        return
    try:
        with savepoint(transaction):
            changes = _apply(transaction, receipts)
    except UnfitValues:
        _apply_halves_or_park(transaction, receipts, news)
    except StoreFault:
        raise  # the store's trouble, not a receipt's: tried again
    except Exception:
        _apply_halves_or_park(transaction, receipts, news)
    else:
        news.add(changes.news)
        for unmatched in changes.unmatched:
            log.warning(
                "receipt matches no record of this station", id="CEBD-1701", receipt=unmatched.id, type=unmatched.type
            )
        for receipt in changes.mended:
            mended = mended_problem(receipt)
            log.warning(mended.en, id=mended.id, receipt=receipt.name)


def _apply(transaction: Transaction, receipts: Sequence[_ReadReceipt]) -> Changes:
    """Apply them together; returns what they changed."""
    known = KnownDeclarations(transaction)
    look_up(known, [returned for receipt in receipts for returned in receipt.returns])
    changes = Changes(known)
    for receipt in receipts:
        match = Match(known, receipt.stored, receipt.returns)
        changes.add(receipt.stored, receipt.type, match.returns)
    changes.write(transaction)
    return changes


def _apply_halves_or_park(transaction: Transaction, receipts: Sequence[_ReadReceipt], news: News) -> None:
    if len(receipts) > 1:
        half = len(receipts) // 2
        for part in (receipts[:half], receipts[half:]):
            _apply_or_park(transaction, part, news)
    else:
        (receipt,) = receipts
        _say_parked(receipt.stored)
        close_receipts(transaction, [ClosedReceipt(receipt.stored.id, ReceiptState.UNREADABLE)])


def _say_parked(receipt: StoredReceipt) -> None:
    log.exception("receipt parked after an internal error", id="CEBD-1704", receipt=receipt.id)


def _end_cancelled_lists(transaction: Transaction, news: News) -> None:
    try:
        with savepoint(transaction):
            news.drops |= end_cancelled_lists(transaction, news.applications, news.numbers)
    except StoreFault:
        raise
    except Exception:  # the receipts themselves are applied all the same
        log.exception("cancelled lists cannot be settled after an internal error", id="CEBD-1704")
