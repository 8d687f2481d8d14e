"""A record as its page shows it: where it stands, what has happened in words, who is waited for, and what may be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cebd.clock import CST
from cebd.customs.book_files import Entry
from cebd.customs.customs_codes import for_people
from cebd.customs.statuses import CANCELLED, in_order, is_notice, rests
from cebd.messages.parse import StatedTexts
from cebd.operations.console.record.declared_texts import declared_texts
from cebd.operations.console.record.offers import Known, Offered, offers
from cebd.operations.console.second_person import enterer_of
from cebd.operations.inquiries.life import waits_for
from cebd.operations.text import Refused, Text
from cebd.problems.problem import Problem
from cebd.receipts.publishing.drop_receipt import meaning_of
from cebd.records.ids import RecordId
from cebd.records.record import ONLY_STORED
from cebd.records.states import UNSENT_RECORDS, MessageState, State, SubmissionOutcome
from cebd.rules.figures import Figures
from cebd.store.across.earlier.declared import lists_numbered
from cebd.store.across.finding.life import message_lives
from cebd.store.console import questions
from cebd.store.console.questions import FoundRecord
from cebd.store.drops import Drop, load_drop
from cebd.store.history import received_statuses_of
from cebd.store.messages import StoredMessage, load_message
from cebd.store.receipts import StoredReceipt
from cebd.store.statements.tax_bills import bills_of_record
from cebd.store.submissions import Submission, submissions_of
from cebd.store.transaction import Transaction

_FAMILY = 40


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `time`: ISO 8601, empty where nobody told it. `by`: who did or said it."""

    time: str
    by: Text
    what: Text
    detail: Text | None = None


@dataclass(frozen=True)
class RecordPage:
    """`entered_by`: the account that entered it in the console, if one did. `latest`: the version that has taken its place. `meaning`: of
    the latest answer of customs. `waits_for`: who is waited for; None when nothing more is to come."""

    record: FoundRecord
    entered_by: str | None
    state: Text
    meaning: Entry | None
    waits_for: Text | None
    events: tuple[Event, ...]
    problems: tuple[Problem, ...]
    texts: StatedTexts | None
    family: tuple[FoundRecord, ...]
    message: StoredMessage | None
    receipts: tuple[StoredReceipt, ...]
    applications: tuple[FoundRecord, ...]
    bills: tuple[str, ...]
    latest: RecordId | None
    offers: tuple[Offered, ...]


def record_page(transaction: Transaction, number: int, figures: Figures, now: datetime) -> RecordPage:
    """The page of that record. Raises Refused."""
    record = questions.record_numbered(transaction, number)
    if record is None:
        raise Refused("没有这份单证。", "There is no such document.")
    drop = load_drop(transaction, record.drop_id)
    message = load_message(transaction, record.message_id) if record.message_id is not None else None
    attempts = submissions_of(transaction, message.id) if message is not None else []
    applications = tuple(questions.applications_about(transaction, record.invt_no)) if record.invt_no else ()
    texts = declared_texts(record, message)
    latest = questions.latest_version_of(transaction, record)
    known = _known(transaction, record, texts, applications, figures, now, replaced=latest is not None)
    entered_by = enterer_of(transaction, record)
    return RecordPage(
        record=record,
        entered_by=entered_by,
        state=state_of(record),
        meaning=_meaning(record),
        waits_for=_waits_for(transaction, record),
        events=tuple(_events(transaction, record, drop, message, attempts, entered_by)),
        problems=record.problems,
        texts=texts,
        family=tuple(questions.family_of(transaction, record, _FAMILY)),
        message=message,
        receipts=tuple(questions.receipts_of(transaction, record.id)),
        applications=applications,
        bills=tuple(bills_of_record(transaction, record.id)),
        latest=latest,
        offers=offers(record, known),
    )


def _known(
    transaction: Transaction,
    record: FoundRecord,
    texts: StatedTexts | None,
    applications: Sequence[FoundRecord],
    figures: Figures,
    now: datetime,
    *,
    replaced: bool,
) -> Known:
    original = lists_numbered(transaction, [record.invt_no]).get(record.invt_no) if record.invt_no else None
    released = original.released if original is not None else None
    return Known(
        replaced=replaced,
        today=now.astimezone(CST).date(),
        only_stored=texts is not None and texts.head.get("appStatus") == ONLY_STORED,
        released=datetime.fromisoformat(released).astimezone(CST).date() if released else None,
        applications=[one for one in applications if one.state not in _CAME_TO_NOTHING],
        return_days=figures.return_days,
        arrival_days=figures.arrival_days,
    )


_CAME_TO_NOTHING = (State.REFUSED, State.REJECTED, State.REPEAT)

# In words

