"""Dates and times that are declared: `YYYYMMDD` and `YYYYMMDDhhmmss`, China Standard Time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from cebd.rules.figures import Figures
from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Violation, rule

_DAY_DIGITS, _TIME_DIGITS = 8, 14


def dates_exist(*fields: str) -> Rule:
    """These fields of the head, where they are given, are dates or times of the calendar and of this trade.

    Whole days are compared, so that a clock that is fast, or a flight that lands tomorrow, is no mistake: only what lies on a day after
    tomorrow (`days_ahead`) or before the trade began (`earliest_year`) is one.
    """

    def not_of_the_calendar(columns: RecordColumns) -> Iterator[int]:
        for name in fields:
            yield from columns.heads_where(name, lambda text: text and _why_not(text, columns.figures, columns.today))

    @rule(
        "CEBD-1316",
        source="specification chapter 3: formats of declTime, ieDate, payTime, logisticsTime, appTime",
        screen=not_of_the_calendar,
    )
    def dates_are_of_the_calendar(record: RecordTexts) -> Iterator[Violation]:
        for name in fields:
            text = record.head.get(name)
            if text:
                why = _why_not(text, record.figures, record.today)
                if why is not None:
                    yield Violation("CEBD-1316", "head", -1, name, {"why_zh": why[0], "why_en": why[1]})

    return dates_are_of_the_calendar


@lru_cache(maxsize=256)  # the records of a file share a few days
def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _why_not(text: str, figures: Figures, today: date) -> tuple[str, str] | None:
    nowhere = ("在日历上不存在", "does not exist in the calendar")
    if len(text) not in (_DAY_DIGITS, _TIME_DIGITS) or not (text.isascii() and text.isdigit()):
        return nowhere
    day = _day(text[:_DAY_DIGITS])
    if day is None:
        return nowhere
    if len(text) == _TIME_DIGITS and not (text[8:10] < "24" and text[10:12] < "60" and text[12:] < "60"):
        return nowhere
    if day.year < figures.earliest_year:
        return f"早于 {figures.earliest_year} 年", f"lies before {figures.earliest_year}"
    if (day - today).days > figures.days_ahead:
        return f"晚于今天超过 {figures.days_ahead} 天", f"lies more than {figures.days_ahead} day(s) ahead"
    return None
