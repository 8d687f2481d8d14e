"""Versions: a record that was refused is corrected and declared again under its key; one that stands is changed. Which of them a return
speaks of is told without our clock, which may be wrong by any amount: from what was known, and from customs' times among themselves.

A return can only speak of a declaration that was handed over before it came; both orders are the store's own (numbers of hand-overs).
Two versions that follow each other (`earlier`, `later`) are told apart by what was known of the earlier one when the later was handed over:

| the return ... | speaks of |
| --- | --- |
| was told to one of them exactly so before (status, words, time) | that one: the same return comes in several wrappings, early and late |
| quotes a guid of one of them | that one: our guids are random |
| would undo the refusal for which the earlier one was corrected | the later one, always: the earlier one was done with |
| has no time | the later one |
| is dated no later than what was known of the earlier one by then | the earlier one: customs cannot answer what they do not have |
| is dated later and is no refusal, where the earlier one was refused | the later one |
| is dated before customs' clock can have shown the hand-over of the later one | the earlier one |
| none of these | the later one |

The earliest time that customs' clock can have shown at that hand-over: a return about the earlier one, dated T by customs, had come here
before; our clock counts the time from its arrival to the hand-over. However wrong our clock is, T plus that time is never too late. A
clock that is put right in between miscounts: then at worst a second refusal within that jump goes to the wrong one of two refused, or
changed, records, and no refused one ever succeeds by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cebd.customs.statuses import PLATFORM, outcome, state_for
from cebd.records.states import ReturnedStatus, State
from cebd.store.history import ReceivedStatus

_ROUNDED = timedelta(seconds=1)  # our times are kept to the second


@dataclass(frozen=True, slots=True)
class Version:
    """A declaration of a key, with what was told of it. `first_hand_over`: the number of its first hand-over; `handed_over_at`: when that
    was by our clock, ISO 8601."""

    type: str
    first_hand_over: int
    handed_over_at: str
    received: Sequence[ReceivedStatus]


def version_meant(status: ReturnedStatus, versions: Sequence[Version]) -> tuple[int, bool]:
    """Which of these, in the order of handing over, the return speaks of; and whether that was told without any clock of ours."""
    certain = True
    for number in range(len(versions) - 1, 0, -1):
        about_later, sure = _is_about_later(status, versions[number - 1], versions[number])
        certain = certain and sure
        if about_later:
            return number, certain
    return 0, certain


def _is_about_later(status: ReturnedStatus, earlier: Version, later: Version) -> tuple[bool, bool]:
    """Whether the return speaks of the later one, and whether that was told without any clock of ours."""
    received = [one for one in earlier.received if _came_before(one, later)]
    known = [one.returned for one in received]
    refused = outcome(earlier.type, known)[0] is State.REFUSED
    if refused and outcome(earlier.type, [*known, status])[0] is not State.REFUSED:
        return True, True
    if not status.time:
        return True, False
    if status.time <= max((one.time for one in known if _has_customs_time(one)), default=""):
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
    """The earliest that customs' clock can have shown when `later` was handed over; None where nothing tells."""
    handed_over_at = datetime.fromisoformat(later.handed_over_at)
    times = []
    for status in received:
        if status.returned.time and _has_customs_time(status.returned):
            elapsed = handed_over_at - datetime.fromisoformat(status.received) - _ROUNDED
            times.append(datetime.fromisoformat(status.returned.time) + max(elapsed, timedelta(0)))
    return max(times, default=None)
