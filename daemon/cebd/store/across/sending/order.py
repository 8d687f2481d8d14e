"""What a message has to wait for before it may be sent: the documents that its lists name, its original, a channel's first answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from cebd.customs.book_files import PLATFORM
from cebd.problems.problem import Problem
from cebd.records.ids import MessageId
from cebd.records.states import MessageState, State, SubmissionOutcome
from cebd.store.messages import set_waiting
from cebd.store.submissions import MAY_HAVE_ARRIVED
from cebd.store.tables import messages, records, submissions
from cebd.store.transaction import Transaction, batches

WAITS_FOR_FIRST, WAITS_FOR_DOCUMENTS, WAITS_FOR_ORIGINAL = WAITS_FOR_TURN = ("CEBD-1642", "CEBD-1643", "CEBD-1645")
HELD = "CEBD-1644"
"""The problems of messages that wait for their turn, and of a list that waited too long: in the operator's words."""

_DELETES = "3"
# Where a list names what it rests on, and where that keeps the number.
_RESTS_ON = (
    ("CEB311", records.c.order_no, records.c.order_no),
    ("CEB411", records.c.order_no, records.c.order_no),
    ("CEB511", records.c.waybill_no, records.c.key),
)
_EARLIER = records.alias("earlier")


class MissingDocument(NamedTuple):
    """A document declared here that the e-port does not have yet. `sent_at`: when it left (ISO 8601); None: it is still here."""

    type: str
    number: str
    sent_at: str | None


def is_let_go(transaction: Transaction, message_id: MessageId) -> bool:
    """Whether a person has let the message go without what it waited for."""
    return bool(transaction.execute(select(messages.c.let_go).where(messages.c.id == message_id)).scalar())


def missing_documents(transaction: Transaction, message_id: MessageId) -> list[MissingDocument]:
    """The orders, payments and waybills of the lists in a message that were declared here and are not with the e-port. Of another message
    than one of lists nothing is to be asked."""
    return list(_missing(transaction, message_id))


def _missing(transaction: Transaction, message_id: MessageId) -> Iterator[MissingDocument]:
    # The type is the message's. Named here, it has SQLite read all lists there are by an index of their keys.
    of_message = and_(records.c.message_id == message_id, records.c.app_type.is_distinct_from(_DELETES))
    for type_, named_as, kept_as in _RESTS_ON:
        numbers = [number for number in transaction.execute(select(named_as).where(of_message)).scalars() if number]
        for batch in batches(sorted(set(numbers))):
            query = (
                select(kept_as, records.c.state, records.c.status, messages.c.sent_at)
                .outerjoin(messages, messages.c.id == records.c.message_id)
                .where(records.c.type == type_, kept_as.in_(batch), records.c.active)
            )
            for number, state, status, sent_at in transaction.execute(query):
                if not _is_with_the_eport(state, status):
                    yield MissingDocument(type_, number, sent_at)


def _is_with_the_eport(state: str, status: str | None) -> bool:
    """What the exchange platform says of an envelope is no word of the e-port about the record."""
    arrived = state in (State.ACKNOWLEDGED, State.SUCCEEDED)
    return arrived and status is not None and not status.startswith(PLATFORM)


def unanswered_originals(transaction: Transaction, message_id: MessageId) -> list[str]:
    """The keys of the message's records that were declared before, in another message, and have no answer yet."""
    same_key = [_EARLIER.c[name] == records.c[name] for name in ("enterprise", "type", "key")]
    query = (
        select(records.c.key)
        .join(_EARLIER, and_(*same_key, _EARLIER.c.id < records.c.id))
        .where(
            records.c.message_id == message_id,
            _EARLIER.c.message_id != message_id,
            _EARLIER.c.state.in_((State.READY, State.SENT)),
            _EARLIER.c.status.is_(None),
        )
        .order_by(records.c.id)
    )
    return list(dict.fromkeys(transaction.execute(query).scalars()))


