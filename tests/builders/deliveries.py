"""Many messages by one channel whose line is cut again and again, and an other side that knows a message by its number."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from builders.channel_sides import OtherSide
from builders.clocks import StillClock
from builders.signed_message import DOUBT, SignedMessage, envelope
from builders.waiting import until
from cebd.store.store import Store
from cebd.transport.channel import ChannelError
from cebd.transport.submit import SubmissionBatch

_NUMBER = re.compile(rb"<dxp:CopMsgId>DXPENT0001-([0-9]+)</dxp:CopMsgId>")
_ANSWER = re.compile(rb"<CEB312Message>([0-9]+)</CEB312Message>")


@dataclass
class Books:
    """What both sides say at the end: how often each message came, which of them differed from what was declared, how often each was
    answered here, and the states of the messages."""

    arrived: Counter[int] = field(default_factory=Counter)
    altered: list[int] = field(default_factory=list)
    answered: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    cuts: int = 0

    def assert_as_promised(self, count: int) -> None:
        """Nothing lost, nothing altered, nothing left in doubt; a message that came twice has the same bytes: it is taken once."""
        everything = set(range(1, count + 1))
        assert set(self.arrived) == everything
        assert self.altered == []
        assert set(self.answered) == everything
        assert self.states == {"sent": count}
        assert self.cuts > count / 4, "the line was hardly ever cut"


class Deliveries:
    """Some messages in a store, on their way to the other side."""

    def __init__(self, side: OtherSide, store: Store, count: int) -> None:
        self._side = side
        self._clock = StillClock()
        self._messages = {one.number: one for one in (SignedMessage(store, n + 1) for n in range(count))}
        self._unsent = list(self._messages.values())
        self._store = store
        self._channel = side.make()
        self.books = Books()

    def deliver_all(self) -> Books:
        """Each with a cut at another step, then all that is left without one."""
        for turn in range(len(self._messages)):
            self._cut(turn)
            self._round()
            self._side.come_to_rest()
            self.books.cuts += self._side.wire is not None and not self._side.wire.cut_is_pending
        if self._side.wire is not None:
            self._side.wire.cut_nothing()
        until(self._is_over, "everything is delivered and answered")
        self._channel.close()
        self.books.states = Counter(one.state for one in self._messages.values())
        return self.books

    def _cut(self, turn: int) -> None:
        wire = self._side.wire
        if wire is None:
            return
        wire.cut_nothing()
        step = (turn // 2) % self._side.steps  # each in its turn
        (wire.cut_instead_of_request if turn % 2 else wire.cut_instead_of_answer)(step)

    def _is_over(self) -> bool:
        self._round()
        return self.books.answered.keys() == self._messages.keys()

    def _round(self) -> None:
        """What a station does again and again: send the next messages, look for receipts; and what the other side does."""
        self._clock.moment += timedelta(seconds=DOUBT / 3)
        waiting = [one.message_id for one in self._next_unsent(3)]
        batch = SubmissionBatch(self._store, self._channel.outbound, self._clock, DOUBT, self._look)
        batch.expect(waiting)
        for message_id in waiting:
            batch.submit(message_id)
        batch.store()
        self._serve()
        self._look()

    def _next_unsent(self, count: int) -> list[SignedMessage]:
        found: list[SignedMessage] = []
        for one in self._unsent[: count + 3]:  # three of them were tried in the round before
            if one.state == "sent":
                self._unsent.remove(one)
            elif len(found) < count:
                found.append(one)
        return found

    def _serve(self) -> None:
        for content in self._side.take():
            found = _NUMBER.search(content)
            number = int(found[1]) if found else 0
            if content != envelope(number):
                self.books.altered.append(number)
            self.books.arrived[number] += 1
            self._side.answers(b"<CEB312Message>%d</CEB312Message>" % number)

    def _look(self) -> None:
        try:
            for name in self._channel.waiting():
                found = _ANSWER.fullmatch(self._channel.fetch(name))
                if found:
                    number = int(found[1])
                    self.books.answered[number] += 1
                    self._messages[number].receipt_for("A")
                self._channel.remove(name)
        except ChannelError:
            pass  # at the next look
