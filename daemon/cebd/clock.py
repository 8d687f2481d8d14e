"""Time as the specification wants it: China Standard Time, always (UTC+8, no daylight saving)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol

CST = timezone(timedelta(hours=8), "CST")


class Clock(Protocol):
    """Gives the time; tests bring their own."""

    def now(self) -> datetime:
        """The present, with the time zone China Standard Time."""
        ...


class SystemClock:
    """The machine's clock, read as China Standard Time."""

    def now(self) -> datetime:
        return datetime.now(CST)


def iso(moment: datetime) -> str:
    """`2026-01-02T03:04:05+08:00`: times in JSON and in the store."""
    return moment.astimezone(CST).isoformat(timespec="seconds")


def compact(moment: datetime) -> str:
    """`YYYYMMDDhhmmss`: times in declarations (specification chapter 3)."""
    return moment.astimezone(CST).strftime("%Y%m%d%H%M%S")


def from_customs(text: str) -> str | None:
    """A receipt's `YYYYMMDDhhmmssSSS` as ISO 8601 with milliseconds; None for a text that is not a time."""
    try:
        moment = _moment(text[:14])
    except ValueError:
        return None
    thousandths = text[14:17]
    if thousandths.isdigit():
        moment = moment.replace(microsecond=int(thousandths) * 1000)
    return moment.isoformat(timespec="milliseconds")


def _moment(digits: str) -> datetime:
    """Of `YYYYMMDDhhmmss`, or of fewer digits, where a zero was left out before a single one. Raises ValueError."""
    if len(digits) < 14:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=CST)
    date = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return datetime(
        *date, int(digits[8:10]), int(digits[10:12]), int(digits[12:14]), tzinfo=CST
    )  # a sixth of strptime's time