def is_answered_for(transaction: Transaction, channel: str, type_: str) -> bool:
    """Whether the e-port or customs have answered a message of that type that went by that channel."""
    answered = records.c.status.is_not(None) & records.c.status.not_like(f"{PLATFORM}%")
    query = (
        select(records.c.id)
        .join(messages, messages.c.id == records.c.message_id)
        .where(_of(channel, type_), answered, _may_have_arrived())
    )
    return transaction.execute(query.limit(1)).first() is not None


def is_another_out(transaction: Transaction, channel: str, type_: str, message_id: MessageId) -> bool:
    """Whether another message of that type may have gone by that channel and nothing at all was said of it."""
    said = exists().where(records.c.message_id == messages.c.id, records.c.status.is_not(None))
    query = select(messages.c.id).where(_of(channel, type_), messages.c.id != message_id, _may_have_arrived(), ~said)
    return transaction.execute(query.limit(1)).first() is not None


def _of(channel: str, type_: str) -> ColumnElement[bool]:
    return and_(messages.c.channel == channel, messages.c.type == type_)


def _may_have_arrived() -> ColumnElement[bool]:
    return exists().where(submissions.c.message_id == messages.c.id, MAY_HAVE_ARRIVED)


def hold(transaction: Transaction, message_id: MessageId, why: Problem) -> bool:
    """Keep the message until a person decides; False: it is not to be sent any more, or may have arrived."""
    of = and_(messages.c.id == message_id, messages.c.state == MessageState.SIGNED, ~_may_have_arrived())
    held = transaction.execute(update(messages).where(of).values(state=MessageState.HELD)).rowcount == 1
    if held:
        set_waiting(transaction, message_id, why)
    return held


# Where one channel has certainly failed, another takes over


def not_delivered(
    transaction: Transaction, channel: str, enterprise: str, failed_before: str, of_channel: tuple[str, ...]
) -> list[MessageId]:
    """The enterprise's messages that this channel certainly did not deliver: tried in vain before that time (ISO 8601), and those that
    wait behind them untried, for a problem of the channel itself (`of_channel`).
    """
    own = and_(
        messages.c.channel == channel, messages.c.enterprise == enterprise, messages.c.state == MessageState.SIGNED
    )
    attempts = submissions.c.message_id == messages.c.id
    tried = exists().where(
        attempts, submissions.c.outcome == SubmissionOutcome.FAILED, submissions.c.settled <= failed_before
    )
    in_vain = list(transaction.execute(select(messages.c.id).where(own, tried, _WAITS, ~_OPEN)).scalars())
    if not in_vain:
        return []
    behind = and_(own, or_(*(messages.c.waiting.contains(f'"{id_}"') for id_ in of_channel)), ~exists().where(attempts))
    return in_vain + list(transaction.execute(select(messages.c.id).where(behind)).scalars())


def give_to_channel(transaction: Transaction, message_ids: list[MessageId], channel: str) -> list[MessageId]:
    """Let these go by another channel; returns those of which no attempt is open or may have arrived: the others stay."""
    moved = list[MessageId]()
    for batch in batches(message_ids):
        of = and_(messages.c.id.in_(batch), messages.c.state == MessageState.SIGNED, ~_OPEN)
        given = update(messages).where(of).values(channel=channel, waiting=None).returning(messages.c.id)
        moved += transaction.execute(given).scalars()
    return moved


_WAITS = messages.c.waiting.is_not(None)
_OPEN = exists().where(
    submissions.c.message_id == messages.c.id, submissions.c.outcome.is_distinct_from(SubmissionOutcome.FAILED)
)


__all__ = [
    "HELD",
    "WAITS_FOR_DOCUMENTS",
    "WAITS_FOR_FIRST",
    "WAITS_FOR_ORIGINAL",
    "WAITS_FOR_TURN",
    "MissingDocument",
    "give_to_channel",
    "hold",
    "is_another_out",
    "is_answered_for",
    "is_let_go",
    "missing_documents",
    "not_delivered",
    "unanswered_originals",
]
