"""Submitting messages: the intent is durable, then the wire, then the outcome is durable.

| killed ... | what is found at the next attempt | what follows |
| --- | --- | --- |
| before the intent | nothing | sent as if for the first time |
| after the intent, before `handing-over` | phase `writing`: the other side cannot have it whole | sent again |
| after `handing-over`, before the rename | temporary file still there: it is taken back | sent again |
| after the rename, before the outcome | final file there, or receipts here | sent |
| after the rename, file taken, no receipt yet | neither | in doubt: waits, then the same bytes again |

A message that a person has sent once more, because the other side lost it, goes through the same rows. What the other side keeps of the
earlier hand-over proves nothing of the new one (`Handover.was_sent`); an answer that came meanwhile ends it.

A person may revoke the token that signed a message, at any moment. Until the next token is let in nothing signed by it is sent; what
may have arrived waits with its bytes. What has certainly not left is taken back in one transaction: the attempt that is being written is
over then, which is found out before the message can be seen.

Receipts are evidence only for a message that may have been handed over: earlier receipts concern an earlier message.

Messages of a batch share their commits. Each is committed once, before it becomes visible, and that commit says three things: this one is
`handing-over`; the one before it was sent; the intent for the one after it. So the rows above hold for each of them as they stand, and the
fourth and fifth for one message at most: what was handed over before it has its outcome. The first and the last message of a batch have a
commit more each. An outcome other than `Sent` is committed at once.

(`tests/system/test_kills.py` kills at each of these moments.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import NamedTuple

from cebd.clock import Clock, iso
from cebd.messages.envelope import EnvelopeForm
from cebd.problems.problem import problem
from cebd.records.ids import MessageId, SubmissionId
from cebd.records.states import MessageState, State, SubmissionOutcome, SubmissionPhase
from cebd.store.across.intervening.revoking import why_refused_as_it_came, why_revoked
from cebd.store.messages import (
    MessageRow,
    NoSuchMessage,
    StoredMessage,
    has_receipts,
    load_message,
    mark_sent,
    message_to_send_first,
    set_waiting,
)
from cebd.store.safety.progress import advance
from cebd.store.store import Store
from cebd.store.submissions import (
    SETTLED_BY_RECEIPTS,
    Submission,
    add_submission,
    may_have_arrived,
    note_handing_over,
    settle_submission,
    submissions_of,
    withdraw_intents,
)
from cebd.store.tokens import revocation
from cebd.store.transaction import Transaction
from cebd.transport.channel import Begins, ChannelError, Failed, Handover, InDoubt, Outbound, Outcome, Sent

_TO_BE_SENT = (MessageState.SIGNED, MessageState.IN_DOUBT)


class _TakenBack(Exception):
    """The message's signature was revoked while it was being written."""


class _Intent(NamedTuple):
    """An attempt that is to be made, and the form of its bytes."""

    id: SubmissionId
    form: EnvelopeForm


