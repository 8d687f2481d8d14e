"""When a message may be sent: a list after what it rests on, a change after its original, a new channel's messages one by one.

| message | waits | when that takes too long |
| --- | --- | --- |
| a list | until its order, payment and waybill, if declared here, are with the e-port (at 2) | held: a person decides |
| a change or deletion | for an answer to what was declared before under its key | goes on waiting: the overdue answer is reported anyway |
| any, by a channel that is new (`first`) | for the answer to the first message of its type | likewise |

The time of a list runs from when the last of its documents left: what is still here is another trouble, with a reason of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cebd.clock import Clock
from cebd.problems.problem import Problem, problem
from cebd.records.ids import MessageId
from cebd.records.key import bare_number
from cebd.records.states import MessageState
from cebd.store.across.sending.order import (
    HELD,
    WAITS_FOR_DOCUMENTS,
    WAITS_FOR_FIRST,
    WAITS_FOR_ORIGINAL,
    MissingDocument,
    hold,
    is_another_out,
    is_answered_for,
    is_let_go,
    missing_documents,
    unanswered_originals,
)
from cebd.store.messages import MessageRow, message_rows, set_waiting
from cebd.store.store import Store
from cebd.store.transaction import Transaction

_LIST = "CEB621"
_WORDS = {"CEB311": ("订单", "order"), "CEB411": ("支付单", "payment"), "CEB511": ("运单", "waybill")}
_NAMED = 3


class SendingOrder:
    """Asked before each message of a channel. For one thread at a time."""

    def __init__(self, store: Store, clock: Clock, channel: str, *, first: bool, list_minutes: float) -> None:
        self._store = store
        self._clock = clock
        self._channel = channel
        self._first = first
        self._list_wait = timedelta(minutes=list_minutes)
        self._answered: set[str] = set()  # types of which the channel has brought an answer

    @property
    def is_one_by_one(self) -> bool:
        """Whether a message may have to wait for the one before it."""
        return self._first

    def keeps_back(self, message_id: MessageId) -> bool:
        """Whether the message is not to be sent now; it says why, and may be held until a person decides."""
        with self._store.read() as transaction:
            message = next(iter(message_rows(transaction, [message_id])), None)
            # What may have arrived is settled, whatever it waited for before.
            if message is None or message.state is not MessageState.SIGNED or is_let_go(transaction, message_id):
                return False
            why = self._why(transaction, message)
        if why is None:
            return False
        with self._store.write() as transaction:
            if why.id == HELD:
                return hold(transaction, message_id, why)
            if message.waiting is None or message.waiting.zh != why.zh:
                set_waiting(transaction, message_id, why)
        return True

    def _why(self, transaction: Transaction, message: MessageRow) -> Problem | None:
        originals = unanswered_originals(transaction, message.id)
        if originals:
            return problem(WAITS_FOR_ORIGINAL, value=bare_number(originals[0]), numbers=_some(originals))
        missing = missing_documents(transaction, message.id) if message.type == _LIST else []
        if missing:
            return self._without_documents(missing)
        if self._first and message.type not in self._answered:
            if is_answered_for(transaction, self._channel, message.type):
                self._answered.add(message.type)
            elif is_another_out(transaction, self._channel, message.type, message.id):
                return problem(WAITS_FOR_FIRST, value=message.cop_msg_id, channel=self._channel)
        return None

    def _without_documents(self, missing: list[MissingDocument]) -> Problem:
        zh = "、".join(f"{_WORDS[one.type][0]} {bare_number(one.number)}" for one in missing[:_NAMED])
        en = ", ".join(f"{_WORDS[one.type][1]} {bare_number(one.number)}" for one in missing[:_NAMED])
        more = len(missing) - _NAMED
        documents_zh = zh + (f" 等 {len(missing)} 份" if more > 0 else "")
        documents = en + (f" and {more} more" if more > 0 else "")
        left = [datetime.fromisoformat(one.sent_at) for one in missing if one.sent_at is not None]
        is_late = len(left) == len(missing) and self._clock.now() - max(left) > self._list_wait
        return problem(
            HELD if is_late else WAITS_FOR_DOCUMENTS,
            value=missing[0].number,
            documents_zh=documents_zh,
            documents=documents,
        )


def _some(keys: list[str]) -> str:
    shown = ", ".join(map(bare_number, keys[:_NAMED]))
    return f"{shown} …" if len(keys) > _NAMED else shown
