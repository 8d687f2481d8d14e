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
    outbox: Literal["by-day", "flat"] | None = Field(
        None,
        description='receipts lie "by-day" (outbox/2026-11-26/, outbox/json/2026-11-26/), or "flat" in outbox/ as without this key. '
        "What is there already stays where it is",
        examples=["by-day"],
    )
    ledger: bool = Field(
        True,
        description="each enterprise's folder has a workbook of its latest declarations, 台账.xlsx, kept up to date; "
        "those of earlier months lie in 台账/",
    )
    stable_seconds: SecondsOrNone = Field(2.0, description="a file is taken when it has not changed for so long")
    rescan_seconds: Seconds = Field(
        10.0, description="folders are looked through this often, beside file events (network shares give none)"
    )
    receipts_seconds: Seconds = Field(15.0, description="receipts are looked for this often")
    overdue_minutes: float = Field(
        10.0,
        gt=0,
        allow_inf_nan=False,
        description="a message without a receipt for so long is overdue, after three times as long an alarm is raised; "
        "longer where the answers so far took longer",
    )
    list_minutes: float = Field(
        60.0,
        gt=0,
        allow_inf_nan=False,
        description="so long a list waits for its order, payment and waybill to reach the e-port; then it is held",
    )
    ignore: tuple[str, ...] = Field(
        LEFT_OVERS,
        description="What NAS boxes, Windows and Office leave in an inbox is neither declared nor moved. "
        "This is the default; a list of your own replaces it.\n"
        'Names that begin with "." or "~$" or end in .part, .tmp, .filepart or .crdownload are left alone in any case.',
    )

    @property
    def receipts_by_day(self) -> bool:
        """Whether the receipts of new drops lie in folders by day."""
        return self.outbox == "by-day"


class Log(Table):
    """The log also as files of JSON, a line for each event; beside standard error, which systemd's journal keeps with its fields."""

    file: Path | None = Field(
        None, description="the file; earlier ones have .1, .2 ... behind", examples=["log/cebd.json"]
    )
    largest_mb: int = Field(20, gt=0, le=1000, description="a file of that size is put behind and a new one begun")
    kept: int = Field(10, ge=1, le=1000, description="so many earlier files are kept")

    def paths(self) -> dict[str, Path]:
        """Nothing that must be there already."""
        return {}


class Store(Table):
    """Where the store is kept."""

    path: Path = Field(
        Path("store"),
        description="a folder on a local disk: what must not be lost. Back it up; never a network share",
    )
