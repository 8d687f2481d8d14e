"""Figures of a station over time, for charts: what was declared and released, refusals by code, how long a release takes, tax by month."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cebd.clock import CST, Clock, iso
from cebd.customs.statuses import CANCELLED
from cebd.operations.text import Text
from cebd.receipts.statements.tax_bill_book import VOID, total
from cebd.records.states import State
from cebd.store.across.finding.groups import Group
from cebd.store.console import figures, questions
from cebd.store.statements.tax_bills import bills_between, count_bills_between
from cebd.store.store import Store
from cebd.store.transaction import Transaction

_HOURS, _DAYS, _MONTHS, _CODES = 24, 14, 12, 10
_RELEASES = 2000
_MOST_BILLS = 20_000  # of more the month's workbook has the sums
_REMEMBERED_SECONDS = 60.0
_SPANS = (
    (1, Text("1 小时内", "under 1 h")),
    (4, Text("1–4 小时", "1–4 h")),
    (12, Text("4–12 小时", "4–12 h")),
    (24, Text("12–24 小时", "12–24 h")),
    (72, Text("1–3 天", "1–3 days")),
    (None, Text("3 天以上", "over 3 days")),
)


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each label. `name`: what is counted."""

    name: Text
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chart:
    """`labels`: along the axis; each series has a value for each."""

    name: str
    title: Text
    labels: Sequence[Text]
    series: Sequence[Series]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not any(value for one in self.series for value in one.values)


def charts(store: Store, enterprises: Sequence[str], now: datetime) -> tuple[Chart, ...]:
    """All of them, as of now."""
    with store.read() as transaction:
        counted = questions.counts_by_group(transaction)
        return (
            _by_time(transaction, "hours", now, _HOURS, timedelta(hours=1), 13),
            _by_time(transaction, "days", now, _DAYS, timedelta(days=1), 10),
            _refusals(counted),
            _time_to_release(transaction, now),
            _tax(transaction, enterprises, now),
        )


_DECLARED, _RELEASED = Text("已送出的单证", "documents handed over"), Text("已放行的清单", "lists released")
_TITLES = {
    "hours": Text("最近 24 小时", "The last 24 hours"),
    "days": Text("最近 14 天", "The last 14 days"),
}


def _by_time(transaction: Transaction, name: str, now: datetime, count: int, step: timedelta, length: int) -> Chart:
    """`length`: so many characters of ISO 8601 tell one span from the next."""
    last = now.astimezone(CST)
    keys = [iso(last - step * back)[:length] for back in range(count - 1, -1, -1)]
    declared = figures.declared_by(transaction, keys[0], length)
    released = figures.released_by(transaction, keys[0], length)
    labels = [Text(shown, shown) for shown in (f"{key[11:]}:00" if length > 10 else key[5:] for key in keys)]
    series = (
        Series(_DECLARED, [declared.get(key, 0) for key in keys]),
        Series(_RELEASED, [released.get(key, 0) for key in keys]),
    )
    return Chart(name, _TITLES[name], labels, series)


def _refusals(counted: Mapping[Group, int]) -> Chart:
    by_code: dict[str, int] = {}
    for group, count in counted.items():
        if group.state is State.REFUSED and group.status != CANCELLED:
            by_code[group.status or "?"] = by_code.get(group.status or "?", 0) + count
    commonest = sorted(by_code.items(), key=lambda item: -item[1])[:_CODES]
    return Chart(
        "refusals",
        Text("退单代码", "Refusals by code"),
        [Text(code, code) for code, _ in commonest],
        (Series(Text("退单的单证", "documents refused"), [count for _, count in commonest]),),
    )


def _time_to_release(transaction: Transaction, now: datetime) -> Chart:
    counts = [0] * len(_SPANS)
    for release in figures.latest_releases(transaction, iso(now - timedelta(days=90)), _RELEASES):
        try:
            took = datetime.fromisoformat(release.released) - datetime.fromisoformat(release.received)
        except (ValueError, TypeError):
            continue  # customs gave no time
        hours = took.total_seconds() / 3600
        counts[next(nth for nth, (limit, _) in enumerate(_SPANS) if limit is None or hours < limit)] += 1
    return Chart(
        "release",
        Text("从收到文件到放行（最近的清单）", "From the file to the release (latest lists)"),
        [text for _, text in _SPANS],
        (Series(_RELEASED, counts),),
    )


def _tax(transaction: Transaction, enterprises: Sequence[str], now: datetime) -> Chart:
    months = []
    year, month = now.astimezone(CST).year, now.astimezone(CST).month
    for back in range(_MONTHS - 1, -1, -1):
        index = year * 12 + month - 1 - back
        months.append(f"{index // 12}-{index % 12 + 1:02d}")
    sums = dict.fromkeys(months, Decimal())
    for enterprise in enterprises:
        if count_bills_between(transaction, enterprise, months[0], months[-1]) > _MOST_BILLS:
            continue
        for bill in bills_between(transaction, enterprise, months[0], months[-1]):
            if bill.status != VOID and bill.first[:7] in sums:
                sums[bill.first[:7]] += total(bill)
    return Chart(
        "tax",
        Text("每月税款（元）", "Tax by month (yuan)"),
        [Text(month, month) for month in months],
        (Series(Text("有效税单合计", "valid tax bills"), [float(value) for value in sums.values()]),),
    )


class RecentCharts:
    """The charts, made at most once a minute whoever asks, but for those of a station that has nothing yet; safe for several threads."""

    def __init__(
        self, store: Store, enterprises: Sequence[str], clock: Clock, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._enterprises, self._clock, self._now = store, enterprises, clock, now
        self._lock = threading.Lock()
        self._made: tuple[float, tuple[Chart, ...]] | None = None

    def charts(self) -> tuple[Chart, ...]:
        """As of at most a minute ago."""
        with self._lock:
            made = self._made
            if made is None or self._now() - made[0] > _REMEMBERED_SECONDS or all(one.is_empty for one in made[1]):
                made = self._made = (self._now(), charts(self._store, self._enterprises, self._clock.now()))
            return made[1]
