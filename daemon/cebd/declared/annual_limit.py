"""The annual limit of a buyer's declarations (CEBD-1413); for the figure see `cebd/rules/figures.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cebd.declared.checked_file import Checking
from cebd.problems.problem import Problem
from cebd.records.record import Record
from cebd.store.across.declared import bought


class AnnualLimit:
    """The check of the orders, or lists, of a file: their values count in the order of the rows, so rows beyond the limit are reported."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._spent: dict[bytes, int] = {}  # by the buyers of this file, in the year, in cents

    def check(self, records: Sequence[Record]) -> Iterator[tuple[int, Problem]]:
        """Problems with the positions of their records, which have the same type."""
        limit = self._checking.figures.annual_limit
        limit_cents = int(limit * 100)
        earlier = self._bought_earlier(records)
        for position, record in enumerate(records):
            buyer, value = record.facts.buyer, record.facts.value
            if buyer is None or value is None or record.app_type != "1":
                continue
            spent = self._spent.get(buyer, earlier.get(buyer, 0)) + value
            self._spent[buyer] = spent
            if spent > limit_cents:
                facts = {"total": f"{Decimal(spent) / 100:f}", "limit": limit}
                yield position, self._checking.problem("CEBD-1413", record, "buyerIdNumber", None, **facts)

    def _bought_earlier(self, records: Sequence[Record]) -> dict[bytes, int]:
        """In cents, this year's purchases in other files, of buyers that are new in this file."""
        buyers = {record.facts.buyer for record in records if record.facts.buyer} - self._spent.keys()
        if not records:
            return {}
        since, drop_id = f"{self._checking.now:%Y}-01-01", self._checking.file.drop_id
        return bought(self._checking.transaction, records[0].type, sorted(buyers), since, drop_id)
