"""When something is told, by one alarm: a decision on values, with no clock of its own.

| what | when |
| --- | --- |
| a new trouble | when it has stood for `after`, together with all others that are due |
| the same trouble, at its next stage (a certificate) | as a new one |
| it is over | once, when it has been over for `QUIET`: what comes and goes meanwhile is the same trouble still |
| another message | not before `every` has passed since the last |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from cebd.alarms.matters import Matter
from cebd.store.beside.alarms_told import Told

QUIET = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: the troubles that are new, and those that were told and are over. `is_trial`: somebody wants to see that it arrives."""

    new: tuple[Matter, ...] = ()
    over: tuple[Told, ...] = ()
    is_trial: bool = False


class Pace(NamedTuple):
    """How patient an alarm is."""

    after: timedelta
    every: timedelta


@dataclass
class Round:
    """What one alarm remembers while the process lives. `told` (by key) stands in the store as well."""

    pace: Pace
    told: dict[str, Told]
    gone: dict[str, datetime] = field(default_factory=dict)  # since when a told trouble is over
    last: datetime | None = None  # when the last message went

    def decide(self, matters: Mapping[str, Matter], now: datetime) -> Notice | None:
        """What is to be told now; None for nothing. Called at every look, and `was_told` when it went out."""
        self.gone = {key: self.gone.get(key, now) for key in self.told if key not in matters}
        new = tuple(
            matter
            for _, matter in sorted(matters.items())
            if self._is_news(matter) and now - matter.began >= self.pace.after
        )
        over = tuple(self.told[key] for key, since in sorted(self.gone.items()) if now - since >= QUIET)
        if not (new or over) or (self.last is not None and now - self.last < self.pace.every):
            return None
        return Notice(new, over)

    def was_told(self, notice: Notice, now: datetime) -> None:
        """The notice went out."""
        self.last = now
        for told in notice.over:
            self.told.pop(told.key, None)
        for matter in notice.new:
            self.told[matter.key] = Told(matter.key, matter.stage, matter.since, matter.problem)

    def _is_news(self, matter: Matter) -> bool:
        told = self.told.get(matter.key)
        return told is None or told.stage != matter.stage
