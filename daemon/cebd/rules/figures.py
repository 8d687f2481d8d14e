"""The figures that the rules go by: what the law says in numbers, changed without code.

Defaults and their sources stand in `figures.toml`; the settings' section [figures] overrides them one by one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cebd.records.amount import SCALE


@dataclass(frozen=True)
class Figures:
    """Amounts in RMB, spans of time in the unit of their name."""

    order_limit: Decimal
    annual_limit: Decimal
    rounding: Decimal
    return_days: int
    waybill_months: int
    oldest_years: int
    earliest_year: int
    days_ahead: int

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
    """The published figures, those of the settings' [figures] in their place. Raises TypeError for a name that is none."""
    return Figures(**{**_published(), **(own or {})})


@cache
def _published() -> dict[str, Any]:
    path = Path(__file__).with_name("figures.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    amounts = {name: Decimal(found[name]) for name in ("order_limit", "annual_limit", "rounding")}
    return found | amounts


def _scaled(amount: Decimal) -> int:
    return int(amount.scaleb(SCALE))
