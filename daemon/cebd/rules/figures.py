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
    """[figures]: amounts in RMB, spans of time in the unit of their name; where none is given, the published one counts."""

    order_limit: Decimal = Field(gt=0, decimal_places=5)
    annual_limit: Decimal = Field(gt=0, decimal_places=5)
    rounding: Decimal = Field(gt=0, le=1, decimal_places=5)
    return_days: int = Field(gt=0)
    waybill_months: int = Field(gt=0)
    oldest_years: int = Field(gt=0)
    earliest_year: int = Field(ge=1900, le=2100)
    days_ahead: int = Field(ge=0)

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


@cache
def _published() -> dict[str, Any]:
    text = Path(__file__).with_name("figures.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _scaled(amount: Decimal) -> int:
    return int(amount.scaleb(SCALE))
