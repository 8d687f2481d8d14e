"""One decision for many records: what it would do, shown before; then done, where nothing has changed since it was shown.

A message carries up to a hundred records and is held, released and tried again as a whole: what is shown counts both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from cebd.clock import iso
from cebd.declared.changes import STORED
from cebd.documents.workbooks.entered import Document
from cebd.messages.description import message_types
from cebd.messages.parse import heads_by_guid, records_by_guid, stated_texts
from cebd.operations.console import record_query
from cebd.operations.console.drafts import entry
from cebd.operations.console.giving import require_inbox
from cebd.operations.console.record_query import RecordQuery
from cebd.operations.console.second_person import own_records
from cebd.operations.text import Refused
from cebd.records.ids import MessageId
from cebd.records.record import DECLARED_STATUS, ONLY_STORED
from cebd.records.states import MessageState, State
from cebd.settings import Settings
from cebd.store.across import undecided
from cebd.store.across.intervening import holding
from cebd.store.across.intervening.holding import Choice, ChosenMessage
from cebd.store.console import questions
from cebd.store.console.questions import FoundRecord
from cebd.store.messages import load_message
from cebd.store.store import Store
from cebd.store.transaction import Transaction

MOST = 5_000
_SHOWN = 20
_OF_A_PERSON = (MessageState.HELD, MessageState.ASKED)


class Deed(StrEnum):
    """What is done with many at once."""

    DECLARE = "declare"  # what is only stored at the e-port
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The records of a query, or of the messages that wait for the reason `waiting` (the id of a problem)."""

    query: RecordQuery
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deed would do. `records`: so many would be concerned, `others`: so many of the result would not; `own`: so many besides it has
    to be another account that does it, as this one entered them; `examples`: the latest of those concerned. `mark`: of exactly these."""

    deed: Deed
    records: int
    messages: tuple[MessageId, ...]
    others: int
    own: int
    by_type: Mapping[str, int]
    examples: Sequence[FoundRecord]
    mark: str


def preview(store: Store, settings: Settings, wanted: Wanted, deed: Deed, by: str) -> Preview:
    """What it would do now, done by that account. Raises Refused for more than is done at once."""
    found = None if wanted.waiting else _records_of(store, wanted.query)
    with store.read() as transaction:
        return _preview(transaction, settings, wanted, deed, found, by)


def _preview(
    transaction: Transaction,
    settings: Settings,
    wanted: Wanted,
    deed: Deed,
    found: Sequence[FoundRecord] | None,
    by: str,
) -> Preview:
    if found is None:
        ids = tuple(questions.messages_waiting_because(transaction, wanted.waiting))
        found = questions.records_of_messages_in(transaction, ids, MOST)
    else:
        ids = tuple(sorted({one.message_id for one in found if one.message_id is not None}))
    own: list[FoundRecord] = []
    if deed is Deed.DECLARE:
        fitting = _stored(transaction, found)
        chosen: tuple[MessageId, ...] = ()
        own = own_records(transaction, settings, by, fitting)
        of_others = {one.id for one in fitting} - {one.id for one in own}
        concerned = [one for one in fitting if one.id in of_others]
    else:
        messages = holding.chosen_messages(transaction, Choice(message_ids=ids))
        chosen = tuple(message.id for message in messages if _fits(message, deed))
        concerned = questions.records_of_messages_in(transaction, chosen, MOST * 100)
        if deed is Deed.RELEASE:
            left_out = {one.message_id for one in own_records(transaction, settings, by, concerned)}
            own = [one for one in concerned if one.message_id in left_out]
            chosen = tuple(number for number in chosen if number not in left_out)
            concerned = [one for one in concerned if one.message_id not in left_out]
    own_of_result = {one.id for one in found} & {one.id for one in own}
    of_result = {one.id for one in found} & {one.id for one in concerned}
    mark = sha256(repr((deed, chosen, sorted(one.id for one in concerned))).encode()).hexdigest()[:16]
    by_type = Counter(one.type for one in concerned)
    others = len(found) - len(of_result) - len(own_of_result)
    return Preview(deed, len(concerned), chosen, others, len(own), by_type, concerned[:_SHOWN], mark)


def carry_out(
    store: Store, settings: Settings, wanted: Wanted, deed: Deed, mark: str, by: str, reason: str, now: datetime
) -> int:
    """Do what was shown under that mark; returns the number of records. Each is one transaction with its line in the journal.

    Raises Refused where something has changed since, where no reason is given, and where a message cannot be released as it was.
    """
    if not reason:
        raise Refused("请填写原因。", "Give a reason.")
    if deed is Deed.DECLARE:
        return _declare(store, settings, wanted, mark, by, reason, now)
    found = None if wanted.waiting else _records_of(store, wanted.query)
    with store.write() as transaction:
        shown = _preview(transaction, settings, wanted, deed, found, by)
        _require(shown, mark)
        choice = Choice(message_ids=shown.messages)
        if deed is Deed.HOLD:
            holding.hold(transaction, choice, by, reason, iso(now))
        elif deed is Deed.RETRY:
            holding.wish_retry(transaction, choice, by, reason, iso(now))
        else:
            rows = undecided.undecided_records(transaction, choice)
            try:
                undecided.release(transaction, rows, f"{by}: {reason}")
            except undecided.CannotRelease as error:
                raise Refused(error.zh, error.en) from None
        return shown.records


def _declare(store: Store, settings: Settings, wanted: Wanted, mark: str, by: str, reason: str, now: datetime) -> int:
    found = _records_of(store, wanted.query)
    with store.read() as transaction:
        stored = _stored(transaction, found)
        _require(_preview(transaction, settings, wanted, Deed.DECLARE, stored, by), mark)
        own = {one.id for one in own_records(transaction, settings, by, stored)}
        documents: dict[tuple[str, str], list[Document]] = {}
        for record in stored:
            if record.id not in own:
                documents.setdefault((record.enterprise, record.type), []).append(_document(transaction, record))
    for enterprise, _ in documents:
        require_inbox(settings, enterprise, entry.file_name(1))
    for (enterprise, type_), of_one in documents.items():
        # None of them is the account's own: those are left out.
        entry.declare_at_once(store, settings, by, enterprise, type_, of_one, now, entered_by=None, reason=reason)
    return sum(map(len, documents.values()))


def _document(transaction: Transaction, record: FoundRecord) -> Document:
    assert record.message_id is not None  # noqa: S101  # it is stored at the e-port
    element = records_by_guid(load_message(transaction, record.message_id).body)[record.guid.upper()]
    texts = stated_texts(message_types()[record.type], element)
    head = {name: text for name, text in texts.head.items() if name not in ("guid", "appTime")}
    return Document({**head, "appStatus": DECLARED_STATUS}, tuple(texts.lines))


def _records_of(store: Store, query: RecordQuery) -> list[FoundRecord]:
    with store.read() as transaction:
        if record_query.count(transaction, query, MOST + 1) > MOST:
            raise Refused(
                f"结果超过 {MOST:,} 份，请先缩小范围。", f"The result has over {MOST:,} documents: narrow it first."
            )
    return list(record_query.every_record(store, query))


def _stored(transaction: Transaction, found: Sequence[FoundRecord]) -> list[FoundRecord]:
    """Those that asked to be stored, and are: status 1 alone may be on the way to a declaration."""
    only_stored: dict[MessageId, set[str]] = {}
    stored = []
    for record in found:
        is_there = record.active and record.status == STORED and record.state is State.ACKNOWLEDGED
        if not is_there or record.message_id is None:
            continue
        if record.message_id not in only_stored:
            heads = heads_by_guid(load_message(transaction, record.message_id).body)
            wanted = {guid for guid, head in heads.items() if head.get("appStatus") == ONLY_STORED}
            only_stored[record.message_id] = wanted
        if record.guid.upper() in only_stored[record.message_id]:
            stored.append(record)
    return stored


def _fits(message: ChosenMessage, deed: Deed) -> bool:
    if deed is Deed.HOLD:
        return message.can_be_held
    if deed is Deed.RELEASE:
        return message.state in _OF_A_PERSON
    return message.state not in _OF_A_PERSON


def _require(shown: Preview, mark: str) -> None:
    if shown.mark != mark:
        raise Refused(
            "情况已有变化，没有执行；请重新查看后再决定。",
            "Something has changed since: nothing was done. Look again, then decide.",
        )
    if not shown.records:
        raise Refused("没有可以处理的单证。", "There is nothing that it would concern.")
