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
        moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=CST)
    except ValueError:
        return None
    thousandths = text[14:17]
    if thousandths.isdigit():
        moment = moment.replace(microsecond=int(thousandths) * 1000)
    return moment.isoformat(timespec="milliseconds")
