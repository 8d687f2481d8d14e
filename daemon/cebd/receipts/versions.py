"""Versions: a refused record is corrected and declared again under its key; a record in force is changed. The version that a return
concerns is found without our clock, which may be wrong by any amount: from earlier returns, and from customs' times among themselves.

A return can only concern a declaration that was handed over before it came; both orders are the store's own (numbers of hand-overs).
The choice between two successive versions (`earlier`, `later`) uses the returns of the earlier when the later was handed over:

| the return ... | concerns |
| --- | --- |
| is a known return of a version (status, words, time) | that version: the same return comes in several receipts |
| quotes the guid of a version | that version: our guids are random |
| would undo the refusal for which the earlier was corrected | always the later: the earlier was settled |
| has no time | the later |
| is dated no later than the earlier's returns by then | the earlier: customs cannot answer a message that they do not have |
| is dated later and is no refusal, while the earlier was refused | the later |
| is dated before customs' clock can have shown the hand-over of the later | the earlier |
| none of these | the later |

The earliest time that customs' clock can have shown at that hand-over: a return about the earlier version, dated T by customs, had come
before; our clock counts the time from its arrival to the hand-over. However wrong our clock is, T plus that time is never too late. A
clock that is corrected in between miscounts: then at worst a second refusal within that jump goes to the wrong of two refused, or
changed, records, and no refused record ever succeeds by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cebd.customs.book_files import PLATFORM
from cebd.customs.statuses import outcome, state_for
from cebd.records.states import ReturnedStatus, State
from cebd.store.history import ReceivedStatus

_ROUNDED = timedelta(seconds=1)  # our times are kept to the second


@dataclass(frozen=True, slots=True)
class Version:
    """A declaration of a key, with its returns. `first_hand_over`: the number of its first hand-over; `handed_over_at`: when that
    was by our clock, ISO 8601."""

    type: str
    first_hand_over: int
    handed_over_at: str
    received: Sequence[ReceivedStatus]


def version_meant(status: ReturnedStatus, versions: Sequence[Version]) -> tuple[int, bool]:
    """The version, of these in the order of handing over, that the return concerns; and whether it was found without our clock."""
    certain = True
    for number in range(len(versions) - 1, 0, -1):
        about_later, sure = _is_about_later(status, versions[number - 1], versions[number])
        certain = certain and sure
        if about_later:
            return number, certain
    return 0, certain


def _is_about_later(status: ReturnedStatus, earlier: Version, later: Version) -> tuple[bool, bool]:
    """Whether the return concerns the later version, and whether that was decided without our clock."""
    received = [answer for answer in earlier.received if _came_before(answer, later)]
    returned = [answer.returned for answer in received]
    refused = outcome(earlier.type, returned)[0] is State.REFUSED
    if refused and outcome(earlier.type, [*returned, status])[0] is not State.REFUSED:
        return True, True
    if not status.time:
        return True, False
    if status.time <= max((before.time for before in returned if _has_customs_time(before)), default=""):
        return False, True
    if refused and state_for(earlier.type, status.status) is not State.REFUSED:
        return True, True
    earliest = _earliest_hand_over(received, later)
    return earliest is None or datetime.fromisoformat(status.time) >= earliest, False


def _came_before(status: ReceivedStatus, version: Version) -> bool:
    if status.handed_over is None:
        return datetime.fromisoformat(status.received) <= datetime.fromisoformat(version.handed_over_at)
    return status.handed_over < version.first_hand_over


def _has_customs_time(status: ReturnedStatus) -> bool:
    """Whether customs' clock gave the time: the exchange platform gives the day, and the time of our own envelope."""
    return not status.status.startswith(PLATFORM)


def _earliest_hand_over(received: Sequence[ReceivedStatus], later: Version) -> datetime | None:
    """The earliest time that customs' clock can have shown when `later` was handed over; None if unknown."""
    handed_over_at = datetime.fromisoformat(later.handed_over_at)
    times = []
    for status in received:
        if status.returned.time and _has_customs_time(status.returned):
            elapsed = handed_over_at - datetime.fromisoformat(status.received) - _ROUNDED
            times.append(datetime.fromisoformat(status.returned.time) + max(elapsed, timedelta(0)))
    return max(times, default=None)
