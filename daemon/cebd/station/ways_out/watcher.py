"""The watcher of a signer or channel: it keeps the messages that wait there, and signs or sends them, a batch at a time.

| failure | result |
| --- | --- |
| the signer or channel: token away, PIN refused, line down | a try at growing pauses; when it works, all messages go on, in order |
| a channel that was down works again | one message, then two, then four ... at each look: it may not bear all at once |
| one of them at a message, each time | now and then another is tried after it: where that one goes, this one comes last from then on |
| a message: in doubt, refused there, an internal error | it is tried again at growing pauses of its own; the others go on |

Several signers may have one line of messages (`turns.py`): each takes from it what it is free for.

Nothing is written while messages wait. Our own rows record which wait: after a kill the next start hands it to the watcher again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from cebd.records.ids import MessageId
from cebd.station.pauses import Pauses
from cebd.station.ways_out.turns import Waiting, WaitingLine
from cebd.station.ways_out.way import GoesOn, Tried, Unusable, Way

_BATCH_SIZE = 20  # messages
_BATCH_SECONDS = 0.2  # then the batch ends: messages that came meanwhile have their turn
_MAX_FAILURES = 5  # messages in a row that fail for reasons of their own; the others are for the next look
_LOOK_SECONDS = 0.5  # between two looks at what pauses
_IDLE_SECONDS = 60.0
_FULL_SPEED = 1000  # messages at a look: a line that has borne so many after an outage bears any number
_OTHERS_FIRST, _OTHERS_EVERY = (
    3,
    12,
)  # looks in vain at which another message is tried too: the first ones, then each of so many


class Watcher:
    """Watches a signer or channel. Whoever has a message calls `keep`; a thread of the watcher calls `look` when the bell rings."""

    def __init__(
        self,
        way: Way,
        first: float,
        longest: float,
        now: Callable[[], float],
        *,
        is_used: Callable[[], bool],
        line: WaitingLine | None = None,
        name: str | None = None,
        starts_slowly: bool = False,
    ) -> None:
        """`first` and `longest`: seconds between tries. `is_used`: it is tried out although nothing waits. `line`: one that it shares with
        other ways, in which it is called `name`. `starts_slowly`: after an outage what waited goes little by little.
        """
        self.bell = threading.Event()
        self._way = way
        self._is_used = is_used
        self._now = now
        self._line = line or WaitingLine(Pauses[MessageId](first, longest, now))
        self._name = name
        self._whole = Pauses[str](first, longest, now)
        self._why: Unusable | None = None
        self._starts_slowly = starts_slowly
        self._at_a_look: int | None = None  # so many messages, while it starts slowly
        self._left_of_look: int | None = None
        self._was_tried = False
        self._stands_by = False  # nothing is to be signed or sent by it now
        self._broke_at: list[Waiting] = []  # in this look; in nobody's turn meanwhile
        self._in_vain: set[MessageId] = set()  # tried since it is closed
        self._looks_in_vain = 0
        self._owed = 0  # looks that were made beforehand: others were tried in them

    def keep(self, messages: Iterable[Waiting]) -> int:
        """The messages wait here from now on; returns how many did not already."""
        new = self._line.add(messages)
        why = self._why
        if why is not None:
            stuck = self._line.stuck(self._name, new)
            if stuck:
                self._way.say_why(stuck, why)
        self.bell.set()
        return len(new)

    def withdraw(self, message_ids: Sequence[MessageId]) -> None:
        """These wait elsewhere from now on."""
        self._line.withdraw(message_ids)

    def try_now(self, message_ids: Sequence[MessageId] | None = None) -> None:
        """A person wants these (all) tried at once, as far as they wait here: no pause is kept for them."""
        if self._line.try_now(message_ids) or message_ids is None:
            self._whole.over("")
            self._owed = 0
            self.bell.set()

    def keeps(self, message_id: MessageId) -> bool:
        """Whether the message waits here, or is being signed or sent."""
        return self._line.has(message_id)

    def is_at_rest(self) -> bool:
        """Whether all that waits here was tried since the start, or cannot be."""
        return (self._was_tried or self._stands_by) and (
            self._why is not None or not self._line.has_untried_for(self._name)
        )

    def look(self, stop: threading.Event) -> float:
        """Sign or send what is due, until `stop`; returns the seconds until the next look is due, should the bell not ring."""
        try:
            self._work_off(stop)
        finally:
            self._line.tried_in_vain(self._broke_at)
            self._broke_at.clear()
        return _LOOK_SECONDS if self._line.has_any_for(self._name) or self._why is not None else _IDLE_SECONDS

    def _work_off(self, stop: threading.Event) -> None:
        self._stands_by = not self._is_used() and not self._line.is_on_duty(self._name)
        if self._stands_by:
            self._was_tried = False
            self._open()
            return
        if self._why is not None and not self._is_due():
            return
        if (self._why is not None or not self._was_tried) and not self._can_be_tried():
            return
        self._line.take_up_again()
        failed_in_a_row = 0
        self._start()
        while not stop.is_set() and failed_in_a_row < _MAX_FAILURES and self._left_of_look != 0:
            first = self._next()
            if first is None:
                break
            end = self._now() + _BATCH_SECONDS

            def goes_on(tried: Tried | Unusable, end: float = end) -> bool:
                nonlocal failed_in_a_row
                if tried not in (Tried.GONE, Tried.LATER):
                    failed_in_a_row = 0 if tried is Tried.DONE else failed_in_a_row + 1
                is_usable = not isinstance(tried, Unusable)
                return is_usable and failed_in_a_row < _MAX_FAILURES and self._now() < end and not stop.is_set()

            was_closed = self._why is not None
            if not self._act(first, goes_on) and not (was_closed and self._another_goes(stop, goes_on)):
                return
        if not self._line.has_any_for(self._name):
            self._open()

    def _is_due(self) -> bool:
        """Whether it is to be tried again; a look that was made beforehand is not made."""
        if not self._whole.is_due(""):
            return False
        if self._owed:
            self._owed -= 1
            self._whole.failed("")
            return False
        return True

    def _another_goes(self, stop: threading.Event, goes_on: GoesOn) -> bool:
        """Whether it broke at these messages alone, as another goes right after them; they come last from now on.

        Without this one message at which the line breaks would keep all others of its file waiting for ever.
        """
        self._looks_in_vain += 1
        is_regular = self._looks_in_vain % _OTHERS_EVERY == 0
        if stop.is_set() or not (is_regular or self._looks_in_vain <= _OTHERS_FIRST):
            return False
        other = self._line.take(self._name, but=self._in_vain)
        if other is None:
            self._in_vain.clear()
            return False
        if is_regular:
            self._owed += 1
        self._left_of_look = self._at_a_look
        if not self._act(other, goes_on) or self._why is not None:
            return False
        self._line.suspect(self._broke_at)
        self._broke_at.clear()
        return True

    def _can_be_tried(self) -> bool:
        why = self._way.try_out()
        if why is not None:
            self._close(why)
        self._was_tried = True
        return why is None

    def _next(self) -> Waiting | None:
        return self._line.take(self._name)

    def _batch(self, first: Waiting, taken: dict[MessageId, Waiting]) -> Iterator[MessageId]:
        """The messages of a batch, each noted in `taken` when it is taken. While nothing goes through: one alone."""
        message: Waiting | None = first
        left = 1 if self._why is not None else _BATCH_SIZE
        if self._left_of_look is not None:
            left = min(left, self._left_of_look)
        while message is not None:
            taken[message.message_id] = message
            yield message.message_id
            left -= 1
            if self._left_of_look is not None:
                self._left_of_look -= 1
            message = self._next() if left else None

    def _act(self, first: Waiting, goes_on: GoesOn) -> bool:
        """False: it broke at a message."""
        left: dict[MessageId, Waiting] = {}
        broke = len(self._broke_at)
        try:
            tried = self._way.act(self._batch(first, left), goes_on)
            outcomes = list(zip(left.values(), tried, strict=False))
            done = [message.message_id for message, outcome in outcomes if outcome is Tried.DONE]
            if done:
                self._open()
                self._way.follow_up(done)
            for message, outcome in outcomes:
                del left[message.message_id]
                self._note(message, outcome)
        finally:
            self._line.give_back(left.values())
        return len(self._broke_at) == broke

    def _note(self, message: Waiting, tried: Tried | Unusable) -> None:
        if isinstance(tried, Unusable) and self._why is None and self._line.is_suspect(message):
            self._line.failed(message)
        elif isinstance(tried, Unusable):
            self._broke_at.append(message)
            self._in_vain.add(message.message_id)
            self._close(tried)
        elif tried is Tried.LATER:
            self._line.later(message)
            if self._left_of_look is not None:
                self._left_of_look += 1
        elif tried in (Tried.WAITS, Tried.DOUBT):
            self._line.failed(message)
            if tried is Tried.WAITS:
                self._open()
        else:
            self._line.through(message)

    def _start(self) -> None:
        """A look begins: after an outage twice as many messages as at the look before may go."""
        if self._at_a_look is not None and self._why is None and self._left_of_look == 0:
            self._at_a_look *= 2
            if self._at_a_look > _FULL_SPEED:
                self._at_a_look = None
        self._left_of_look = self._at_a_look

    def _close(self, why: Unusable) -> None:
        is_new = self._why != why
        if self._starts_slowly:
            self._at_a_look = 1
        self._why = why
        self._whole.failed("")
        if is_new:
            self._line.close(self._name)
            self._way.say_why(self._line.stuck(self._name), why)
            self._way.closed(why)

    def _open(self) -> None:
        if self._why is None:
            return
        self._why = None
        self._in_vain.clear()
        self._looks_in_vain = self._owed = 0
        self._line.open(self._name)
        self._whole.over("")
        self._way.opened()
