"""Refusals by the dozen have a single cause mostly: they are named as one trouble, while there is time to hold back the next file."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

import structlog

from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party
from cebd.store.history import Refusal, last_history_id, refusals_after
from cebd.store.store import Store

log = structlog.get_logger("cebd")

MANY = 12  # within
_SECONDS = 3600.0
_PREFIX = "refusals:"


class Refusals:
    """Counts the answers by which customs or the e-port refused a declaration, as they come in; of each enterprise apart."""

    def __init__(self, store: Store, conditions: Conditions, now: Callable[[], float] = time.monotonic) -> None:
        self._store, self._conditions, self._now = store, conditions, now
        self._seen: int | None = None
        self._lately: dict[str, deque[tuple[float, Refusal]]] = {}

    def begin(self) -> None:
        """Before the first receipts of this run are applied: what came earlier is not counted."""
        if self._seen is None:
            with self._store.read() as transaction:
                self._seen = last_history_id(transaction)

    def look(self, *, something_new: bool) -> None:
        """Look at what came since the last look, if anything did; forget what is an hour old."""
        if something_new and self._seen is not None:
            self._count(self._seen)
        for enterprise, lately in self._lately.items():
            while lately and lately[0][0] <= self._now() - _SECONDS:
                lately.popleft()
            self._say(enterprise, [refusal for _, refusal in lately])

    def _count(self, seen: int) -> None:
        with self._store.read() as transaction:
            new = refusals_after(transaction, seen)
            self._seen = last_history_id(transaction)
        for refusal in new:
            self._lately.setdefault(refusal.enterprise, deque()).append((self._now(), refusal))

    def _say(self, enterprise: str, lately: list[Refusal]) -> None:
        count = len({refusal.record_id for refusal in lately})
        if count < MANY:
            if self._conditions.end(_PREFIX + enterprise):
                log.info("refusals have become few", enterprise=enterprise)
            return
        most, _ = Counter(refusal.status for refusal in lately).most_common(1)[0]
        # By the dozen: the text is not another with every receipt.
        said = problem("CEBD-2402", value=most, count=count // MANY * MANY)
        if self._conditions.note(_PREFIX + enterprise, said, Party.OPERATOR, enterprise):
            log.warning(said.en, id=said.id, enterprise=enterprise)
