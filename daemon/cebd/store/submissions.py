"""Submissions: each attempt to hand a message over has a row, from before the first byte leaves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from cebd.messages.envelope import EnvelopeForm
from cebd.records.ids import MessageId, SubmissionId
from cebd.records.states import MessageState, SubmissionOutcome, SubmissionPhase
from cebd.store.tables import messages, submissions
from cebd.store.transaction import Transaction, batches

MAY_HAVE_ARRIVED = and_(
    submissions.c.phase == SubmissionPhase.HANDING_OVER,
    or_(submissions.c.outcome.is_(None), submissions.c.outcome != SubmissionOutcome.FAILED),
)

_HAND_OVERS = select(submissions.c.message_id, submissions.c.outcome, submissions.c.detail).where(
    submissions.c.message_id.in_(bindparam("of", expanding=True)), MAY_HAVE_ARRIVED
)

SETTLED_BY_RECEIPTS = "receipts came"  # in `detail`: the answer of customs proves that the message arrived


@dataclass(frozen=True, slots=True)
class Submission:
    """An attempt. `name`: the file's name at the other side; `intent`, `settled`: ISO 8601; `detail`: the evidence of the outcome.

    `envelope`: the form of the bytes that it hands over.
    `outcome` is None as long as it is unknown: the attempt is under way, or was interrupted.
    """

    id: SubmissionId
    message_id: MessageId
    name: str
    phase: SubmissionPhase
    intent: str
    outcome: SubmissionOutcome | None
    settled: str | None
    detail: str | None
    channel: str | None
    envelope: EnvelopeForm

    @property
    def is_open(self) -> bool:
        """Whether its outcome is unknown."""
        return self.outcome in (None, SubmissionOutcome.IN_DOUBT)

    @property
    def may_have_arrived(self) -> bool:
        """Whether the other side has it by this attempt, or may have."""
        return self.phase is SubmissionPhase.HANDING_OVER and self.outcome is not SubmissionOutcome.FAILED

    @property
    def is_in_doubt(self) -> bool:
        """Whether the other side may have the message by this attempt, and nobody knows."""
        return self.is_open and self.phase is SubmissionPhase.HANDING_OVER


def submissions_of(transaction: Transaction, message_id: MessageId) -> list[Submission]:
    """The attempts at a message, in their order."""
    query = select(submissions).where(submissions.c.message_id == message_id).order_by(submissions.c.id)
    return [
        Submission(
            id=SubmissionId(row.id),
            message_id=MessageId(row.message_id),
            name=row.name,
            phase=SubmissionPhase(row.phase),
            intent=row.intent,
            outcome=None if row.outcome is None else SubmissionOutcome(row.outcome),
            settled=row.settled,
            detail=row.detail,
            channel=row.channel,
            envelope=EnvelopeForm.from_text(row.envelope),
        )
        for row in transaction.execute(query)
    ]


def may_have_arrived(transaction: Transaction, message_id: MessageId) -> bool:
    """Whether the other side has the message by any attempt, or may have."""
    return any(attempt.may_have_arrived for attempt in submissions_of(transaction, message_id))


def messages_in_doubt(transaction: Transaction, channel: str) -> list[MessageId]:
    """The channel's messages that may have arrived and nobody knows, the oldest first."""
    doubtful = select(submissions.c.message_id).where(
        submissions.c.phase == SubmissionPhase.HANDING_OVER,
        or_(submissions.c.outcome.is_(None), submissions.c.outcome == SubmissionOutcome.IN_DOUBT),
    )
    under_way = messages.c.state.in_((MessageState.SIGNED, MessageState.IN_DOUBT))
    query = select(messages.c.id).where(messages.c.channel == channel, under_way, messages.c.id.in_(doubtful))
    return [MessageId(number) for number in transaction.execute(query.order_by(messages.c.id)).scalars()]


class HandOvers(NamedTuple):
    """The hand-overs of a message that may have succeeded. `once`: it was a single one, and without a doubt, so that its time is certain;
    `twice`: it was handed over again while an earlier hand-over might have succeeded.
    """

    once: bool
    twice: bool


def hand_overs_of(transaction: Transaction, message_ids: Collection[MessageId]) -> dict[MessageId, HandOvers]:
    """The hand-overs of each of these messages; a message that was never handed over is left out.

    An attempt that the receipts themselves settled is not certain: after a restore it is dated when the doubt was noted.
    """
    attempts: dict[MessageId, list[bool]] = {}
    for batch in batches(sorted(message_ids)):
        for message_id, outcome, detail in transaction.execute(_HAND_OVERS, {"of": batch}):
            certain = outcome in (None, SubmissionOutcome.SENT) and detail != SETTLED_BY_RECEIPTS
            attempts.setdefault(message_id, []).append(certain)
    return {message_id: HandOvers(certain == [True], len(certain) > 1) for message_id, certain in attempts.items()}


def add_submission(
    transaction: Transaction,
    message_id: MessageId,
    name: str,
    intent: str,
    *,
    phase: SubmissionPhase = SubmissionPhase.WRITING,
    outcome: SubmissionOutcome | None = None,
    settled: str | None = None,
    detail: str | None = None,
    channel: str | None = None,
    envelope: EnvelopeForm | None = None,
) -> SubmissionId:
    """The intent to hand the message over; with the others, an attempt that was made already. Times are ISO 8601."""
    added = insert(submissions).values(
        message_id=message_id,
        name=name,
        intent=intent,
        phase=phase,
        outcome=outcome,
        settled=settled,
        detail=detail,
        channel=channel,
        envelope=None if envelope is None else envelope.as_text(),
    )
    return SubmissionId(transaction.execute(added.returning(submissions.c.id)).scalar_one())


def note_handing_over(transaction: Transaction, submission_id: SubmissionId) -> bool:
    """From now on the other side may have it. False: the attempt is over already, and the message is not to be shown."""
    return transaction.execute(_HANDING_OVER, {"of": submission_id}).rowcount == 1


def withdraw_intents(transaction: Transaction, submission_ids: Collection[SubmissionId]) -> None:
    """These attempts were not begun: no byte has left."""
    transaction.execute(
        delete(submissions).where(
            submissions.c.id.in_(list(submission_ids)), submissions.c.phase == SubmissionPhase.WRITING
        )
    )


def settle_submission(
    transaction: Transaction, submission_id: SubmissionId, outcome: SubmissionOutcome, detail: str | None, now: str
) -> None:
    """Record the outcome of the attempt and its evidence. `now`: ISO 8601."""
    transaction.execute(_SETTLE, {"of": submission_id, "outcome": outcome, "settled": now, "detail": detail})


# Built once: these run for every message.
_ATTEMPT = update(submissions).where(submissions.c.id == bindparam("of"))
_HANDING_OVER = _ATTEMPT.where(submissions.c.outcome.is_(None)).values(phase=SubmissionPhase.HANDING_OVER)
_SETTLE = _ATTEMPT.values(outcome=bindparam("outcome"), settled=bindparam("settled"), detail=bindparam("detail"))


__all__ = [
    "MAY_HAVE_ARRIVED",
    "SETTLED_BY_RECEIPTS",
    "HandOvers",
    "Submission",
    "add_submission",
    "hand_overs_of",
    "may_have_arrived",
    "messages_in_doubt",
    "note_handing_over",
    "settle_submission",
    "submissions_of",
    "withdraw_intents",
]
