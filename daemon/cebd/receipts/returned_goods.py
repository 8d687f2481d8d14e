"""Returned goods have to be back in time: within 45 days of the calendar from the day of their release. Else the tax is not given back, and
buyer's yearly allowance is not restored (GACC announcements 2018 No. 194, 2020 No. 45). The last week is named for each enterprise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from cebd.clock import CST, Clock
from cebd.problems.problem import problem
from cebd.store.across.earlier.declared import lists_numbered, lists_to_be_returned
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

_PREFIX = "returns:"
_REMINDER_DAYS = 7  # before the last day


def remind_of_returned_goods(
    store: Store, clock: Clock, conditions: Conditions, enterprises: Iterable[str], arrival_days: int
) -> None:
    """Note a condition for each enterprise with returns under way whose goods have a week left, or less; end it when that is over."""
    today = clock.now().astimezone(CST).date()
    noted = set()
    for enterprise in enterprises:
        due = _due(store, enterprise, arrival_days)
        soon = {number: day for number, day in due.items() if 0 <= (day - today).days <= _REMINDER_DAYS}
        if soon:
            first = min(soon, key=lambda number: (soon[number], number))
            reminder = problem("CEBD-1716", value=first, count=len(soon), day=f"{soon[first]}", days=arrival_days)
            conditions.note(_PREFIX + enterprise, reminder, Party.OPERATOR, enterprise)
            noted.add(_PREFIX + enterprise)
    conditions.end_others(_PREFIX, noted)


def _due(store: Store, enterprise: str, arrival_days: int) -> dict[str, date]:
    """By list, the last day on which goods that are being returned may come back."""
    with store.read() as transaction:
        lists = lists_numbered(transaction, sorted(lists_to_be_returned(transaction, enterprise)))
    return {
        number: datetime.fromisoformat(original.released).astimezone(CST).date() + timedelta(days=arrival_days)
        for number, original in lists.items()
        if original.released is not None
    }
