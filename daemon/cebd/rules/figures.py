"""The figures that the rules go by: what the law says in numbers, changed without code.

The published figures and their sources stand in `figures.toml`; the settings' section [figures] overrides them one by one. A further
figure is a field here and a line there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from cebd.records.amount import SCALE
from cebd.settings_table import Table


class Figures(Table):
    """Figures that the rules go by. These are the published ones; leave them out, and a new version of cebd brings what the law changes."""

    order_limit: Decimal = Field(
        gt=0, decimal_places=5, description="RMB: over it one order is held back (a single piece only warned of)"
    )
    annual_limit: Decimal = Field(gt=0, decimal_places=5, description="RMB: of one buyer in a year")
    rounding: Decimal = Field(
        gt=0,
        le=1,
        decimal_places=5,
        description="RMB: where amounts are worked out, a difference smaller than this is rounding",
    )
    return_days: int = Field(gt=0, description="a return is applied for within so many days of release")
    arrival_days: int = Field(gt=0, description="its goods are back within so many days of release")
    waybill_months: int = Field(gt=0, description="so long a waybill number is not used again")
    oldest_years: int = Field(gt=0, description="a buyer's date of birth lies no more years back")
    earliest_year: int = Field(ge=1900, le=2100, description="a date before this year is a slip")
    days_ahead: int = Field(ge=0, description="so many days a date may lie ahead of today")

    @model_validator(mode="before")
    @classmethod
    def _published_where_none_is_given(cls, own: object) -> object:
        return {**_published(), **own} if isinstance(own, dict) else own

    # The amounts as whole numbers of 0.00001 yuan, as rules count: it is done for each of 100,000 orders.

    @cached_property
    def order_limit_scaled(self) -> int:
        return _scaled(self.order_limit)

    @cached_property
    def annual_limit_scaled(self) -> int:
        return _scaled(self.annual_limit)

    @cached_property
    def rounding_scaled(self) -> int:
        return _scaled(self.rounding)


def figures(own: Mapping[str, Decimal | int] | None = None) -> Figures:
    """The published figures, with one's own in their place. Raises pydantic.ValidationError for a name or value that is none."""
    return Figures.model_validate(dict(own or {}))


class WrongFigures(Exception):
    """The published figures are not those that the rules ask for: which file, and each figure that is wrong."""


@cache
def _published() -> dict[str, Any]:
    path = Path(__file__).with_name("figures.toml")
    published = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    lacking = [f"{name} has no line" for name in Figures.model_fields if name not in published]
    unknown = [f"{name} is no field of Figures" for name in published if name not in Figures.model_fields]
    if lacking or unknown:
        raise WrongFigures(f"{path}: {'; '.join(lacking + unknown)}")
    return published


def _scaled(amount: Decimal) -> int:
    return int(amount.scaleb(SCALE))
