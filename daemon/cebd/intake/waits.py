"""Waiting times of the intake, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Waits:
    """The same for every station; waiting times that differ between stations are settings."""

    reported: float = 120.0  # until a file that cannot be read or moved is reported
    cut: float = 600.0  # for the rest of a file that ends in the middle
    open: float = 1800.0  # until a file that somebody has open is reported
    left_over: float = 12 * _HOUR  # after which a lock file beside a workbook counts no more
    ignored: float = 600.0  # until a file with an ignored name is reported
    share: float = 10.0  # for which a file on a share has to be still, and
    share_each: float = 10_000_000.0  # one second more for so many bytes
    first_pause: float = 1.0  # between two tries after a failure; doubled each time
    longest_pause: float = 60.0


WAITS = Waits()
