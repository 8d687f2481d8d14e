"""The watcher of a signer or channel: it keeps the messages that wait there, and lets them go on when possible.

| failure | result |
| --- | --- |
| the signer or channel: token away, PIN refused, line down | a try at growing pauses; when it works, all messages go on, in order |
| a message: in doubt, refused there, an internal error | it is tried again at growing pauses of its own; the others go on |

Nothing is written while messages wait. Our own rows record which wait: after a kill the next start hands it to the watcher again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cebd.problems.problem import Problem
from cebd.records.ids import MessageId
from cebd.station.pauses import Pauses
from cebd.store.conditions import Party

_MAX_FAILURES = 5  # messages in a row that fail for reasons of their own; the others are for the next look


class Tried(Enum):
    """The outcome of a try at a message."""

    DONE = "done"
    WAITS = "waits"  # only this message, with its reason noted; the signer or channel itself answered
    GONE = "gone"  # taken back by the store, as its file had changed: nothing is left to do


_OVER = (Tried.DONE, Tried.GONE)


@dataclass(frozen=True)
class Unusable:
    """The signer or channel cannot be used now: nothing that waits for it can go on."""

    problem: Problem
    party: Party


class Way(Protocol):
    """A signer or a channel, as its watcher uses it; by a single thread at a time. Nothing here raises."""

    def try_out(self) -> Unusable | None:
        """Test without a message whether it can be used. A channel is tested with the first waiting message instead."""
        ...

    def act(self, message_id: MessageId) -> Tried | Unusable:
        """Sign or send a message; doing it twice is harmless."""
        ...

    def follow_up(self, message_id: MessageId) -> None:
        """Begin the next step of the message. Killed before this, the next start finds the message by its state."""
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
    """Watches a signer or channel. The workflow calls `attempt`; a thread of the watcher calls `look` repeatedly."""

    def __init__(self, way: Way, first: float, longest: float, now: Callable[[], float], *, is_used: bool) -> None:
        """`first` and `longest`: seconds between tries. `is_used`: it is tried out although nothing waits."""
        self._way = way
        self._is_used = is_used
        self._acting = threading.Lock()
        self._keeping = threading.Lock()
        self._waiting: dict[MessageId, None] = {}
        self._own = Pauses[MessageId](first, longest, now)
        self._whole = Pauses[str](first, longest, now)
        self._why: Unusable | None = None
        self._was_tried = False
        self._untried: set[MessageId] = set()
        self._probed = MessageId(0)

    def attempt(self, message_id: MessageId) -> bool:
        """Sign or send the message now if possible. True: done; the caller begins the next step. False: the message waits here."""
        if self._why is None:
            with self._acting:
                if self._why is None:  # it may have become unusable while this message waited for its turn
                    tried = self._way.act(message_id)
                    if tried not in _OVER:
                        self._failed(message_id, tried)
                    return tried is Tried.DONE
        self.keep(message_id, is_tried=True)
        return False

    def keep(self, message_id: MessageId, *, is_tried: bool = False) -> None:
        """The message waits here from now on."""
        with self._keeping:
            self._waiting[message_id] = None
            if not is_tried:
                self._untried.add(message_id)
        why = self._why
        if why is not None:
            self._way.say_why([message_id], why)

    def keeps(self, message_id: MessageId) -> bool:
        """Whether the message waits here."""
        return message_id in self._waiting

    def is_at_rest(self) -> bool:
        """Whether all that waits here was tried since the start, or cannot be."""
        return self._was_tried and (self._why is not None or not self._untried)

    def look(self, stop: threading.Event) -> None:
        """Try the messages that are due; all waiting messages go on once a message has gone through."""
        if self._why is not None and not self._whole.is_due(""):
            return
        if (self._why is not None or not self._was_tried) and not self._can_be_tried():
            return
        failed_in_a_row = 0
        for message_id in self._in_order():
            if stop.is_set():
                return
            if self._why is None and not self._own.is_due(message_id):
                continue
            with self._acting:
                if self._why is not None and not self._whole.is_due(""):
                    return  # found unusable meanwhile, with a message of the workflow's
                tried = self._way.act(message_id)
                if tried is Tried.DONE:
                    self._open()
                elif tried is not Tried.GONE:
                    self._failed(message_id, tried)
            self._probed = message_id
            if tried not in _OVER:
                failed_in_a_row += 1
                if isinstance(tried, Unusable) or failed_in_a_row == _MAX_FAILURES:
                    return
                continue
            if tried is Tried.DONE:
                self._way.follow_up(message_id)
                failed_in_a_row = 0
            with self._keeping:
                self._waiting.pop(message_id, None)
                self._untried.discard(message_id)
            self._own.over(message_id)
        with self._acting:
            if not self._waiting:
                self._open()

    def _can_be_tried(self) -> bool:
        if not self._waiting and not self._is_used:
            self._was_tried = True
            return False
        with self._acting:
            why = self._way.try_out()
            if why is not None:
                self._close(why)
        self._was_tried = True
        return why is None

    def _in_order(self) -> list[MessageId]:
        """The waiting messages, the oldest first; while nothing goes through, another message each time, so that none blocks others."""
        with self._keeping:
            waiting = sorted(self._waiting)
        if self._why is None:
            return waiting
        return [
            *(message_id for message_id in waiting if message_id > self._probed),
            *(message_id for message_id in waiting if message_id <= self._probed),
        ]

    # A single thread at a time, which holds `_acting`, tests and notes whether it can be used.

    def _failed(self, message_id: MessageId, tried: Tried | Unusable) -> None:
        with self._keeping:
            self._waiting[message_id] = None
            self._untried.discard(message_id)
        if isinstance(tried, Unusable):
            self._close(tried)
        else:
            self._own.failed(message_id)
            self._open()

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
        if self._why is not None:
            self._why = None
            self._whole.over("")
            self._way.opened()
