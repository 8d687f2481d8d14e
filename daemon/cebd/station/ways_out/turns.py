"""The messages that wait for a channel, or for the signers of a station, which share one line; and the order in which they go through.

Enterprises take turns, and so do the files of each: a file of one message waits for the batch under way and not for the thousand messages
that came before it.

Each signer takes the next message that it may sign as soon as it is free: several tokens of an enterprise sign side by side, and what one
that is away does not take, the others do. A message is with one of them at a time. It says why it waits only when none of them can be used.

A message that was tried while nothing went through keeps its place: the messages of a file go in their order after an outage. One at which
the way breaks although others go through (a suspect) comes after all others.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from cebd.records.ids import DropId, MessageId
from cebd.station.pauses import Pauses

Ways = tuple[str, ...]
_TURN_PAUSES = (0.5, 20.0)  # seconds between looks whether a message's turn has come: the first, the longest


class Waiting(NamedTuple):
    """A message that waits, and whose turn it takes. `ways`: the signers that may sign it; empty where there is one way only."""

    message_id: MessageId
    drop_id: DropId
    enterprise: str
    ways: Ways = ()


class _Party(NamedTuple):
    """An enterprise, and who may sign its messages."""

    enterprise: str
    ways: Ways


class Turns:
    """Messages in that order; of each file the oldest message first."""

    def __init__(self) -> None:
        self._parties: OrderedDict[_Party, OrderedDict[DropId, list[MessageId]]] = OrderedDict()

    def add(self, messages: Iterable[Waiting]) -> None:
        """Each message is to be added once."""
        for message in messages:
            files = self._parties.setdefault(_Party(message.enterprise, message.ways), OrderedDict())
            heappush(files.setdefault(message.drop_id, []), message.message_id)

    def take(self, may: Callable[[Ways], bool] = lambda _: True) -> Waiting | None:
        """The next message, among those whose ways are such; it is not in here any more."""
        party = next((party for party in self._parties if may(party.ways)), None)
        if party is None:
            return None
        files = self._parties.pop(party)
        drop_id, message_ids = files.popitem(last=False)
        message_id = heappop(message_ids)
        # Whoever had a turn comes last.
        if message_ids:
            files[drop_id] = message_ids
        if files:
            self._parties[party] = files
        return Waiting(message_id, drop_id, *party)


def all_of(ways: Ways) -> Collection[str]:
    """Every way may be used at any time."""
    return ways


class WaitingLine:
    """Used by the threads of all its watchers. `way` is None where there is one only."""

    def __init__(self, pauses: Pauses[MessageId], on_duty: Callable[[Ways], Collection[str]] = all_of) -> None:
        """`pauses`: of messages that failed for reasons of their own. `on_duty`: those of these signers that are to sign now."""
        self._own = pauses
        self._later = Pauses[MessageId](*_TURN_PAUSES)
        self._on_duty = on_duty
        self._lock = threading.Lock()
        self._waiting: dict[MessageId, Waiting] = {}  # all: in turns, under way, set aside
        self._numbers: Counter[Ways] = Counter()  # of them
        self._turns = Turns()
        self._suspects: set[MessageId] = set()
        self._last = Turns()  # of suspects
        self._aside: dict[MessageId, Waiting] = {}  # failed for reasons of their own
        self._untried: set[MessageId] = set()
        self._withdrawn: set[MessageId] = set()  # they wait elsewhere
        self._closed: set[str | None] = set()  # ways that cannot be used

    def add(self, messages: Iterable[Waiting]) -> list[Waiting]:
        """The messages wait here from now on; those that did not already."""
        with self._lock:
            new = {message.message_id: message for message in messages if message.message_id not in self._waiting}
            self._waiting |= new
            self._numbers.update(message.ways for message in new.values())
            self._untried |= new.keys()
            self._turns.add(new.values())
            return list(new.values())

    def has(self, message_id: MessageId) -> bool:
        """Whether the message waits here, or is being signed or sent."""
        return message_id in self._waiting

    def has_any_for(self, way: str | None) -> bool:
        """Whether a message is here that this way may sign or send, be it another that is at it."""
        with self._lock:
            return any(number and (way is None or way in ways) for ways, number in self._numbers.items())

    def is_on_duty(self, way: str | None) -> bool:
        """Whether it is to be used for anything that waits here."""
        with self._lock:
            return any(number and self._is_for(way, ways) for ways, number in self._numbers.items())

    def has_untried_for(self, way: str | None) -> bool:
        """Whether a message for this way was not tried since it came."""
        with self._lock:
            return any(self._is_for(way, self._waiting[message_id].ways) for message_id in self._untried)

    def take(self, way: str | None, *, but: Collection[MessageId] = ()) -> Waiting | None:
        """The next message for this way, and none of those in `but`."""
        passed = list[Waiting]()
        with self._lock:
            while True:
                message = self._take(way)
                if message is not None and message.message_id in but:
                    passed.append(message)
                elif message is None or not self._is_withdrawn(message):
                    self._add(passed)
                    return message

    def _take(self, way: str | None) -> Waiting | None:
        def may(ways: Ways) -> bool:
            return self._is_for(way, ways)

        return self._turns.take(may) or self._last.take(may)

    def _add(self, messages: Iterable[Waiting]) -> None:
        for message in messages:
            (self._last if message.message_id in self._suspects else self._turns).add([message])

    def give_back(self, messages: Iterable[Waiting]) -> None:
        """They were taken and not tried."""
        with self._lock:
            self._add(messages)

    def tried_in_vain(self, messages: Collection[Waiting]) -> None:
        """They were taken, and the way cannot be used."""
        with self._lock:
            self._untried.difference_update(message.message_id for message in messages)
            self._add(messages)

    def suspect(self, messages: Iterable[Waiting]) -> None:
        """They were taken, the way broke at each of them, and another went through right after."""
        for message in messages:
            self._suspects.add(message.message_id)
            self.failed(message)

    def is_suspect(self, message: Waiting) -> bool:
        """Whether it is one of those."""
        return message.message_id in self._suspects

    def failed(self, message: Waiting) -> None:
        """For a reason of its own: it has its turn again later."""
        with self._lock:
            self._untried.discard(message.message_id)
            self._aside[message.message_id] = message
            self._own.failed(message.message_id)

    def later(self, message: Waiting) -> None:
        """What it waits for has not come: it has its turn again soon."""
        with self._lock:
            self._untried.discard(message.message_id)
            self._aside[message.message_id] = message
            self._later.failed(message.message_id)

    def through(self, message: Waiting) -> None:
        """Nothing is left to do for it here."""
        with self._lock:
            self._withdrawn.discard(message.message_id)
            self._forget(message)

    def _forget(self, message: Waiting) -> None:
        self._untried.discard(message.message_id)
        self._suspects.discard(message.message_id)
        del self._waiting[message.message_id]
        self._numbers[message.ways] -= 1
        self._own.over(message.message_id)
        self._later.over(message.message_id)

    def withdraw(self, message_ids: Collection[MessageId]) -> None:
        """They wait elsewhere from now on; one that is under way is found out by whoever is at it."""
        with self._lock:
            self._withdrawn.update(message_id for message_id in message_ids if message_id in self._waiting)
            self._aside = {key: message for key, message in self._aside.items() if not self._is_withdrawn(message)}

    def _is_withdrawn(self, message: Waiting) -> bool:
        """Whether it was; it is forgotten then."""
        if message.message_id not in self._withdrawn:
            return False
        self._withdrawn.discard(message.message_id)
        self._forget(message)
        return True

    def take_up_again(self) -> None:
        """Messages whose own pause is over have their turn again."""
        with self._lock:
            due = [key for key in self._aside if self._own.is_due(key) and self._later.is_due(key)]
            self._add(self._aside.pop(key) for key in due)

    def try_now(self, message_ids: Collection[MessageId] | None = None) -> bool:
        """The pauses of these (all) are over; whether one of them waits here."""
        with self._lock:
            hurried = [key for key in (self._waiting if message_ids is None else message_ids) if key in self._waiting]
            for message_id in hurried:
                self._own.over(message_id)
                self._later.over(message_id)
            return bool(hurried)

    def close(self, way: str | None) -> None:
        """It cannot be used now."""
        with self._lock:
            self._closed.add(way)

    def open(self, way: str | None) -> None:
        """It can be used again."""
        with self._lock:
            self._closed.discard(way)

    def stuck(self, way: str | None, among: Iterable[Waiting] | None = None) -> list[MessageId]:
        """Of these messages (all that wait here) those that wait for this way, and that no other can sign now."""
        with self._lock:
            messages = list(self._waiting.values() if among is None else among)
            stuck = {ways for ways in {message.ways for message in messages} if self._is_stuck(way, ways)}
            return [message.message_id for message in messages if message.ways in stuck]

    def _is_stuck(self, way: str | None, ways: Ways) -> bool:
        needed = self._on_duty(ways) if way is not None and ways else (way,)
        return way in needed and all(one in self._closed for one in needed)

    def _is_for(self, way: str | None, ways: Ways) -> bool:
        return way is None or not ways or way in self._on_duty(ways)


__all__ = ["Turns", "Waiting", "WaitingLine"]
