"""When each statement is tried next, and the conditions that tell what went wrong with those that are behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from cebd.problems.problem import Problem
from cebd.store.conditions import Conditions, Party
from cebd.store.statements.books import StatementId

_LONGEST_PAUSE_SECONDS = 600.0

log = structlog.get_logger("cebd")


class Turns:
    """`key`: the beginning of the conditions' keys, before the enterprise; `now`: in seconds."""

    def __init__(self, key: str, conditions: Conditions, now: Callable[[], float]) -> None:
        self._key, self._conditions, self._now = key, conditions, now
        self._due: dict[StatementId, float] = {}
        self._failures: dict[StatementId, int] = {}
        self._wrong: dict[StatementId, tuple[Problem, Party]] = {}

    def is_due(self, one: StatementId) -> bool:
        return self._now() >= self._due.get(one, 0.0)

    def wrong(self) -> Iterator[StatementId]:
        """Those that could not be written."""
        yield from list(self._wrong)

    def forget(self, one: StatementId) -> None:
        """Nobody wants it any more."""
        self._wrong.pop(one, None)

    def succeeded(self, one: StatementId, rest: float) -> None:
        """It is written, or need not be; not again for `rest` seconds."""
        self._wrong.pop(one, None)
        self._failures.pop(one, None)
        self._due[one] = self._now() + rest

    def failed(self, one: StatementId, failure: Problem, party: Party) -> None:
        """It is tried again after a pause that doubles from time to time, to ten minutes."""
        times = self._failures[one] = self._failures.get(one, 0) + 1
        self._due[one] = self._now() + min(_LONGEST_PAUSE_SECONDS, 2.0**times)
        self._wrong[one] = (failure, party)

    def note_conditions(self) -> None:
        """One for each enterprise of which a statement could not be written; the others end."""
        wrong = {one.enterprise: found for one, found in list(self._wrong.items())}
        for enterprise, (failure, party) in wrong.items():
            if self._conditions.note(self._key + enterprise, failure, party, enterprise):
                log.warning(failure.en, id=failure.id, enterprise=enterprise)
        self._conditions.end_others(self._key, [self._key + enterprise for enterprise in wrong])
