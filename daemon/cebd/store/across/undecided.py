"""Messages that wait for a person's decision.

`asked`: the restored store does not know whether they were declared. `held`: a person has held them, or what a list rests on did not reach
the e-port in time.

The station leaves them alone. They end in three ways, and a list that a person has released does not wait again:

| event | result |
| --- | --- |
| customs answer one of their records | sent: the answer is the proof |
| a person releases them | ready: declared under their guid; an answer that customs have them already is then no refusal |
| a person drops them | their records are rejected, and may be declared again in another file |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select, update

from cebd.messages.description import CEB
from cebd.messages.schema import flaws, parse_xml, stated
from cebd.problems.problem import problem, stored_text
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import parts_of
from cebd.records.states import UNSENT_RECORDS, MessageState, SignatureMode, State, SubmissionOutcome
from cebd.store.across.intervening.holding import HELD_BY_PERSON, Choice, chosen_messages
from cebd.store.databases.migrations import note
from cebd.store.messages import touch
from cebd.store.packing import unpack
from cebd.store.store import Store
from cebd.store.submissions import SETTLED_BY_RECEIPTS
from cebd.store.tables import drops, messages, records, submissions
from cebd.store.transaction import Transaction, batches

ALL = Choice()
_UNDECIDED = (MessageState.ASKED, MessageState.HELD)
_IS_ASKED = messages.c.state == MessageState.ASKED
_WAITS_FOR_A_PERSON = messages.c.state.in_(_UNDECIDED)


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


def undecided_records(transaction: Transaction, choice: Choice = ALL) -> list[UndecidedRecord]:
    """Every record that waits for a decision, or those of a choice; of a record all those in its message, too."""
    query = (
        select(records, drops.c.name.label("file"), messages.c.guid.label("message_guid"))
        .join(messages, messages.c.id == records.c.message_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .where(_WAITS_FOR_A_PERSON)
        .order_by(records.c.id)
    )
    if choice:
        ids = [message.id for message in chosen_messages(transaction, choice) if message.state in _UNDECIDED]
        rows = [row for ids_ in batches(ids) for row in transaction.execute(query.where(messages.c.id.in_(ids_)))]
    else:
        rows = list(transaction.execute(query))
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
        for row in rows
    ]


def release(transaction: Transaction, undecided: Sequence[UndecidedRecord], reason: str) -> int:
    """Let their messages be declared; returns the number of messages. The daemon begins them at its next look.

    Raises CannotRelease, and changes nothing, if a message differs from its earlier form.
    """
    by_message = {record.message_id: record for record in undecided}
    held = _held_among(transaction, by_message)
    for record in by_message.values():
        if record.message_id not in held:
            _require_whole(transaction, record)
    for message_id, is_by_person in sorted(held.items()):  # signed anew: its card may have been revoked meanwhile
        ready = {"state": MessageState.READY, "signature": None, "waiting": None}
        # What it waited for has not come; what a person has held still waits for what it rests on.
        let_go = {} if is_by_person else {"let_go": reason}
        transaction.execute(update(messages).where(messages.c.id == message_id).values(**ready, **let_go))
    for message_id in sorted(by_message.keys() - held.keys()):
        message = update(messages).where(messages.c.id == message_id, _IS_ASKED)
        transaction.execute(message.values(state=MessageState.READY, waiting=None))
        moved = update(records).where(records.c.message_id == message_id, records.c.state == State.IN_DOUBT)
        transaction.execute(moved.values(state=State.READY))
    return _note_decision(transaction, undecided, "released", reason)


def _held_among(transaction: Transaction, message_ids: Collection[MessageId]) -> dict[MessageId, bool]:
    """Those that are held; of each whether a person has done it."""
    held: dict[MessageId, bool] = {}
    for batch in batches(list(message_ids)):
        query = select(messages.c.id, messages.c.waiting.contains(f'"{HELD_BY_PERSON}"')).where(
            messages.c.id.in_(batch), messages.c.state == MessageState.HELD
        )
        held |= {MessageId(number): bool(is_by_person) for number, is_by_person in transaction.execute(query)}
    return held


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
        _reactivate_replaced(transaction, message_id)
        rejected = {"state": State.REJECTED, "active": False, "message_id": None, "problems": problems}
        transaction.execute(update(records).where(records.c.message_id == message_id).values(**rejected))
        transaction.execute(delete(submissions).where(submissions.c.message_id == message_id))
        transaction.execute(delete(messages).where(messages.c.id == message_id, _WAITS_FOR_A_PERSON))
    return _note_decision(transaction, undecided, "dropped", reason)


def _reactivate_replaced(transaction: Transaction, message_id: MessageId) -> None:
    """What they would have changed stands as it was declared: without an active record, the next file would declare it a second time."""
    earlier = records.alias()
    same = [earlier.c[name] == records.c[name] for name in ("enterprise", "type", "key")]
    replaced = (
        select(records.c.id, func.max(earlier.c.id))
        .join(earlier, and_(*same, earlier.c.id < records.c.id, earlier.c.message_id.is_not(None)))
        .where(records.c.message_id == message_id, records.c.active, earlier.c.message_id != message_id)
        .group_by(records.c.id)
    )
    for record_id, earlier_id in transaction.execute(replaced).all():
        transaction.execute(update(records).where(records.c.id == record_id).values(active=False))
        transaction.execute(update(records).where(records.c.id == earlier_id).values(active=True))


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
