"""Clocks that go as a test wants."""

from __future__ import annotations

from datetime import datetime, timedelta

from cebd.clock import CST


class StillClock:
    """A clock that tests set."""

    def __init__(self, moment: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=CST)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class SteppingClock:
    """A minute later at each look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 2, 3, 0, tzinfo=CST)

    def now(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now


class SimulatedTime:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
