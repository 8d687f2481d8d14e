"""Messages that the other side signs, with its own card: they leave as they are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select, update

from cebd.records.ids import MessageId
from cebd.records.states import MessageState, SignatureMode, SubmissionOutcome
from cebd.store.messages import SIGNED_HERE, touch
from cebd.store.tables import messages, submissions
from cebd.store.transaction import Transaction

_MAY_HAVE_BEEN_SEEN = (
    select(submissions.c.id)
    .where(submissions.c.message_id == messages.c.id, submissions.c.outcome.is_distinct_from(SubmissionOutcome.FAILED))
    .exists()
)


def leave_unsigned(transaction: Transaction, message_ids: Sequence[MessageId]) -> None:
    """These messages, to be signed until now, go as they are: the other side signs."""
    by_client = case((messages.c.sign.in_(SIGNED_HERE), SignatureMode.CLIENT), else_=messages.c.sign)
    of = messages.c.id.in_(message_ids) & (messages.c.state == MessageState.READY)
    left = update(messages).where(of).values(state=MessageState.SIGNED, sign=by_client, waiting=None)
    touch(transaction, sorted(set(transaction.execute(left.returning(messages.c.drop_id)).scalars())))


def have_signed(transaction: Transaction, message_ids: Sequence[MessageId], signer: str) -> list[MessageId]:
    """These messages, that a client was to sign, are signed here after all; returns those that nobody can have seen unsigned."""
    of = messages.c.id.in_(message_ids) & (messages.c.state == MessageState.SIGNED)
    unseen = of & (messages.c.sign == SignatureMode.CLIENT) & ~_MAY_HAVE_BEEN_SEEN
    back = {"state": MessageState.READY, "sign": SignatureMode.EMBEDDED, "signer": signer}
    return list(transaction.execute(update(messages).where(unseen).values(**back).returning(messages.c.id)).scalars())
