"""Clocks that go as a test wants."""

from __future__ import annotations

from datetime import datetime

from cebd.clock import CST


class StillClock:
    """A clock that tests set."""

    def __init__(self, moment: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=CST)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment
