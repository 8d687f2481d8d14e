"""Lists of the station, by the numbers that applications name them by; and the applications about a list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR, bare_number
from cebd.records.states import State
from cebd.store.across.earlier.declared import InForce, in_force_of, versions_by_key, versions_in_force
from cebd.store.tables import records
from cebd.store.transaction import Transaction, batches

_LIST = "CEB621"
_NUMBERS_AT_ONCE = 100  # each is a range of the index


def lists_of_orders(transaction: Transaction, numbers: Sequence[str]) -> dict[str, list[InForce]]:
    """By order number (without the platform's code), the lists of those orders: those in force; else the last that were."""
    return _lists_by(transaction, "order_no", numbers)


def lists_by_own_number(transaction: Transaction, numbers: Sequence[str]) -> dict[str, list[InForce]]:
    """By copNo, the lists of that number, likewise."""
    return _lists_by(transaction, "key", numbers)


def _lists_by(transaction: Transaction, name: str, numbers: Sequence[str]) -> dict[str, list[InForce]]:
    """The store joins these numbers with the code of who gave them, which is looked for first."""
    values: list[str] = []
    for batch in batches(numbers, _NUMBERS_AT_ONCE):
        column = records.c[name]
        own = or_(*(column.between(number + KEY_SEPARATOR, number + AFTER_SEPARATOR) for number in batch))
        values += transaction.execute(select(column).where(records.c.type == _LIST, own).distinct()).scalars()
    found: dict[str, list[InForce]] = {}
    for batch in batches(values):
        for versions in versions_by_key(transaction, _LIST, name, batch, shown=True):
            named = [row for row in versions if row._mapping[name] in batch]
            for row in [row for row in versions_in_force(versions) if row in named] or named[-1:]:
                found.setdefault(bare_number(row._mapping[name]), []).append(in_force_of(row))
    return {number: [one for one in lists if one.state != State.REFUSED] or lists for number, lists in found.items()}


def applications_about(transaction: Transaction, type_: str, numbers: Sequence[str]) -> dict[str, list[InForce]]:
    """By the list's number (invtNo), the applications of that kind in force, or under way."""
    found: dict[str, list[InForce]] = {}
    for batch in batches(numbers):
        for versions in versions_by_key(transaction, type_, "list_no", batch, shown=True):
            for row in versions_in_force(versions):
                found.setdefault(row.list_no, []).append(in_force_of(row))
    return found
