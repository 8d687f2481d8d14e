"""Giving work another enterprise, signer or channel: the work of the old name, and the change (`cebd.operations.reassign`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from cebd.records.ids import MessageId
from cebd.records.states import UNSENT_MESSAGES, MessageState, SubmissionOutcome, SubmissionPhase
from cebd.store.drops import Drop, drop_of
from cebd.store.tables import drops, messages, receipts, records, submissions
from cebd.store.transaction import Transaction


class UnfinishedMessage(NamedTuple):
    """A message that a signer or channel has not done yet. `may_have_arrived`: the other side may have it."""

    id: MessageId
    may_have_arrived: bool


# The work of a name


def unsigned_by(transaction: Transaction, signer: str) -> list[UnfinishedMessage]:
    """The messages that the signer has not signed, in the order of their ids."""
    return _unfinished(transaction, (messages.c.signer == signer) & (messages.c.state == MessageState.READY))


def unsent_by(transaction: Transaction, channel: str) -> list[UnfinishedMessage]:
    """The messages that the channel has certainly not sent, in the order of their ids."""
    return _unfinished(transaction, (messages.c.channel == channel) & messages.c.state.in_(UNSENT_MESSAGES))


def drops_of_enterprise(transaction: Transaction, enterprise: str) -> list[Drop]:
    """Everything that was ever taken from the enterprise, in the order of the numbers."""
    query = select(drops).where(drops.c.enterprise == enterprise).order_by(drops.c.id)
    return [drop_of(row) for row in transaction.execute(query).mappings()]


def messages_of_enterprise(transaction: Transaction, enterprise: str) -> list[MessageId]:
    """The numbers of all its messages."""
    return list(transaction.execute(select(messages.c.id).where(messages.c.enterprise == enterprise)).scalars())


def count_records_of_enterprise(transaction: Transaction, enterprise: str) -> int:
    """How many records it has."""
    return int(transaction.execute(select(func.count()).where(records.c.enterprise == enterprise)).scalar_one())


def senders_of_unsent(transaction: Transaction, enterprise: str) -> list[str]:
    """The DXP ids in the envelopes of its messages that are not sent, each once."""
    unsent = (messages.c.enterprise == enterprise) & (messages.c.state != MessageState.SENT)
    return list(transaction.execute(select(messages.c.sender).where(unsent).distinct()).scalars())


def keys_of_both(transaction: Transaction, enterprise: str, other: str, limit: int) -> list[str]:
    """Business keys, as the store joins them, of which both enterprises have an active record; at most `limit`."""
    theirs = records.alias()
    same = and_(
        theirs.c.type == records.c.type, theirs.c.key == records.c.key, theirs.c.enterprise == other, theirs.c.active
    )
    query = select(records.c.key).join(theirs, same).where(records.c.enterprise == enterprise, records.c.active)
    return list(transaction.execute(query.limit(limit)).scalars())


def _unfinished(transaction: Transaction, where: ColumnElement[bool]) -> list[UnfinishedMessage]:
    query = select(messages.c.id, may_have_arrived()).where(where).order_by(messages.c.id)
    return [UnfinishedMessage(MessageId(number), bool(doubt)) for number, doubt in transaction.execute(query)]


def may_have_arrived() -> ColumnElement[bool]:
    """Whether the other side may have a message. After a kill during its hand-over, a message is still `signed`."""
    attempt = select(submissions.c.id).where(
        submissions.c.message_id == messages.c.id,
        submissions.c.phase == SubmissionPhase.HANDING_OVER,
        submissions.c.outcome.is_(None) | (submissions.c.outcome == SubmissionOutcome.IN_DOUBT),
    )
    return or_(messages.c.state == MessageState.IN_DOUBT, attempt.exists())


# The change


def give_to(
    transaction: Transaction, part: Literal["signer", "channel"], message_ids: Iterable[MessageId], name: str
) -> None:
    """These messages are that signer's to sign, or that channel's to send."""
    for message_id in message_ids:
        transaction.execute(update(messages).where(messages.c.id == message_id).values({messages.c[part]: name}))


def rename_enterprise(transaction: Transaction, old: str, new: str) -> None:
    """Drops, messages, records and receipts of the old enterprise belong to the new enterprise from now on."""
    _free_stems(transaction, old, new)
    for table in (drops, messages, records):
        transaction.execute(update(table).where(table.c.enterprise == old).values(enterprise=new))
    _rename_in_receipts(transaction, old, new)


def _free_stems(transaction: Transaction, old: str, new: str) -> None:
    """Both enterprises share an outbox from now on: receipts with the same name get a number."""
    query = select(drops.c.id, drops.c.enterprise, drops.c.stem).where(drops.c.enterprise.in_((old, new)))
    rows = list(transaction.execute(query))
    taken = {row.stem for row in rows if row.enterprise == new}
    for row in rows:
        if row.enterprise != old:
            continue
        stem, number = row.stem, 2
        while stem in taken:
            stem, number = f"{row.stem}-{number}", number + 1
        taken.add(stem)
        if stem != row.stem:
            changed = {"stem": stem, "changed": drops.c.changed + 1}
            transaction.execute(update(drops).where(drops.c.id == row.id).values(changed))


def _rename_in_receipts(transaction: Transaction, old: str, new: str) -> None:
    for column in (receipts.c.enterprises, receipts.c.owed):
        query = select(receipts.c.id, column).where(column.contains(json.dumps(old, ensure_ascii=False)))
        for receipt_id, names in transaction.execute(query).all():
            renamed = dict.fromkeys(new if name == old else name for name in json.loads(names))
            text = json.dumps(list(renamed), ensure_ascii=False)
            transaction.execute(update(receipts).where(receipts.c.id == receipt_id).values({column: text}))
