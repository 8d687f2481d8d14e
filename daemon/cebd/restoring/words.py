"""Reads from receipt JSON the states and answers that records received after the store was copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cebd.clock import Clock, iso
from cebd.customs.statuses import already_there, is_notice, outcome
from cebd.receipts.publishing.receipt import CustomsNumbers, ReceiptRecord
from cebd.records.ids import ReceiptId
from cebd.records.states import ReceiptState, ReturnedStatus, State
from cebd.restoring.receipt_files import RESTORED, ReceiptFile, was_repeat
from cebd.store.across.restoring import keep_receipt, not_sent, save_outcome
from cebd.store.across.undecided import mark_handed_over
from cebd.store.history import NewStatus, add_statuses, statuses_of
from cebd.store.messages import touch
from cebd.store.records import StoredRecord, records_with_guids
from cebd.store.store import Store
from cebd.store.transaction import Transaction, batches

HANDED_OVER = (State.SENT, State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED)


def apply_words(store: Store, files: Iterable[ReceiptFile], clock: Clock) -> int:
    """Add the states and answers in the receipt files to the store; returns the number of changed records."""
    learned = 0
    for file in files:
        by_guid = {record.guid: record for record in file.records if record.guid and not was_repeat(record)}
        for guids in batches(sorted(by_guid)):
            with store.write() as transaction:
                stored = records_with_guids(transaction, file.enterprise, guids)
                learned += _apply(transaction, file, stored, by_guid, clock)
    return learned


def _apply(
    transaction: Transaction,
    file: ReceiptFile,
    stored: Sequence[StoredRecord],
    by_guid: Mapping[str, ReceiptRecord],
    clock: Clock,
) -> int:
    sent = [record for record in stored if record.message_id is not None and by_guid[record.guid].state in HANDED_OVER]
    message_ids = {record.message_id for record in sent if record.message_id is not None}
    unsent = not_sent(transaction, message_ids)
    mark_handed_over(transaction, unsent, "the receipt in the outbox says so", iso(clock.now()))
    histories = statuses_of(transaction, {record.id for record in sent})
    changed = set()
    receipt_id: ReceiptId | None = None
    for record in sent:
        shown = by_guid[record.guid]
        history = histories.get(record.id, [])
        news = _news(record, shown, history)
        if news:
            receipt_id = receipt_id or _as_receipt(transaction, file, clock)
            add_statuses(transaction, [NewStatus(record.id, receipt_id, status) for status in news])
        updated = _updated(record, shown, [*history, *news])
        if updated != record:
            save_outcome(transaction, updated)
            changed.add(record.drop_id)
    touch(transaction, sorted(changed))
    return len(sent)


def _news(record: StoredRecord, shown: ReceiptRecord, history: Iterable[ReturnedStatus]) -> list[ReturnedStatus]:
    """Answers of customs that are in the receipt file and not in the store."""
    known = {status.words for status in history}
    return [
        replace(
            status,
            evidence=shown.state is not State.REFUSED and already_there(record.type, status.status, status.info),
        )
        for status in shown.history
        if status.words not in known
    ]


def _updated(record: StoredRecord, shown: ReceiptRecord, history: list[ReturnedStatus]) -> StoredRecord:
    """The record as it is by all that customs said. Of two numbers the later counts."""
    state, latest = outcome(record.type, history)
    record = replace(record, state=state or (shown.state if record.status is None else record.state))
    if latest is not None and not is_notice(latest.status):
        record = replace(record, status=latest.status, info=latest.info, time=latest.time or None)
    numbers = shown.numbers or CustomsNumbers(None, None)
    return replace(record, pre_no=_later(record.pre_no, numbers.pre_no), invt_no=_later(record.invt_no, numbers.own))


def _later(number: str | None, shown: str | None) -> str | None:
    return str(shown) if str(shown or "") > str(number or "") else number


def _as_receipt(transaction: Transaction, file: ReceiptFile, clock: Clock) -> ReceiptId:
    """Store the receipt file itself as the source of these answers."""
    content = file.path.read_bytes()
    return keep_receipt(transaction, RESTORED, file.path.name, content, iso(clock.now()), ReceiptState.APPLIED)
