"""Submitting a message: the intent is durable, then the wire, then the outcome is durable.

| killed ... | what is found at the next attempt | what follows |
| --- | --- | --- |
| before the intent | nothing | sent as if for the first time |
| after the intent, before `handing-over` | phase `writing`: the other side cannot have it whole | sent again |
| after `handing-over`, before the rename | temporary file still there: it is taken back | sent again |
| after the rename, before the outcome | final file there, or receipts here | sent |
| after the rename, file taken, no receipt yet | neither | in doubt: waits, then the same bytes again |

Receipts are evidence only for a message that may have been handed over: what comes before that speaks of an earlier one.

(`tests/system/test_kills.py` kills in all of them.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from cebd.clock import Clock, iso
from cebd.problems.problem import problem
from cebd.records.states import State
from cebd.store.messages import StoredMessage, has_receipts, load_message, mark_sent, set_waiting
from cebd.store.safety.progress import advance
from cebd.store.store import Store
from cebd.store.tables import submissions
from cebd.transport.channel import ChannelError, Failed, Handover, InDoubt, Outbound, Sent

DONE = "done"
Trouble = Callable[[str, str], None]  # told the problem's id and the reason


def _nobody(_problem_id: str, _reason: str) -> None:
    return


def submit(
    store: Store,
    channel: Outbound,
    message_id: int,
    clock: Clock,
    doubt_seconds: float,
    on_trouble: Trouble = _nobody,
    hear: Callable[[], None] = lambda: None,
) -> str:
    """One attempt to bring the message over. Returns `done`, or why it has to be tried again (`failed`, `in_doubt`).

    `on_trouble` is told what the channel said when the message waits because of it. `hear` reads the receipts that wait; it is called
    before a message goes out again that may have arrived.
    """
    with store.read() as connection:
        message = load_message(connection, message_id)
        if message.state not in ("signed", "in_doubt"):
            return DONE
        attempts = _attempts(connection, message_id)
    if _ended_by_receipts(store, message, clock):
        return DONE
    last = attempts[-1] if attempts else None
    name = f"{message.type}Message_{message.cop_msg_id}.xml"
    if last is not None and last["outcome"] in (None, "in_doubt"):
        verdict = _ask(store, channel, message, last, len(attempts), clock, doubt_seconds, on_trouble)
        if verdict is not None:
            return verdict
    with store.read() as connection:
        may_be_there = _any_in_doubt(connection, message_id)
    if may_be_there:  # its time may have run out while no station ran: the answers that came then are read first
        hear()
        if _ended_by_receipts(store, message, clock):
            return DONE
    return _attempt(store, channel, message, name, clock, on_trouble)


def _ended_by_receipts(store: Store, message: StoredMessage, clock: Clock) -> bool:
    """Whether customs have answered a message that may have been handed over: then it was."""
    with store.read() as connection:
        if not has_receipts(connection, message.id):
            return False
        may_be_it = [one for one in _attempts(connection, message.id) if _is_in_doubt(one)]
    if may_be_it:
        _settle(store, message, may_be_it[-1]["id"], "sent", "receipts came", clock)
    return bool(may_be_it)


def _is_in_doubt(attempt: RowMapping) -> bool:
    return attempt["phase"] == "handing-over" and attempt["outcome"] in (None, "in_doubt")


def _attempts(connection: Connection, message_id: int) -> list[RowMapping]:
    query = select(submissions).where(submissions.c.message_id == message_id).order_by(submissions.c.id)
    return list(connection.execute(query).mappings())


def _ask(
    store: Store,
    channel: Outbound,
    message: StoredMessage,
    last: RowMapping,
    attempt: int,
    clock: Clock,
    doubt_seconds: float,
    on_trouble: Trouble,
) -> str | None:
    """Settle an attempt whose outcome is not known. None: it did not arrive (or was waited for long enough), send."""
    if last["phase"] == "writing":
        _settle(store, message, last["id"], "failed", "interrupted before it was visible", clock)
        return None
    try:
        found = channel.find(Handover(last["name"], message.in_envelope(), attempt, message.cop_msg_id))
    except ChannelError as error:
        if last["outcome"] is None:
            _settle(store, message, last["id"], "in_doubt", "interrupted, and the other side cannot be asked", clock)
        _wait(store, message, error.problem, error.reason)
        on_trouble(error.problem, error.reason)
        return "in_doubt"
    if found == "arrived":
        _settle(store, message, last["id"], "sent", "found at the other side", clock)
        return DONE
    if found == "not-arrived":
        _settle(store, message, last["id"], "failed", "taken back: it had no final name yet", clock)
        return None
    if last["outcome"] is None:
        _settle(store, message, last["id"], "in_doubt", "neither name is there", clock)
    # The doubt begins when it was noticed: receipts that came while no station ran have not been read yet.
    since = clock.now() if last["outcome"] is None else datetime.fromisoformat(last["settled"] or last["intent"])
    if (clock.now() - since).total_seconds() < doubt_seconds:
        return "in_doubt"
    return None  # the same bytes, name, guid and CopMsgId again: the other side knows them


def _attempt(
    store: Store, channel: Outbound, message: StoredMessage, name: str, clock: Clock, on_trouble: Trouble = _nobody
) -> str:
    with store.write() as connection:
        attempt = 1 + len(_attempts(connection, message.id))
        intent = {"message_id": message.id, "name": name, "phase": "writing", "intent": iso(clock.now())}
        inserted = connection.execute(insert(submissions).values(**intent)).inserted_primary_key
    assert inserted is not None  # noqa: S101
    attempt_id = int(inserted[0])

    def before_visible() -> None:
        with store.write() as connection:
            connection.execute(update(submissions).where(submissions.c.id == attempt_id).values(phase="handing-over"))
            made = advance(connection, iso(clock.now()))
        store.witness(made)

    handover = Handover(name, message.in_envelope(), attempt, message.cop_msg_id, before_visible)
    outcome = channel.deliver(handover)
    match outcome:
        case Sent(note):
            _settle(store, message, attempt_id, "sent", note, clock)
            return DONE
        case Failed(problem_id, reason):
            _settle(store, message, attempt_id, "failed", reason, clock)
            _wait(store, message, problem_id, reason)
            on_trouble(problem_id, reason)
            return "failed"
        case InDoubt(reason):
            _settle(store, message, attempt_id, "in_doubt", reason, clock)
            return "in_doubt"


def _settle(
    store: Store,
    message: StoredMessage,
    attempt_id: int,
    outcome: str,
    detail: str | None,
    clock: Clock,
) -> None:
    now = iso(clock.now())
    with store.write() as connection:
        connection.execute(
            update(submissions)
            .where(submissions.c.id == attempt_id)
            .values(outcome=outcome, settled=now, detail=detail)
        )
        if outcome == "sent":
            mark_sent(connection, message.id, State.SENT, now)
        elif outcome == "in_doubt":
            mark_sent(connection, message.id, State.IN_DOUBT, now)
        elif message.state == "in_doubt" and not _any_in_doubt(connection, message.id):
            mark_sent(connection, message.id, State.SIGNED, now)


def _any_in_doubt(connection: Connection, message_id: int) -> bool:
    """Whether any attempt may still turn out to have arrived."""
    return any(_is_in_doubt(one) for one in _attempts(connection, message_id))


def _wait(store: Store, message: StoredMessage, problem_id: str, reason: str) -> None:
    why = problem(problem_id, value=message.cop_msg_id, channel=message.channel, reason=reason)
    with store.write() as connection:
        set_waiting(connection, message.id, why)
