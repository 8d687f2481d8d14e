"""[mapping.NAME], [figures], [codes]: how files are read and judged."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import Field

from cebd.settings_table import Table


class Mapping(Table):
    """How the columns of one kind of workbook are meant. A heading that stands twice is named `币制#1`, `币制#2`."""

    type: str
    files: tuple[str, ...] = ("*",)
    columns: dict[str, str] = Field(default_factory=dict)
    sum_per_order: tuple[str, ...] = ()
    defaults: dict[str, str] = Field(default_factory=dict)


class OwnFigures(Table):
    """Figures of the rules that differ from the published ones (which stand in `rules/figures.toml`)."""

    order_limit: Decimal | None = Field(default=None, gt=0, decimal_places=5)
    annual_limit: Decimal | None = Field(default=None, gt=0, decimal_places=5)
    rounding: Decimal | None = Field(default=None, gt=0, le=1, decimal_places=5)
    return_days: int | None = Field(default=None, gt=0)
    waybill_months: int | None = Field(default=None, gt=0)
    oldest_years: int | None = Field(default=None, gt=0)
    earliest_year: int | None = Field(default=None, ge=1900, le=2100)
    days_ahead: int | None = Field(default=None, ge=0)


class Codes(Table):
    """Customs code tables of one's own: `units.csv` in this folder takes the place of the public copy of `units` (`rules/codes.py`)."""

    folder: Path | None = None