class SubmissionBatch:
    """Messages that are handed over through a channel, one after the other. For one thread at a time."""

    def __init__(
        self,
        store: Store,
        channel: Outbound,
        clock: Clock,
        doubt_seconds: float,
        hear: Callable[[], None] = lambda: None,
        form: EnvelopeForm = EnvelopeForm(),  # noqa: B008  a value
        name: str | None = None,
    ) -> None:
        """`hear` reads the waiting receipts; it is called before a message that may have arrived is sent again.

        `form`: how the channel wants messages. What may have arrived in another form is sent again in that. `name`: of the channel; a
        message that was given to another one meanwhile is none of this one's.
        """
        self._store = store
        self._channel = channel
        self._clock = clock
        self._doubt_seconds = doubt_seconds
        self._hear = hear
        self._form = form
        self._name = name
        self._coming: list[MessageId] = []
        self._intents: dict[MessageId, _Intent] = {}  # made with the commit of the message before
        self._owed: list[Callable[[Transaction], None]] = []  # outcomes that the next commit says

    def expect(self, message_ids: Sequence[MessageId]) -> None:
        """The messages that will be submitted, in this order; some of the last may not be."""
        self._coming = list(message_ids)

    def submit(self, message_id: MessageId) -> Outcome:
        """Try once to hand the message over. `Sent` also when there is nothing to hand over; `Failed` and `InDoubt`: try again later.

        `Sent` is durable after the next message, or after `store`. Raises NoSuchMessage.
        """
        self._coming = self._coming[self._coming.index(message_id) + 1 :] if message_id in self._coming else []
        is_begun = message_id in self._intents
        if not is_begun:
            self._store_outcomes()  # what follows may take long, and asks what is stored
        with self._store.read() as transaction:
            message = load_message(transaction, message_id)
            attempts = [] if is_begun else submissions_of(transaction, message_id)
        if message.state not in _TO_BE_SENT:
            return Sent()
        self._require_own(message)
        if is_begun:
            return self._attempt(message, 1)
        if self._ended_by_receipts(message):
            return Sent()
        if attempts and attempts[-1].is_open:
            outcome = self._ask(message, attempts)
            if outcome is not None:
                return outcome
        with self._store.read() as transaction:
            may_be_there = may_have_arrived(transaction, message_id)
        if may_be_there:  # its time may have run out while no station ran: the answers that came then are read first
            self._hear()
            if self._ended_by_receipts(message):
                return Sent()
        begun = self._begin(message_id)
        if isinstance(begun, StoredMessage):
            begun = self._attempt(begun, 1 + len(attempts), may_be_there=may_be_there)
        return begun

    def store(self) -> None:
        """Let the outcomes be durable. Intents that were not begun are withdrawn."""
        if self._intents:
            with self._write() as transaction:
                withdraw_intents(transaction, [intent.id for intent in self._intents.values()])
            self._intents.clear()
        self._store_outcomes()

    def _store_outcomes(self) -> None:
        if self._owed:
            with self._write():
                pass

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        """A transaction that says what is owed, too. Where it fails, that is owed to the next one."""
        with self._store.write() as transaction:
            for say in self._owed:
                say(transaction)
            yield transaction
        self._owed.clear()

    def _ended_by_receipts(self, message: StoredMessage) -> bool:
        """Whether customs have answered a message that may have been handed over: then it was."""
        with self._store.read() as transaction:
            if not has_receipts(transaction, message.id):
                return False
            arrived = [attempt for attempt in submissions_of(transaction, message.id) if attempt.may_have_arrived]
        doubtful = [attempt for attempt in arrived if attempt.is_in_doubt]
        if doubtful:
            self._settle(message, doubtful[-1].id, SubmissionOutcome.SENT, SETTLED_BY_RECEIPTS)
        elif arrived:  # a person wanted it sent once more, and the other side had not lost it
            with self._write() as transaction:
                mark_sent(transaction, message.id, State.SENT, arrived[-1].settled or arrived[-1].intent)
        return bool(arrived)

    def _ask(self, message: StoredMessage, attempts: Sequence[Submission]) -> Outcome | None:
        """Settle the last attempt, whose outcome is not known. None: it did not arrive, or the wait for it is over: it must be sent."""
        last, content = attempts[-1], message.in_envelope(attempts[-1].envelope)
        was_interrupted = last.outcome is None
        was_sent = any(attempt.outcome is SubmissionOutcome.SENT for attempt in attempts)
        if last.phase is SubmissionPhase.WRITING:
            self._settle(message, last.id, SubmissionOutcome.FAILED, "interrupted before it was visible")
            return None
        try:
            answer = self._channel.find(
                Handover(last.name, content, len(attempts), message.cop_msg_id, was_sent=was_sent)
            )
        except ChannelError as error:
            if was_interrupted:
                detail = "interrupted, and the other side cannot be asked"
                self._settle(message, last.id, SubmissionOutcome.IN_DOUBT, detail)
            with self._write() as transaction:
                _wait(transaction, message, error.problem, error.reason, error.zh)
            return InDoubt(error.reason, error.problem, error.zh)
        if answer == "arrived":
            self._settle(message, last.id, SubmissionOutcome.SENT, "found at the other side")
            return Sent()
        if answer == "not-arrived":
            self._settle(message, last.id, SubmissionOutcome.FAILED, "taken back: it had no final name yet")
            return None
        if was_interrupted:
            self._settle(message, last.id, SubmissionOutcome.IN_DOUBT, "neither name is there")
        # The doubt begins when it was noticed: receipts that came while no station ran have not been read yet.
        since = self._clock.now() if was_interrupted else datetime.fromisoformat(last.settled or last.intent)
        if (self._clock.now() - since).total_seconds() < self._doubt_seconds:
            return InDoubt("the other side does not have it, and may have had it")
        return None  # the same bytes, name, guid and CopMsgId again: the other side knows them

    def _attempt(self, message: StoredMessage, number: int, *, may_be_there: bool = False) -> Outcome:
        attempt_id, form = self._intents.pop(message.id)

        def before_visible() -> None:
            with self._write() as transaction:
                if not note_handing_over(transaction, attempt_id):
                    raise _TakenBack
                self._intend_next(transaction)
                step = advance(transaction, iso(self._clock.now()))
            self._store.witness(step)
            self._begin_next()

        bytes_sent = message.in_envelope(form)
        handover = Handover(_name(message), bytes_sent, number, message.cop_msg_id, before_visible, may_be_there)
        try:
            outcome = self._channel.deliver(handover)
        except _TakenBack:
            return Sent()  # nothing to hand over here; it is signed anew
        now = iso(self._clock.now())
        match outcome:
            case Sent(note):
                self._owed.append(
                    partial(
                        _settle, message=message, of=attempt_id, outcome=SubmissionOutcome.SENT, detail=note, now=now
                    )
                )
            case Failed(problem_id, reason, reason_zh):
                with self._write() as transaction:
                    _settle(transaction, message, attempt_id, SubmissionOutcome.FAILED, reason, now)
                    _wait(transaction, message, problem_id, reason, reason_zh)
            case InDoubt(reason, problem_id, reason_zh):
                self._settle(message, attempt_id, SubmissionOutcome.IN_DOUBT, reason)
                if problem_id is not None:  # the other side said something that a person should see
                    with self._write() as transaction:
                        _wait(transaction, message, problem_id, reason, reason_zh)
        return outcome

    def _begin(self, message_id: MessageId) -> StoredMessage | Outcome:
        """The message as it is now, with its intent; or the outcome, where a person has revoked its signature meanwhile."""
        with self._write() as transaction:
            message = load_message(transaction, message_id)
            if message.state not in _TO_BE_SENT:
                return Sent()
            self._require_own(message)
            revoked = revocation(transaction, message.signer) if message.is_signed_here else None
            if revoked is not None:
                set_waiting(transaction, message.id, why_revoked(message.signer, revoked, message.cop_msg_id))
                return InDoubt(f"its token was revoked: {revoked.reason}")
            refused = why_refused_as_it_came(transaction, message)
            if refused is not None:
                set_waiting(transaction, message.id, refused)
                return InDoubt("it came with the signature of a card that was revoked")
            seen = [attempt for attempt in submissions_of(transaction, message_id) if attempt.may_have_arrived]
            form = seen[-1].envelope if seen else self._form
            self._intents[message_id] = self._intend(transaction, message, form)
            return message

    def _intend_next(self, transaction: Transaction) -> None:
        """The next message's intent, if this is the first attempt at it: all else has to be asked about first."""
        for message_id in self._coming[:1]:
            message = message_to_send_first(transaction, message_id)
            if message is not None and self._name in (None, message.channel):
                self._intents[message_id] = self._intend(transaction, message, self._form)

    def _begin_next(self) -> None:
        """Killed from here on, the next message is in the second row of the table."""
        if isinstance(self._channel, Begins):
            for message_id, (_, form) in self._intents.items():
                self._channel.begin(partial(self._first_attempt, message_id, form))

    def _first_attempt(self, message_id: MessageId, form: EnvelopeForm) -> Handover:
        with self._store.read() as transaction:
            message = load_message(transaction, message_id)
        return Handover(_name(message), message.in_envelope(form), 1, message.cop_msg_id)

    def _require_own(self, message: MessageRow) -> None:
        """Raises NoSuchMessage: it was given to another channel."""
        if self._name not in (None, message.channel):
            raise NoSuchMessage(message.id)

    def _intend(self, transaction: Transaction, message: MessageRow, form: EnvelopeForm) -> _Intent:
        now, name = iso(self._clock.now()), _name(message)
        attempt = add_submission(transaction, message.id, name, now, channel=message.channel, envelope=form)
        return _Intent(attempt, form)

    def _settle(
        self, message: StoredMessage, attempt_id: SubmissionId, outcome: SubmissionOutcome, detail: str | None
    ) -> None:
        with self._write() as transaction:
            _settle(transaction, message, attempt_id, outcome, detail, iso(self._clock.now()))


def _name(message: MessageRow) -> str:
    """The file's name at the other side."""
    return f"{message.type}Message_{message.cop_msg_id}.xml"


def _settle(
    transaction: Transaction,
    message: StoredMessage,
    of: SubmissionId,
    outcome: SubmissionOutcome,
    detail: str | None,
    now: str,
) -> None:
    settle_submission(transaction, of, outcome, detail, now)
    if outcome is SubmissionOutcome.SENT:
        mark_sent(transaction, message.id, State.SENT, now)
    elif outcome is SubmissionOutcome.IN_DOUBT:
        mark_sent(transaction, message.id, State.IN_DOUBT, now)
    elif message.state is MessageState.IN_DOUBT and not may_have_arrived(transaction, message.id):
        mark_sent(transaction, message.id, State.SIGNED, now)


def _wait(transaction: Transaction, message: StoredMessage, problem_id: str, reason: str, reason_zh: str) -> None:
    number, channel, zh = message.cop_msg_id, message.channel, reason_zh or reason
    set_waiting(
        transaction, message.id, problem(problem_id, value=number, channel=channel, reason=reason, reason_zh=zh)
    )


__all__ = ["SubmissionBatch"]
