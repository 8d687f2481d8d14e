"""Cancelling: a granted cancel application ends its list, although the list gets no return about it.

The statuses of a list (622) know no cancellation; the application's 399 (624, `海关审结`) is what ends it. The list notes that as
`cancel:399` with the application's number and time, so it takes its place among the list's own returns: a later answer of customs still
decides. The history is compared anew whenever either side has news, so it does not matter which came first: the 399, or the receipt that
gave the list the number (invtNo) by which the application names it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cebd.customs.statuses import CANCELLED, outcome
from cebd.messages.relations import cancelling
from cebd.records.ids import DropId, ReceiptId, RecordId
from cebd.records.states import ReturnedStatus
from cebd.store.history import (
    LatestWord,
    concluded_applications,
    lists_of_applications,
    lists_with_numbers,
    set_latest_words,
    set_statuses,
    statuses_of,
)
from cebd.store.transaction import Transaction, batches

_CONCLUDED = "399"
# For a list's history, with the receipt that concluded the application.
_Cancellations = dict[ReturnedStatus, ReceiptId]


def end_cancelled_lists(
    transaction: Transaction, applications: Collection[RecordId], numbers: Collection[str]
) -> set[DropId]:
    """Settle the lists of these applications, and the lists that just got these numbers (invtNo).

    Returns the drops of the lists that changed.
    """
    named = lists_of_applications(transaction, applications)
    drops: set[DropId] = set()
    for batch in batches(sorted(named.union(numbers))):
        for list_type in sorted(set(cancelling().values())):
            cancellations = _cancellations(transaction, list_type, batch)
            affected = named.intersection(batch) | cancellations.keys()
            if affected:
                drops |= _settle(transaction, list_type, affected, cancellations)
    return drops


def _cancellations(transaction: Transaction, list_type: str, numbers: Sequence[str]) -> dict[str, _Cancellations]:
    """By list number, the cancellations of lists of that type that were granted."""
    cancellations: dict[str, _Cancellations] = {}
    types = [application for application, cancelled in cancelling().items() if cancelled == list_type]
    for application in concluded_applications(transaction, types, _CONCLUDED, numbers):
        info = f"撤销申请单 {application.number} 海关审结 cancel application {application.number} concluded"
        status = ReturnedStatus(CANCELLED, info, application.time)
        cancellations.setdefault(application.list_number, {}).setdefault(status, application.receipt_id)
    return cancellations


def _settle(
    transaction: Transaction, list_type: str, numbers: Collection[str], cancellations: dict[str, _Cancellations]
) -> set[DropId]:
    """Give every version of these lists the cancellations granted for it, and no others; returns the drops of changed versions."""
    drops: set[DropId] = set()
    for version in lists_with_numbers(transaction, list_type, numbers):
        if set_statuses(transaction, version.record_id, CANCELLED, cancellations.get(version.number, {})):
            _set_state(transaction, version.record_id, list_type)
            drops.add(version.drop_id)
    return drops


def _set_state(transaction: Transaction, list_id: RecordId, list_type: str) -> None:
    state, decisive = outcome(list_type, statuses_of(transaction, [list_id]).get(list_id, []))
    if state is not None and decisive is not None:
        set_latest_words(transaction, [LatestWord(list_id, state, decisive)])
