"""Messages that wait for a person's decision: the restored store does not know whether they were declared.

Their state is `asked`; the station leaves them alone. They end in three ways:

| event | result |
| --- | --- |
| customs answer one of their records | sent: the answer is the proof |
| a person releases them | ready: declared under their guid; an answer that customs have them already is then no refusal |
| a person drops them | their records are rejected, and may be declared again in another file |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update

from cebd.messages.description import CEB
from cebd.messages.schema import flaws, parse_xml, stated
from cebd.problems.problem import problem, stored_text
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import KEY_SEPARATOR, parts_of
from cebd.records.states import UNSENT_RECORDS, MessageState, SignatureMode, State, SubmissionOutcome
from cebd.store.messages import touch
from cebd.store.migrations import note
from cebd.store.packing import unpack
from cebd.store.store import Store
from cebd.store.submissions import SETTLED_BY_RECEIPTS
from cebd.store.tables import drops, messages, records, submissions
from cebd.store.transaction import Transaction

_IS_ASKED = messages.c.state == MessageState.ASKED


class CannotRelease(Exception):
    """A message cannot be declared in its earlier form; `zh` and `en` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} {en}")


@dataclass(frozen=True)
class UndecidedRecord:
    """A record in doubt about which a person decides. `key`: the parts of its business key; `sheet`, `row`: where it stands in `file`."""

    record_id: RecordId
    message_id: MessageId
    drop_id: DropId
    enterprise: str
    file: str
    sheet: str | None
    row: int | None
    type: str
    key: tuple[str, ...]
    guid: str
    message_guid: str


