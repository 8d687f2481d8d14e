"""Submitting a message: the intent is durable, then the wire, then the outcome is durable.

| killed ... | what is found at the next attempt | what follows |
| --- | --- | --- |
| before the intent | nothing | sent as if for the first time |
| after the intent, before `handing-over` | phase `writing`: the other side cannot have it whole | sent again |
| after `handing-over`, before the rename | temporary file still there: it is taken back | sent again |
| after the rename, before the outcome | final file there, or receipts here | sent |
| after the rename, file taken, no receipt yet | neither | in doubt: waits, then the same bytes again |

Receipts are evidence only for a message that may have been handed over: earlier receipts concern an earlier message.

(`tests/system/test_kills.py` kills at each of these moments.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cebd.clock import Clock, iso
from cebd.problems.problem import problem
from cebd.records.ids import MessageId, SubmissionId
from cebd.records.states import MessageState, State, SubmissionOutcome, SubmissionPhase
from cebd.store.messages import StoredMessage, has_receipts, load_message, mark_sent, set_waiting
from cebd.store.safety.progress import advance
from cebd.store.store import Store
from cebd.store.submissions import (
    SETTLED_BY_RECEIPTS,
    Submission,
    add_submission,
    any_in_doubt,
    note_handing_over,
    settle_submission,
    submissions_of,
)
from cebd.transport.channel import ChannelError, Failed, Handover, InDoubt, Outbound, Outcome, Sent


def submit(
    store: Store,
    channel: Outbound,
    message_id: MessageId,
    clock: Clock,
    doubt_seconds: float,
    hear: Callable[[], None] = lambda: None,
) -> Outcome:
    """Try once to hand the message over. `Sent` also when there is nothing to hand over; `Failed` and `InDoubt`: try again later.

    `hear` reads the waiting receipts; it is called before a message that may have arrived is sent again. Raises NoSuchMessage.
    """
    with store.read() as transaction:
        message = load_message(transaction, message_id)
        if message.state not in (MessageState.SIGNED, MessageState.IN_DOUBT):
            return Sent()
        attempts = submissions_of(transaction, message_id)
    if _ended_by_receipts(store, message, clock):
        return Sent()
    if attempts and attempts[-1].is_open:
        outcome = _ask(store, channel, message, attempts[-1], len(attempts), clock, doubt_seconds)
        if outcome is not None:
            return outcome
    with store.read() as transaction:
        may_be_there = any_in_doubt(transaction, message_id)
    if may_be_there:  # its time may have run out while no station ran: the answers that came then are read first
        hear()
        if _ended_by_receipts(store, message, clock):
            return Sent()
    return _attempt(store, channel, message, f"{message.type}Message_{message.cop_msg_id}.xml", clock)


def _ended_by_receipts(store: Store, message: StoredMessage, clock: Clock) -> bool:
    """Whether customs have answered a message that may have been handed over: then it was."""
    with store.read() as transaction:
        if not has_receipts(transaction, message.id):
            return False
        doubtful = [attempt for attempt in submissions_of(transaction, message.id) if attempt.is_in_doubt]
    if doubtful:
        _settle(store, message, doubtful[-1].id, SubmissionOutcome.SENT, SETTLED_BY_RECEIPTS, clock)
    return bool(doubtful)


def _ask(
    store: Store,
    channel: Outbound,
    message: StoredMessage,
    last: Submission,
    number: int,
    clock: Clock,
    doubt_seconds: float,
) -> Outcome | None:
    """Settle the last attempt, the `number`-th, whose outcome is not known.

    None: it did not arrive, or the wait for it is over; the message must be sent.
    """
    was_interrupted = last.outcome is None
    if last.phase is SubmissionPhase.WRITING:
        _settle(store, message, last.id, SubmissionOutcome.FAILED, "interrupted before it was visible", clock)
        return None
    try:
        answer = channel.find(Handover(last.name, message.in_envelope(), number, message.cop_msg_id))
    except ChannelError as error:
        if was_interrupted:
            detail = "interrupted, and the other side cannot be asked"
            _settle(store, message, last.id, SubmissionOutcome.IN_DOUBT, detail, clock)
        _wait(store, message, error.problem, error.reason, error.zh)
        return InDoubt(error.reason, error.problem, error.zh)
    if answer == "arrived":
        _settle(store, message, last.id, SubmissionOutcome.SENT, "found at the other side", clock)
        return Sent()
    if answer == "not-arrived":
        _settle(store, message, last.id, SubmissionOutcome.FAILED, "taken back: it had no final name yet", clock)
        return None
    if was_interrupted:
        _settle(store, message, last.id, SubmissionOutcome.IN_DOUBT, "neither name is there", clock)
    # The doubt begins when it was noticed: receipts that came while no station ran have not been read yet.
    since = clock.now() if was_interrupted else datetime.fromisoformat(last.settled or last.intent)
    if (clock.now() - since).total_seconds() < doubt_seconds:
        return InDoubt("the other side does not have it, and may have had it")
    return None  # the same bytes, name, guid and CopMsgId again: the other side knows them


def _attempt(store: Store, channel: Outbound, message: StoredMessage, name: str, clock: Clock) -> Outcome:
    with store.write() as transaction:
        number = 1 + len(submissions_of(transaction, message.id))
        attempt_id = add_submission(transaction, message.id, name, iso(clock.now()))

    def before_visible() -> None:
        with store.write() as transaction:
            note_handing_over(transaction, attempt_id)
            step = advance(transaction, iso(clock.now()))
        store.witness(step)

    outcome = channel.deliver(Handover(name, message.in_envelope(), number, message.cop_msg_id, before_visible))
    match outcome:
        case Sent(note):
            _settle(store, message, attempt_id, SubmissionOutcome.SENT, note, clock)
        case Failed(problem_id, reason, reason_zh):
            _settle(store, message, attempt_id, SubmissionOutcome.FAILED, reason, clock)
            _wait(store, message, problem_id, reason, reason_zh)
        case InDoubt(reason):
            _settle(store, message, attempt_id, SubmissionOutcome.IN_DOUBT, reason, clock)
    return outcome


def _settle(
    store: Store,
    message: StoredMessage,
    attempt_id: SubmissionId,
    outcome: SubmissionOutcome,
    detail: str | None,
    clock: Clock,
) -> None:
    now = iso(clock.now())
    with store.write() as transaction:
        settle_submission(transaction, attempt_id, outcome, detail, now)
        if outcome is SubmissionOutcome.SENT:
            mark_sent(transaction, message.id, State.SENT, now)
        elif outcome is SubmissionOutcome.IN_DOUBT:
            mark_sent(transaction, message.id, State.IN_DOUBT, now)
        elif message.state is MessageState.IN_DOUBT and not any_in_doubt(transaction, message.id):
            mark_sent(transaction, message.id, State.SIGNED, now)


def _wait(store: Store, message: StoredMessage, problem_id: str, reason: str, reason_zh: str) -> None:
    number, channel, zh = message.cop_msg_id, message.channel, reason_zh or reason
    why = problem(problem_id, value=number, channel=channel, reason=reason, reason_zh=zh)
    with store.write() as transaction:
        set_waiting(transaction, message.id, why)
