"""Submissions: one row for each attempt to hand a message over."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select

from cebd.records.ids import MessageId
from cebd.records.states import SubmissionOutcome, SubmissionPhase
from cebd.store.tables import submissions
from cebd.store.transaction import Transaction

MAY_HAVE_ARRIVED = and_(
    submissions.c.phase == SubmissionPhase.HANDING_OVER,
    or_(submissions.c.outcome.is_(None), submissions.c.outcome != SubmissionOutcome.FAILED),
)


def may_have_arrived_twice(transaction: Transaction, message_id: MessageId) -> bool:
    """Whether the message was handed over again while an earlier hand-over might have succeeded."""
    query = select(func.count()).where(submissions.c.message_id == message_id, MAY_HAVE_ARRIVED)
    return bool(transaction.execute(query).scalar_one() > 1)


def handed_over_once(transaction: Transaction, message_ids: Collection[MessageId]) -> set[MessageId]:
    """Those of these messages that were handed over a single time and without a doubt: it is certain when.

    An attempt that the receipts themselves settled is left out: after a restore it is dated when the doubt was noted.
    """
    query = select(submissions.c.message_id, submissions.c.outcome, submissions.c.detail).where(
        submissions.c.message_id.in_(sorted(message_ids)), MAY_HAVE_ARRIVED
    )
    attempts: dict[MessageId, list[bool]] = {}
    for message_id, outcome, detail in transaction.execute(query):
        certain = outcome in (None, SubmissionOutcome.SENT) and detail != "receipts came"
        attempts.setdefault(message_id, []).append(certain)
    return {message_id for message_id, certain in attempts.items() if certain == [True]}
