"""Messages that were sent, to be sent once more with the same bytes, because a person says that the other side lost them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select, update

from cebd.records.ids import DropId, MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.store.across.intervening.holding import message_ids_of
from cebd.store.databases.migrations import note
from cebd.store.messages import touch
from cebd.store.submissions import MAY_HAVE_ARRIVED
from cebd.store.tables import drops, messages, records, submissions
from cebd.store.transaction import Transaction, batches

_of_message = records.alias("of_message")
_ANSWERED = exists().where(_of_message.c.message_id == messages.c.id, _of_message.c.status.is_not(None))


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was handed over. `answered`: customs or the e-port have said something of one of its records: it is not lost."""

    id: MessageId
    drop_id: DropId
    file: str
    type: str
    guid: str
    sent_at: str | None
    answered: bool


def sent_messages(transaction: Transaction, ref: str) -> list[SentMessage]:
    """Those of a file (number or name), order number, copNo or guid."""
    query = (
        select(
            messages.c.id,
            messages.c.drop_id,
            drops.c.name,
            messages.c.type,
            messages.c.guid,
            messages.c.sent_at,
            _ANSWERED.label("answered"),
        )
        .join(drops, drops.c.id == messages.c.drop_id)
        .where(messages.c.state == MessageState.SENT)
        .order_by(messages.c.id)
    )
    return [
        SentMessage(*row)
        for batch in batches(message_ids_of(transaction, ref))
        for row in transaction.execute(query.where(messages.c.id.in_(batch)))
    ]


def send_again(transaction: Transaction, sent: Sequence[SentMessage], by: str) -> int:
    """Let them be sent once more; returns how many: what was answered meanwhile stays. `by`: who wants it, and why.

    They are in doubt from now on, and what they are sent with is what they were sent with before. The daemon begins them at its next look.
    """
    again = [message for message in sent if not message.answered]
    of = messages.c.id.in_([message.id for message in again]) & (messages.c.state == MessageState.SENT) & ~_ANSWERED
    changed = update(messages).where(of).values(state=MessageState.IN_DOUBT, resent_by=by, waiting=None)
    drop_ids = list(transaction.execute(changed.returning(messages.c.drop_id)).scalars())
    guids = ", ".join(message.guid for message in again)
    note(transaction, "sent again", f"{guids}: {by}")
    touch(transaction, sorted(set(drop_ids)))
    return len(drop_ids)


@dataclass(frozen=True, slots=True)
class RepeatedMessage:
    """A message that was handed over more than once, and by whom it was wanted; None: after a hand-over of unknown outcome."""

    guid: str
    times: int
    by: str | None


def repeated_messages(transaction: Transaction, drop_id: DropId) -> list[RepeatedMessage]:
    """Those of a file, in their order."""
    query = (
        select(messages.c.guid, func.count(), messages.c.resent_by)
        .join(submissions, submissions.c.message_id == messages.c.id)
        .where(messages.c.drop_id == drop_id, MAY_HAVE_ARRIVED)
        .group_by(messages.c.id)
        .having(func.count() > 1)
        .order_by(messages.c.id)
    )
    return [RepeatedMessage(*row) for row in transaction.execute(query)]


def signed_by_client(transaction: Transaction, drop_id: DropId) -> int:
    """How many of a file's messages the other side signs."""
    query = select(func.count()).where(messages.c.drop_id == drop_id, messages.c.sign == SignatureMode.CLIENT)
    return int(transaction.execute(query.select_from(messages)).scalar_one())
