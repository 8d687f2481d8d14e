"""A signer's token is revoked: what is signed with it and has certainly not left is to be signed anew, by the next token."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select, update

from cebd.problems.problem import Problem, problem
from cebd.records.states import MessageState, SignatureMode, SubmissionOutcome, SubmissionPhase
from cebd.store.across.reassigning import may_have_arrived
from cebd.store.messages import touch
from cebd.store.tables import messages, submissions
from cebd.store.tokens import Recorded
from cebd.store.transaction import Transaction

_DETAIL = "its signature was revoked before it left"


class TakenBack(NamedTuple):
    """How many messages are signed anew, and how many may have arrived and keep their bytes."""

    anew: int
    in_doubt: int


def take_back_signatures(transaction: Transaction, signer: str, now: str) -> TakenBack:
    """Let messages of the signer that have certainly not left be signed anew. `now`: ISO 8601.

    An attempt that is being written is over: whoever is at it is told so before the message can be seen (`transport/submit.py`).
    """
    by_it = (messages.c.signer == signer) & messages.c.sign.in_((SignatureMode.DETACHED, SignatureMode.EMBEDDED))
    signed = by_it & (messages.c.state == MessageState.SIGNED) & ~may_have_arrived()
    rows = transaction.execute(select(messages.c.id, messages.c.drop_id).where(signed)).all()
    for message_id, _ in rows:
        attempts = (submissions.c.message_id == message_id) & submissions.c.outcome.is_(None)
        begun = attempts & (submissions.c.phase == SubmissionPhase.WRITING)
        over = {"outcome": SubmissionOutcome.FAILED, "settled": now, "detail": _DETAIL}
        transaction.execute(update(submissions).where(begun).values(**over))
        anew = update(messages).where(messages.c.id == message_id)
        transaction.execute(anew.values(state=MessageState.READY, signature=None, waiting=None))
    touch(transaction, sorted({drop_id for _, drop_id in rows}))
    unsent = by_it & messages.c.state.in_((MessageState.SIGNED, MessageState.IN_DOUBT)) & may_have_arrived()
    return TakenBack(
        len(rows), transaction.execute(select(func.count()).select_from(messages).where(unsent)).scalar_one()
    )


def why_revoked(signer: str, recorded: Recorded, value: str) -> Problem:
    """What is said of whatever waits for it. `value`: the message or signer concerned."""
    return problem("CEBD-1527", value=value, signer=signer, date=recorded.since[:10], reason=recorded.reason)
