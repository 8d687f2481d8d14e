"""[station] and [store]: the daemon as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cebd.file_names import LEFT_OVERS
from cebd.settings_table import Name, Seconds, SecondsOrNone, Table

Environment = Literal["trial", "test", "production"]


class Station(Table):
    """This daemon."""

    name: Name = Field("station", description="as `cebd status` and the log call it", examples=["station-1"])
    environment: Environment | None = Field(  # None: that of the store (`cebd.store.safety.environment`)
        None,
        description='"trial": a simulated side. "test": the e-port\'s joint test. "production": customs. '
        "A store belongs to one for ever",
        examples=["production"],
    )
    language: Literal["zh", "en", "both"] = Field("zh", description='of what is written for people: "zh", "en", "both"')
    stable_seconds: SecondsOrNone = Field(2.0, description="a file is taken when it has not changed for so long")
    rescan_seconds: Seconds = Field(
        10.0, description="folders are looked through this often, beside file events (network shares give none)"
    )
    receipts_seconds: Seconds = Field(15.0, description="receipts are looked for this often")
    overdue_minutes: float = Field(
        30.0, gt=0, allow_inf_nan=False, description="a message without any receipt for so long is reported"
    )
    ignore: tuple[str, ...] = Field(
        LEFT_OVERS,
        description="What NAS boxes, Windows and Office leave in an inbox is neither declared nor moved. "
        "This is the default; a list of your own replaces it.\n"
        'Names that begin with "." or "~$" or end in .part, .tmp, .filepart or .crdownload are left alone in any case.',
    )


class Store(Table):
    """Where the store is kept."""

    path: Path = Field(
        Path("store"),
        description="a folder on a local disk: what must not be lost. Back it up; never a network share",
    )
