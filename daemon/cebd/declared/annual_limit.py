"""The annual limit of a buyer's declarations (CEBD-1413), and what is left of it (CEBD-1418); the figures: `rules/figures.toml`.

| problem | counts | where |
| --- | --- | --- |
| over the limit, a warning | what was declared here and not refused | orders and lists |
| little left, a notice that says it is an estimate | lists that customs accepted, and the rows of the file | lists |

Little is left where another purchase may be too much: less than the limit of a single one. Nobody here knows what a buyer bought elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from cebd.declared.checked_file import Checking
from cebd.problems.problem import Problem
from cebd.records.record import Record
from cebd.rules.figures import Figures
from cebd.store.across.earlier.declared import bought
from cebd.store.across.earlier.quota import accepted_purchases
from cebd.store.transaction import Transaction

_LIST = "CEB621"


class _Near(NamedTuple):
    """A record after which little may be left: its position, its buyer, and what the buyer has bought in this file by then, in cents."""

    position: int
    buyer: bytes
    in_file: int


def comes_near(transaction: Transaction, type_: str, buyers: Sequence[bytes], figures: Figures, now: datetime) -> bool:
    """Whether one of these buyers has so much of this year, by declarations of that type, that something may be said of it."""
    spent = bought(transaction, type_, buyers, year_began(now), None) if buyers else {}
    little = figures.order_limit if type_ == _LIST else Decimal()
    return any(cents > int((figures.annual_limit - little) * 100) for cents in spent.values())


def year_began(now: datetime) -> str:
    """The first day of the year, as stored times compare with it."""
    return f"{now:%Y}-01-01"


class AnnualLimit:
    """The check of the orders, or lists, of a file: their values count in the order of the rows, so rows beyond the limit are reported."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._spent: dict[bytes, int] = {}  # by the buyers of this file, in the year, in cents
        self._in_file: dict[bytes, int] = {}  # of which in this file

    def check(self, records: Sequence[Record]) -> Iterator[tuple[int, Problem]]:
        """Problems with the positions of their records, which have the same type."""
        figures = self._checking.figures
        limit = figures.annual_limit
        limit_cents, little = int(limit * 100), int(figures.order_limit * 100)
        earlier = self._bought_earlier(records)
        near: list[_Near] = []
        for position, record in enumerate(records):
            buyer, value = record.facts.buyer, record.facts.value
            if buyer is None or value is None or record.app_type != "1":
                continue
            spent = self._spent.get(buyer, earlier.get(buyer, 0)) + value
            in_file = self._in_file.get(buyer, 0) + value
            self._spent[buyer], self._in_file[buyer] = spent, in_file
            if spent > limit_cents:
                facts = {"total": f"{Decimal(spent) / 100:f}", "limit": limit}
                yield position, self._checking.problem("CEBD-1413", record, "buyerIdNumber", None, **facts)
            elif spent > limit_cents - little and record.type == _LIST:
                near.append(_Near(position, buyer, in_file))
        yield from self._little_left(records, near)

    def _little_left(self, records: Sequence[Record], near: Sequence[_Near]) -> Iterator[tuple[int, Problem]]:
        """More was declared than accepted, so that only those who come near the limit by what was declared are asked about."""
        if not near:
            return
        figures = self._checking.figures
        buyers = sorted({one.buyer for one in near})
        accepted = accepted_purchases(
            self._checking.transaction, buyers, year_began(self._checking.now), self._checking.file.drop_id
        )
        for position, buyer, in_file in near:
            known = accepted.get(buyer, 0)
            left = figures.annual_limit - Decimal(known + in_file) / 100
            if known and 0 <= left < figures.order_limit:
                facts = {"left": f"{left:f}", "limit": figures.annual_limit, "accepted": f"{Decimal(known) / 100:f}"}
                yield position, self._checking.problem("CEBD-1418", records[position], "buyerIdNumber", None, **facts)

    def _bought_earlier(self, records: Sequence[Record]) -> dict[bytes, int]:
        """In cents, this year's purchases in other files, of buyers that are new in this file."""
        buyers = {record.facts.buyer for record in records if record.facts.buyer} - self._spent.keys()
        if not records:
            return {}
        drop_id = self._checking.file.drop_id
        return bought(
            self._checking.transaction, records[0].type, sorted(buyers), year_began(self._checking.now), drop_id
        )
