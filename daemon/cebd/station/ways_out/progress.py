"""How long work goes that takes more than a minute: messages that wait for their signature or for being sent, at the rate of these minutes.

It is a note among the conditions (`progress:signer:NAME`, `progress:channel:NAME`), so that `status`, the state files and the receipts
tell it; what takes less than a minute is not told at all.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from cebd.clock import Clock
from cebd.metrics.meter import Meter
from cebd.problems.problem import problem
from cebd.records.states import MessageState
from cebd.store.across.figures import waiting_queues
from cebd.store.conditions import PROGRESS, Conditions, Party
from cebd.store.store import Store

_LONG_SECONDS = 60.0
_WINDOW_SECONDS = 120.0  # over which the rate is taken
_BEGINNING_SECONDS = 30.0  # of a queue: nothing may be done yet, and it is told at the rate of the last one
_WORK = {MessageState.READY: ("signer", "CEBD-2407"), MessageState.SIGNED: ("channel", "CEBD-2408")}


class Progress:
    """Looked at every some seconds; where nothing waits it asks the store nothing but that."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        meter: Meter,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now`: seconds that never go back."""
        self._store, self._clock, self._conditions, self._meter, self._now = store, clock, conditions, meter, now
        self._done: dict[str, deque[tuple[float, int]]] = {}  # by key: how many were done until when
        self._usual: dict[str, float] = {}  # by key: the rate at which anything was last done
        self._begun: dict[str, float] = {}  # by key: when something began to wait

    def look(self) -> None:
        """Note, renew or end the notes."""
        with self._store.read() as transaction:
            queues = waiting_queues(transaction)
        standing = {condition.key for condition in self._conditions.current()}
        said, waiting = set(), set()
        for queue in queues:
            if queue.state not in _WORK:
                continue
            kind, id_ = _WORK[queue.state]
            way = f"{kind}:{queue.way}"
            key = f"{PROGRESS}{way}"
            waiting.add(key)
            rate = self._rate(key, self._meter.done(way)) or self._rate_at_the_beginning(key)
            if not rate or queue.depth / rate < _LONG_SECONDS or way in standing:
                continue
            ends = self._clock.now() + timedelta(seconds=queue.depth / rate)
            shown = f"{rate:.1f}" if rate >= 0.1 else f"{rate:.3f}"
            self._conditions.note(
                key, problem(id_, value=queue.way, count=queue.depth, rate=shown, ends=f"{ends:%H:%M}"), Party.CEBD
            )
            said.add(key)
        self._begun = {key: since for key, since in self._begun.items() if key in waiting}
        for kind, _ in _WORK.values():
            self._conditions.end_others(f"{PROGRESS}{kind}:", said)

    def _rate(self, key: str, done: int) -> float:
        """How many a second, of late."""
        now, past = self._now(), self._done.setdefault(key, deque())
        past.append((now, done))
        while now - past[0][0] > _WINDOW_SECONDS:
            past.popleft()
        seconds = now - past[0][0]
        rate = (done - past[0][1]) / seconds if seconds else 0.0
        if rate:
            self._usual[key] = rate
        return rate

    def _rate_at_the_beginning(self, key: str) -> float:
        """The rate of the last time, while nothing of a new queue may be done yet; 0 later, for then something is wrong."""
        now = self._now()
        return self._usual.get(key, 0.0) if now - self._begun.setdefault(key, now) < _BEGINNING_SECONDS else 0.0
