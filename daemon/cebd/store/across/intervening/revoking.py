"""A signer's token is revoked, or its certificate has ended: what is signed with it and has certainly not left is to be signed anew."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from sqlalchemy import func, select, update

from cebd.messages.schema import parse_xml
from cebd.messages.signatures import certificate_in
from cebd.problems.problem import Problem, problem
from cebd.records.states import MessageState, SignatureMode, SubmissionOutcome, SubmissionPhase
from cebd.store.across.intervening.reassigning import may_have_arrived
from cebd.store.messages import StoredMessage, touch
from cebd.store.tables import messages, submissions
from cebd.store.tokens import Recorded, revocation_of
from cebd.store.transaction import Transaction

_REVOKED = "its signature was revoked before it left"
ENDED = "its certificate ended before it left"


class TakenBack(NamedTuple):
    """How many messages are signed anew, and how many may have arrived and keep their bytes."""

    anew: int
    in_doubt: int


def take_back_signatures(transaction: Transaction, signer: str, now: str, why: str = _REVOKED) -> TakenBack:
    """Let messages of the signer that have certainly not left be signed anew. `now`: ISO 8601. `why`: of attempts that this ends.

    An attempt that is being written is over: whoever is at it is told so before the message can be seen (`transport/submit.py`).
    """
    by_it = (messages.c.signer == signer) & messages.c.sign.in_((SignatureMode.DETACHED, SignatureMode.EMBEDDED))
    signed = by_it & (messages.c.state == MessageState.SIGNED) & ~may_have_arrived()
    rows = transaction.execute(select(messages.c.id, messages.c.drop_id).where(signed)).all()
    for message_id, _ in rows:
        attempts = (submissions.c.message_id == message_id) & submissions.c.outcome.is_(None)
        begun = attempts & (submissions.c.phase == SubmissionPhase.WRITING)
        over = {"outcome": SubmissionOutcome.FAILED, "settled": now, "detail": why}
        transaction.execute(update(submissions).where(begun).values(**over))
        anew = update(messages).where(messages.c.id == message_id)
        transaction.execute(anew.values(state=MessageState.READY, signature=None, waiting=None))
    touch(transaction, sorted({drop_id for _, drop_id in rows}))
    unsent = by_it & messages.c.state.in_((MessageState.SIGNED, MessageState.IN_DOUBT)) & may_have_arrived()
    return TakenBack(
        len(rows), transaction.execute(select(func.count()).select_from(messages).where(unsent)).scalar_one()
    )


def why_kept_signature_is_refused(transaction: Transaction, sha256: str, value: str) -> Problem | None:
    """Why a message must not leave with the signature that it came with: the card of the certificate with this fingerprint was revoked."""
    revoked = revocation_of(transaction, sha256)
    if revoked is None:
        return None
    recorded = revoked.recorded
    return refused_signature(recorded.identity.number, recorded.since, recorded.reason, value)


def why_refused_as_it_came(transaction: Transaction, message: StoredMessage) -> Problem | None:
    """Likewise, of a message that was dropped with its signature; None for all others."""
    if message.signature_mode is not SignatureMode.KEPT:
        return None
    certificate = certificate_in(parse_xml(message.body, huge=True)) or b""
    return why_kept_signature_is_refused(transaction, hashlib.sha256(certificate).hexdigest(), message.cop_msg_id)


def refused_signature(number: str, since: str, reason: str, value: str) -> Problem:
    """`number`: of the revoked card's certificate; `since`: when it was, ISO 8601; `value`: the message."""
    return problem("CEBD-1535", value=value, number=number, date=since[:10], reason=reason)


def why_revoked(signer: str, recorded: Recorded, value: str) -> Problem:
    """What is said of whatever waits for it. `value`: the message or signer concerned."""
    return problem("CEBD-1527", value=value, signer=signer, date=recorded.since[:10], reason=recorded.reason)
