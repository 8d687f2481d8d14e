"""How long what is waited for. Seconds."""

from __future__ import annotations

from dataclasses import dataclass

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Each is the same for everybody; what differs from station to station stands in the settings."""

    reported: float = 120.0  # until what cannot be read or moved is reported
    cut: float = 600.0  # for the rest of a file that ends in the middle
    open: float = 1800.0  # until a file that somebody has open is reported
    left_over: float = 12 * _HOUR  # after which a lock file beside a workbook counts no more
    ignored: float = 600.0  # until what lies under an ignored name is named
    share: float = 10.0  # for which a file on a share has to be still, and
    share_each: float = 10_000_000.0  # one more for so many bytes
    first_pause: float = 1.0  # between two tries at what failed; doubled each time
    longest_pause: float = 60.0


WAITS = Waits()
