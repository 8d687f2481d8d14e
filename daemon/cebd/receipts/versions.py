"""Versions: a record that was refused is corrected and declared again under its key, one that stands is changed. Which of them a return
speaks of is told without our clock, which may be wrong by any amount: from what was known, and from customs' times among themselves.

A return can only speak of a declaration that was handed over before it came; both orders are the store's own (numbers of hand-overs). Of
two that followed each other, the one before (`earlier`) being known in what was told of it until the next (`later`) was handed over:

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

When customs' clock can have shown that hand-over at the earliest: what was told of the earlier one with the time T had come here; from
there to the hand-over some time passed, as our clock counts it. However wrong it is, T and that time together are never too late. A clock
that is put right in between miscounts: then at worst a second refusal within that jump goes to the wrong one of two refused, or changed,
records, and no refused one ever succeeds by it.
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
    """A declaration of a key: `handed` is the number of its first hand-over, `began` when that was by our clock, ISO 8601."""

    type: str
    handed: int
    began: str
    heard: Sequence[ReceivedStatus]


def spoken_of(said: ReturnedStatus, versions: Sequence[Version]) -> tuple[int, bool]:
    """Which of these, in the order of handing over, the return speaks of; and whether that was told without any clock of ours."""
    certain = True
    for number in range(len(versions) - 1, 0, -1):
        about_later, sure = _about_the_later(said, versions[number - 1], versions[number])
        certain = certain and sure
        if about_later:
            return number, certain
    return 0, certain


def _about_the_later(said: ReturnedStatus, earlier: Version, later: Version) -> tuple[bool, bool]:
    known = [one for one in earlier.heard if _came_before(one, later)]
    words = [one.returned for one in known]
    refused = outcome(earlier.type, words)[0] is State.REFUSED
    if refused and outcome(earlier.type, [*words, said])[0] is not State.REFUSED:
        return True, True
    if not said.time:
        return True, False
    if said.time <= max((word.time for word in words if _by_their_clock(word)), default=""):
        return False, True
    if refused and state_for(earlier.type, said.status) is not State.REFUSED:
        return True, True
    there_since = _there_since(known, later)
    return there_since is None or datetime.fromisoformat(said.time) >= there_since, False


def _came_before(one: ReceivedStatus, later: Version) -> bool:
    if one.handed_over is None:
        return datetime.fromisoformat(one.received) <= datetime.fromisoformat(later.began)
    return one.handed_over < later.handed


def _by_their_clock(word: ReturnedStatus) -> bool:
    """The exchange platform gives the day, and the time of our own envelope."""
    return not word.status.startswith(PLATFORM)


def _there_since(known: Sequence[ReceivedStatus], later: Version) -> datetime | None:
    """The earliest that customs' clock can have shown when `later` was handed over."""
    began = datetime.fromisoformat(later.began)
    shown = []
    for one in known:
        if one.returned.time and _by_their_clock(one.returned):
            passed = began - datetime.fromisoformat(one.received) - _ROUNDED
            shown.append(datetime.fromisoformat(one.returned.time) + max(passed, timedelta(0)))
    return max(shown, default=None)
