"""A person keeps messages back before they leave, or wants them tried at once.

| message | kept back |
| --- | --- |
| composed, or signed and not being sent | held: nothing of it leaves until a person releases it |
| being written, not visible to the other side | held: the attempt is over, which `transport/submit.py` asks before it shows anything |
| handed over, or perhaps handed over | never: the other side may have it, and only its answer ends that |
| of a file that is not put away yet | not now: its messages are taken back by themselves if the file has changed (`cebd.intake.changed`) |

Each change is one transaction with its line in the journal: killed before it nothing has changed, after it all has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, select, update

from cebd.problems.problem import problem
from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropState, MessageState, SubmissionOutcome, SubmissionPhase
from cebd.store.across.finding.references import find
from cebd.store.across.intervening.reassigning import may_have_arrived
from cebd.store.databases.database import insert_if_new
from cebd.store.databases.migrations import note
from cebd.store.messages import set_waiting
from cebd.store.tables import drops, messages, records, retries, submissions
from cebd.store.transaction import Transaction, batches

HELD_BY_PERSON = "CEBD-1648"
_GUIDS_IN_A_LINE = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """Which messages a person means: those of a file, number or guid, and of an enterprise, signer or channel; or these. None: any."""

    ref: str | None = None
    enterprise: str | None = None
    signer: str | None = None
    channel: str | None = None
    message_ids: tuple[MessageId, ...] | None = None

    def __bool__(self) -> bool:
        return self.message_ids is not None or any((self.ref, self.enterprise, self.signer, self.channel))


class ChosenMessage(NamedTuple):
    """A message that is not over. `may_have_arrived`: the other side may have it; `is_filed`: its file is put away."""

    id: MessageId
    drop_id: DropId
    file: str
    type: str
    guid: str
    state: MessageState
    may_have_arrived: bool
    is_filed: bool

    @property
    def can_be_held(self) -> bool:
        """Whether nothing of it can have left."""
        return self.state in _CAN_BE_HELD and not self.may_have_arrived and self.is_filed


_CAN_BE_HELD = (MessageState.READY, MessageState.SIGNED)
_UNFINISHED = (*_CAN_BE_HELD, MessageState.IN_DOUBT, MessageState.HELD, MessageState.ASKED)


def chosen_messages(transaction: Transaction, choice: Choice) -> list[ChosenMessage]:
    """The messages of that choice that are not sent, in the order of their ids."""
    query = (
        select(
            *(messages.c.id, messages.c.drop_id, drops.c.name, messages.c.type, messages.c.guid, messages.c.state),
            may_have_arrived(),
            drops.c.state == DropState.FILED,
        )
        .join(drops, drops.c.id == messages.c.drop_id)
        .where(messages.c.state.in_(_UNFINISHED), *_of(choice))
        .order_by(messages.c.id)
    )
    if choice.ref is None and choice.message_ids is None:
        return list(_chosen(transaction, query))
    ids = list(choice.message_ids or ()) if choice.ref is None else message_ids_of(transaction, choice.ref)
    return [
        message for batch in batches(ids) for message in _chosen(transaction, query.where(messages.c.id.in_(batch)))
    ]


def _chosen(transaction: Transaction, query: Select[Any]) -> Iterator[ChosenMessage]:  # rows of columns of every type
    for message_id, drop_id, file, type_, guid, state, arrived, is_filed in transaction.execute(query):
        yield ChosenMessage(message_id, drop_id, file, type_, guid, MessageState(state), bool(arrived), bool(is_filed))


def message_ids_of(transaction: Transaction, ref: str) -> list[MessageId]:
    """The messages that a file, number or guid names, or that carry a record of that number."""
    found = find(transaction, ref)
    ids = set(found.message_ids)
    for drop_id in found.drop_ids:
        ids |= set(transaction.execute(select(messages.c.id).where(messages.c.drop_id == drop_id)).scalars())
    for batch in batches(found.record_ids):
        carried = select(records.c.message_id).where(records.c.id.in_(batch), records.c.message_id.is_not(None))
        ids |= set(transaction.execute(carried).scalars())
    return [MessageId(number) for number in sorted(ids)]


def _of(choice: Choice) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (messages.c.enterprise, choice.enterprise),
        (messages.c.signer, choice.signer),
        (messages.c.channel, choice.channel),
    ):
        if wanted is not None:
            yield column == wanted


def hold(transaction: Transaction, choice: Choice, by: str, reason: str, now: str) -> int:
    """Keep back what of these messages can be kept back; returns how many. `by`: who wants it. `now`: ISO 8601."""
    kept = [message for message in chosen_messages(transaction, choice) if message.can_be_held]
    over = {"outcome": SubmissionOutcome.FAILED, "settled": now, "detail": f"held back by {by}"}
    for message in kept:
        begun = (submissions.c.message_id == message.id) & submissions.c.outcome.is_(None)
        being_written = begun & (submissions.c.phase == SubmissionPhase.WRITING)
        transaction.execute(update(submissions).where(being_written).values(**over))
        transaction.execute(update(messages).where(messages.c.id == message.id).values(state=MessageState.HELD))
        why = problem(HELD_BY_PERSON, value=message.guid, by=by, reason=reason, date=now[:16].replace("T", " "))
        set_waiting(transaction, message.id, why)
    _note(transaction, "held", kept, f"{by}: {reason}")
    return len(kept)


def wish_retry(transaction: Transaction, choice: Choice, by: str, reason: str, now: str) -> int:
    """Have the station try these messages at once, whatever pause they keep; returns how many.

    Nothing is sent by it that would not be sent later: what may have arrived is asked about first, as at each attempt.
    """
    tried = [
        message
        for message in chosen_messages(transaction, choice)
        if message.state in (*_CAN_BE_HELD, MessageState.IN_DOUBT)
    ]
    for message in tried:
        insert_if_new(transaction, retries, {"message_id": message.id, "time": now})
    _note(transaction, "tried at once", tried, f"{by}: {reason}")
    return len(tried)


def wished_retries(transaction: Transaction) -> list[MessageId]:
    """The messages that are to be tried at once."""
    return [MessageId(number) for number in transaction.execute(select(retries.c.message_id)).scalars()]


def forget_retries(transaction: Transaction, message_ids: Collection[MessageId]) -> None:
    """They are being tried. Killed before this they are tried at once again, which harms nothing."""
    for batch in batches(list(message_ids)):
        transaction.execute(delete(retries).where(retries.c.message_id.in_(batch)))


def _note(transaction: Transaction, event: str, changed: Sequence[ChosenMessage], why: str) -> None:
    """In the journal: each message with its state before."""
    for batch in batches(changed, _GUIDS_IN_A_LINE):
        before = ", ".join(f"{message.guid} (was {message.state})" for message in batch)
        note(transaction, event, f"{before}: {why}")