STATES = {
    State.REJECTED: Text("未申报：有错误", "Not declared: it has errors"),
    State.HELD: Text("未申报：整份待处理", "Not declared: the file is held"),
    State.READY: Text("待签名", "Waits for its signature"),
    State.SIGNED: Text("已签名，待发送", "Signed, waits to be sent"),
    State.SENT: Text("已发送", "Sent"),
    State.IN_DOUBT: Text("是否送达尚待确认", "Whether it arrived is being found out"),
    State.ACKNOWLEDGED: Text("已受理", "Acknowledged"),
    State.SUCCEEDED: Text("成功", "Succeeded"),
    State.REFUSED: Text("被退回", "Refused"),
    State.REPEAT: Text("重复：以前已申报", "A repeat: declared before"),
}
_CANCELLED = Text("已撤销", "Cancelled")
_CEBD, _WE, _CUSTOMS = (
    Text("cebd", "cebd"),
    Text("本企业", "the enterprise"),
    Text("海关 / 电子口岸", "customs / e-port"),
)


def state_of(record: FoundRecord) -> Text:
    """Its state; where customs have spoken, in their words."""
    if record.status == CANCELLED and record.state is State.REFUSED:
        return _CANCELLED
    entry = _meaning(record)
    if entry is not None and record.state in (State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED):
        return Text(entry.zh, entry.en)
    return STATES[record.state]


def _meaning(record: FoundRecord) -> Entry | None:
    return None if record.status is None else meaning_of(record.type, record.state, record.status, record.info)


def _waits_for(transaction: Transaction, record: FoundRecord) -> Text | None:
    reasons = []
    if record.message_id is not None and record.state in UNSENT_RECORDS:
        reasons = waits_for(message_lives(transaction, [record.message_id])[0])
    if reasons:
        return Text("；".join(reason.zh for reason in reasons), "; ".join(reason.en for reason in reasons))
    if record.state is State.READY:
        return Text("等待电子口岸卡签名", "the signing card")
    if record.state is State.SIGNED:
        return Text("等待发送", "the line to the customs side")
    if record.state is State.ACKNOWLEDGED and record.status is not None and rests(record.type, record.status):
        return Text("等待清单申报", "its inventory list to be declared")
    if record.state in (State.SENT, State.IN_DOUBT, State.ACKNOWLEDGED):
        return Text("等待海关或电子口岸答复", "an answer of customs or the e-port")
    is_hers = record.state in (State.REJECTED, State.HELD, State.REFUSED) and record.status != CANCELLED
    return Text("等待您处理", "you") if is_hers else None


def _events(
    transaction: Transaction,
    record: FoundRecord,
    drop: Drop,
    message: StoredMessage | None,
    attempts: Sequence[Submission],
    entered_by: str | None,
) -> Iterator[Event]:
    who = (
        _WE
        if entered_by is None
        else Text(f"本企业（录入：{entered_by}）", f"the enterprise (entered by {entered_by})")
    )
    yield Event(
        drop.received, who, Text(f"提交文件 {drop.name}", f"gave the file {drop.name}"), Text(drop.source, drop.source)
    )
    if record.state is State.REJECTED:
        yield Event(drop.received, _CEBD, Text("检查后没有申报", "checked it and did not declare it"))
    if message is not None:
        yield Event(
            message.created,
            _CEBD,
            Text("检查通过，组成报文", "checked it and made its message"),
            Text(message.cop_msg_id, message.cop_msg_id),
        )
        if message.state is MessageState.SIGNED and not attempts:
            yield Event("", _CEBD, Text("已签名", "signed it"))
    for attempt in attempts:
        yield Event(attempt.intent, _CEBD, *_attempt(attempt))
    received = {one.returned: one.received for one in received_statuses_of(transaction, [record.id]).get(record.id, [])}
    for returned in in_order(received):
        if is_notice(returned.status):
            text = Text(f"税单或通知 {returned.status}", f"tax bill or notice {returned.status}")
        else:
            entry = meaning_of(record.type, record.state, returned.status, returned.info)
            text = Text(f"{returned.status} {entry.zh}", f"{returned.status} {entry.en}")
        said = for_people(returned.info)
        yield Event(returned.time or received[returned], _CUSTOMS, text, Text(said, said) if said else None)


def _attempt(attempt: Submission) -> tuple[Text, Text | None]:
    detail = Text(attempt.detail, attempt.detail) if attempt.detail else None
    match attempt.outcome:
        case SubmissionOutcome.SENT:
            return Text("已发送", "sent it"), detail
        case SubmissionOutcome.FAILED:
            return Text("发送失败，自动重试", "could not send it, and tries again"), detail
        case SubmissionOutcome.IN_DOUBT:
            return Text("是否送达尚待确认", "is finding out whether it arrived"), detail
        case _:
            return Text("正在发送", "is sending it"), detail
