"""The watcher of a signer or channel: it keeps the messages that wait there, and signs or sends them, a batch at a time.

| failure | result |
| --- | --- |
| the signer or channel: token away, PIN refused, line down | a try at growing pauses; when it works, all messages go on, in order |
| a message: in doubt, refused there, an internal error | it is tried again at growing pauses of its own; the others go on |

Nothing is written while messages wait. Our own rows record which wait: after a kill the next start hands it to the watcher again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cebd.problems.problem import Problem
from cebd.records.ids import MessageId
from cebd.station.pauses import Pauses
from cebd.station.turns import Turns, Waiting
from cebd.store.conditions import Party

_BATCH_SIZE = 20  # messages
_BATCH_SECONDS = 0.5  # then the batch ends: messages that came meanwhile have their turn
_MAX_FAILURES = 5  # messages in a row that fail for reasons of their own; the others are for the next look
_LOOK_SECONDS = 0.5  # between two looks at what pauses
_IDLE_SECONDS = 60.0


class Tried(Enum):
    """The outcome of a try at a message."""

    DONE = "done"
    WAITS = "waits"  # only this message, with its reason noted; the signer or channel itself answered
    GONE = "gone"  # taken back by the store, as its file had changed: nothing is left to do


@dataclass(frozen=True)
class Unusable:
    """The signer or channel cannot be used now: nothing that waits for it can go on."""

    problem: Problem
    party: Party


GoesOn = Callable[[Tried | Unusable], bool]


class Way(Protocol):
    """A signer or a channel, as its watcher uses it; by a single thread at a time. Nothing here raises."""

    def try_out(self) -> Unusable | None:
        """Test without a message whether it can be used. A channel is tested with the first waiting message instead."""
        ...

    def act(self, message_ids: Sequence[MessageId], goes_on: GoesOn) -> list[Tried | Unusable]:
        """Sign or send messages, one after the other; doing it twice is harmless. Returns the outcomes, which are durable then.

        `goes_on` is told each outcome and says whether the next message is to be tried.
        """
        ...

    def follow_up(self, message_ids: Sequence[MessageId]) -> None:
        """Begin the next step of the messages. Killed before this, the next start finds them by their state."""
        ...

    def say_why(self, message_ids: Iterable[MessageId], why: Unusable) -> None:
        """Let these messages say why they wait."""
        ...

    def closed(self, why: Unusable) -> None:
        """It has become unusable, or is so for another reason than before."""
        ...

    def opened(self) -> None:
        """It can be used."""
        ...


class Watcher:
    """Watches a signer or channel. Whoever has a message calls `keep`; a thread of the watcher calls `look` when the bell rings."""

    def __init__(self, way: Way, first: float, longest: float, now: Callable[[], float], *, is_used: bool) -> None:
        """`first` and `longest`: seconds between tries. `is_used`: it is tried out although nothing waits."""
        self.bell = threading.Event()
        self._way = way
        self._is_used = is_used
        self._now = now
        self._keeping = threading.Lock()
        self._waiting: dict[MessageId, Waiting] = {}  # all that it keeps: in turns, under way, set aside
        self._turns = Turns()
        self._aside: dict[MessageId, Waiting] = {}  # failed for reasons of their own
        self._probed: list[Waiting] = []  # by these the way was found unusable; they come after the others
        self._own = Pauses[MessageId](first, longest, now)
        self._whole = Pauses[str](first, longest, now)
        self._why: Unusable | None = None
        self._was_tried = False
        self._untried: set[MessageId] = set()

    def keep(self, messages: Iterable[Waiting]) -> int:
        """The messages wait here from now on; returns how many did not already."""
        with self._keeping:
            new = {message.message_id: message for message in messages if message.message_id not in self._waiting}
            self._waiting |= new
            self._untried |= new.keys()
            self._turns.add(new.values())
        why = self._why
        if why is not None and new:
            self._way.say_why(new, why)
        self.bell.set()
        return len(new)

    def keeps(self, message_id: MessageId) -> bool:
        """Whether the message waits here, or is being signed or sent."""
        return message_id in self._waiting

    def is_at_rest(self) -> bool:
        """Whether all that waits here was tried since the start, or cannot be."""
        return self._was_tried and (self._why is not None or not self._untried)

    def look(self, stop: threading.Event) -> float:
        """Sign or send what is due, until `stop`; returns the seconds until the next look is due, should the bell not ring."""
        self._work_off(stop)
        return _LOOK_SECONDS if self._waiting or self._why is not None else _IDLE_SECONDS

    def _work_off(self, stop: threading.Event) -> None:
        if self._why is not None and not self._whole.is_due(""):
            return
        if (self._why is not None or not self._was_tried) and not self._can_be_tried():
            return
        self._take_up_again()
        failed_in_a_row = 0
        while not stop.is_set() and failed_in_a_row < _MAX_FAILURES:
            batch = self._next()
            if not batch:
                break
            end = self._now() + _BATCH_SECONDS

            def goes_on(tried: Tried | Unusable, end: float = end) -> bool:
                nonlocal failed_in_a_row
                if tried is not Tried.GONE:
                    failed_in_a_row = 0 if tried is Tried.DONE else failed_in_a_row + 1
                is_usable = not isinstance(tried, Unusable)
                return is_usable and failed_in_a_row < _MAX_FAILURES and self._now() < end and not stop.is_set()

            if not self._act(batch, goes_on):
                return
        if not self._waiting:
            self._open()

    def _can_be_tried(self) -> bool:
        if not self._waiting and not self._is_used:
            self._was_tried = True
            return False
        why = self._way.try_out()
        if why is not None:
            self._close(why)
        self._was_tried = True
        return why is None

    def _take_up_again(self) -> None:
        """Messages whose own pause is over have their turn again; while nothing goes through, all have but those tried by then."""
        with self._keeping:
            due = [
                message
                for message in self._aside.values()
                if self._why is not None or self._own.is_due(message.message_id)
            ]
            for message in due:
                del self._aside[message.message_id]
            self._turns.add(due)
            if self._why is None:
                self._turns.add(self._probed)
                self._probed.clear()

    def _next(self) -> list[Waiting]:
        """The next batch. While nothing goes through a single message, another one each time, so that none blocks others."""
        with self._keeping:
            batch = self._turns.take(_BATCH_SIZE if self._why is None else 1)
            if not batch and self._probed:
                self._turns.add(self._probed)
                self._probed.clear()
                batch = self._turns.take(1)
            return batch

    def _act(self, batch: list[Waiting], goes_on: GoesOn) -> bool:
        """False: it cannot be used."""
        left = {message.message_id: message for message in batch}
        try:
            outcomes = list(zip(batch, self._way.act(list(left), goes_on), strict=False))
            done = [message.message_id for message, tried in outcomes if tried is Tried.DONE]
            if done:
                self._open()
                self._way.follow_up(done)
            for message, tried in outcomes:
                del left[message.message_id]
                self._note(message, tried)
        finally:
            with self._keeping:
                self._turns.add(left.values())
        return self._why is None

    def _note(self, message: Waiting, tried: Tried | Unusable) -> None:
        with self._keeping:
            self._untried.discard(message.message_id)
            if isinstance(tried, Unusable):
                self._probed.append(message)
            elif tried is Tried.WAITS:
                self._aside[message.message_id] = message
            else:
                del self._waiting[message.message_id]
        if isinstance(tried, Unusable):
            self._close(tried)
        elif tried is Tried.WAITS:
            self._own.failed(message.message_id)
            self._open()
        else:
            self._own.over(message.message_id)

    def _close(self, why: Unusable) -> None:
        is_new = self._why != why
        self._why = why
        self._whole.failed("")
        if is_new:
            with self._keeping:
                waiting = list(self._waiting)
            self._way.say_why(waiting, why)
            self._way.closed(why)

    def _open(self) -> None:
        if self._why is None:
            return
        self._why = None
        self._whole.over("")
        self._way.opened()
