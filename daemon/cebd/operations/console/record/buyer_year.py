"""What this station knows of a buyer's year: an estimate, as nobody here knows what the buyer bought elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cebd.declared.annual_limit import year_began
from cebd.rules.figures import Figures
from cebd.store.across.earlier.declared import bought
from cebd.store.across.earlier.quota import accepted_purchases
from cebd.store.transaction import Transaction

_LIST = "CEB621"


@dataclass(frozen=True, slots=True)
class BuyerYear:
    """RMB of this year, by this station's inventory lists: `declared` and not refused, of which customs `accepted`; `limit` of a year."""

    year: int
    declared: Decimal
    accepted: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        """At most so much is left, if the buyer bought nothing elsewhere."""
        return max(self.limit - self.declared, Decimal())


def buyer_year(transaction: Transaction, buyer: bytes, figures: Figures, now: datetime) -> BuyerYear:
    """Of the buyer of that digest (`cebd.records.facts.buyer_of`)."""
    since = year_began(now)
    declared = bought(transaction, _LIST, [buyer], since, None).get(buyer, 0)
    accepted = accepted_purchases(transaction, [buyer], since, None).get(buyer, 0)
    return BuyerYear(now.year, Decimal(declared) / 100, Decimal(accepted) / 100, figures.annual_limit)
