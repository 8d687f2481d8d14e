"""[station] and [store]: the daemon as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cebd.file_names import LEFT_OVERS
from cebd.settings_table import Name, Seconds, SecondsOrNone, Table

Environment = Literal["trial", "test", "production"]


class Station(Table):
    """This daemon. `environment` None: that of the store (`cebd.store.safety.environment`)."""

    name: Name = "station"
    environment: Environment | None = None
    language: Literal["zh", "en", "both"] = "zh"
    stable_seconds: SecondsOrNone = 2.0
    rescan_seconds: Seconds = 10.0
    receipts_seconds: Seconds = 15.0
    overdue_minutes: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    ignore: tuple[str, ...] = LEFT_OVERS


class Store(Table):
    """Where the store is kept: a folder, relative to the settings file."""

    path: Path = Path("store")