def undecided_records(transaction: Transaction, ref: str | None = None) -> list[UndecidedRecord]:
    """Every record that waits for a decision. `ref`: only those of a file (number or name), order number, copNo or guid."""
    query = (
        select(records, drops.c.name.label("file"), messages.c.guid.label("message_guid"))
        .join(messages, messages.c.id == records.c.message_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .where(_IS_ASKED)
        .order_by(records.c.id)
    )
    if ref is not None:
        spread = KEY_SEPARATOR + records.c.key + KEY_SEPARATOR
        named = [
            drops.c.name == ref,
            records.c.guid == ref.upper(),
            messages.c.guid == ref.upper(),
            spread.contains(KEY_SEPARATOR + ref + KEY_SEPARATOR, autoescape=True),
        ]
        if ref.isdigit() and len(ref) < 10:
            named.append(drops.c.id == int(ref))
        of_ref = select(messages.c.id).join(records, records.c.message_id == messages.c.id)
        query = query.where(messages.c.id.in_(of_ref.join(drops, drops.c.id == records.c.drop_id).where(or_(*named))))
    return [
        UndecidedRecord(
            record_id=row.id,
            message_id=row.message_id,
            drop_id=row.drop_id,
            enterprise=row.enterprise,
            file=row.file,
            sheet=row.sheet,
            row=row.row,
            type=row.type,
            key=tuple(parts_of(row.key)),
            guid=row.guid,
            message_guid=row.message_guid,
        )
        for row in transaction.execute(query)
    ]


def release(transaction: Transaction, undecided: Sequence[UndecidedRecord], reason: str) -> int:
    """Let their messages be declared; returns the number of messages. The daemon begins them at its next look.

    Raises CannotRelease, and changes nothing, if a message differs from its earlier form.
    """
    by_message = {record.message_id: record for record in undecided}
    for record in by_message.values():
        _require_whole(transaction, record)
    for message_id in sorted(by_message):
        message = update(messages).where(messages.c.id == message_id, _IS_ASKED)
        transaction.execute(message.values(state=MessageState.READY, waiting=None))
        moved = update(records).where(records.c.message_id == message_id, records.c.state == State.IN_DOUBT)
        transaction.execute(moved.values(state=State.READY))
    return _note_decision(transaction, undecided, "released", reason)


def _require_whole(transaction: Transaction, record: UndecidedRecord) -> None:
    """Each record of the message is in its body, and the body is valid: it was put together from a file read again, after a restore."""
    query = select(messages.c.body).where(messages.c.id == record.message_id)
    root = parse_xml(unpack(transaction.execute(query).scalar_one()), huge=True)
    in_body = {stated(element) for element in root.iter(f"{{{CEB}}}guid")}
    of_message = select(records.c.guid).where(records.c.message_id == record.message_id)
    missing = set(transaction.execute(of_message).scalars()) - in_body
    wrong = flaws(root, unsigned=True)
    if missing or wrong:
        zh = f"有 {len(missing)} 行无法重新读出" if missing else wrong[0].reason
        en = f"{len(missing)} of its rows could not be read again" if missing else wrong[0].reason
        file, guid = record.file, record.message_guid
        raise CannotRelease(
            f"{file}：报文 {guid} 不能照原样申报（{zh}）：请放弃它（cebd queue drop），改用新文件申报。",
            f"{file}: the message {guid} cannot be declared as it was ({en}): drop it, declare it in a new file",
        )


def give_up(transaction: Transaction, undecided: Sequence[UndecidedRecord], reason: str) -> int:
    """Declare them never; returns how many messages. Their keys are free again."""
    problems = stored_text([problem("CEBD-2121")])
    for message_id in sorted({record.message_id for record in undecided}):
        rejected = {"state": State.REJECTED, "active": False, "message_id": None, "problems": problems}
        transaction.execute(update(records).where(records.c.message_id == message_id).values(**rejected))
        transaction.execute(delete(submissions).where(submissions.c.message_id == message_id))
        transaction.execute(delete(messages).where(messages.c.id == message_id, _IS_ASKED))
    return _note_decision(transaction, undecided, "dropped", reason)


def _note_decision(transaction: Transaction, undecided: Sequence[UndecidedRecord], event: str, reason: str) -> int:
    guids = sorted({record.message_guid for record in undecided})
    note(transaction, event, f"{len(undecided)} records of the messages {', '.join(guids)}: {reason}")
    touch(transaction, sorted({record.drop_id for record in undecided}))
    return len(guids)


def settle_answered(store: Store, now: str) -> int:
    """Mark undecided messages as sent if customs have answered them meanwhile; returns their number. `now`: ISO 8601."""
    answered = (
        select(messages.c.id)
        .join(records, records.c.message_id == messages.c.id)
        .where(_IS_ASKED, records.c.status.is_not(None))
        .distinct()
    )
    with store.read() as transaction:
        message_ids = list(transaction.execute(answered).scalars())
    if message_ids:
        with store.write() as transaction:
            mark_handed_over(transaction, message_ids, SETTLED_BY_RECEIPTS, now)
    return len(message_ids)


def mark_handed_over(transaction: Transaction, message_ids: Sequence[MessageId], detail: str, now: str) -> None:
    """Mark these messages as sent, in whatever state they are; `detail` is the evidence. `now`: ISO 8601.

    A signature that only the lost store had is not needed.
    """
    of = messages.c.id.in_(message_ids)
    unsigned = of & messages.c.signature.is_(None) & (messages.c.sign == SignatureMode.DETACHED)
    transaction.execute(update(messages).where(unsigned).values(sign=SignatureMode.RESTORED))
    transaction.execute(update(messages).where(of).values(state=MessageState.SENT, sent_at=now, waiting=None))
    is_open = submissions.c.outcome.is_(None) | (submissions.c.outcome == SubmissionOutcome.IN_DOUBT)
    settled = {"outcome": SubmissionOutcome.SENT, "settled": now, "detail": detail}
    for message_id in message_ids:  # an attempt arrived: take the last attempt that may have arrived
        last = select(submissions.c.id).where(submissions.c.message_id == message_id, is_open)
        attempt = transaction.execute(last.order_by(submissions.c.id.desc()).limit(1)).scalar()
        transaction.execute(update(submissions).where(submissions.c.id == attempt).values(**settled))
    moved = update(records).where(records.c.message_id.in_(message_ids), records.c.state.in_(UNSENT_RECORDS))
    transaction.execute(moved.values(state=State.SENT))
