"""What many tests stand on: where the shared reference lies, and a clock that stands still."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cebd.clock import CST

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
OFFICIAL = SHARED / "spec" / "official"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the official reference material is not beside the project"
)


class StillClock:
    """A clock that tests set."""

    def __init__(self, moment: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=CST)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment
