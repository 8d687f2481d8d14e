"""A number refused, corrected and declared again: each return goes to the declaration that it answers, whatever our clock says."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cebd.receipts.versions import Version, version_meant
from cebd.records.states import ReturnedStatus
from cebd.store.history import ReceivedStatus

REFUSED = ReturnedStatus("-301008", "收货地址不详", "2026-03-04T09:00:05.000+08:00")


def two_versions(*told: ReturnedStatus, type_: str = "CEB311", elapsed: int = 3600) -> list[Version]:
    """One that was told that, and one handed over so many seconds after it came; our clock is two hours fast."""
    came = datetime.fromisoformat("2026-03-04T11:00:08+08:00")
    heard = [ReceivedStatus(one, came.isoformat(), 1) for one in told]
    return [
        Version(type_, 1, "2026-03-04T11:00:00+08:00", heard),
        Version(type_, 2, (came + timedelta(seconds=elapsed)).isoformat(), []),
    ]


def at(time: str, status: str, info: str = "") -> ReturnedStatus:
    return ReturnedStatus(status, info, f"2026-03-04T{time}.000+08:00" if time else "")


@pytest.mark.parametrize(
    ("said", "which"),
    [
        (at("09:30:00", "120"), 1),  # would undo the refusal, dated before our clock's hand-over
        (at("09:00:01", "120"), 1),  # even dated before the refusal: two of their clocks
        (at("", "120"), 1),
        (at("09:00:06", "2"), 1),
        (at("09:00:05", "2"), 0),
        (at("09:00:02", "2"), 0),
        (at("09:00:02", "-301008", "收货地址不详"), 0),
        (at("09:00:09", "4"), 0),  # a second refusal, long before the correction was there
        (at("10:00:20", "-301008", "收货地址不详"), 1),
        (at("", "-301008"), 1),
    ],
)
def test_after_a_refusal(said: ReturnedStatus, which: int) -> None:
    assert version_meant(said, two_versions(REFUSED))[0] == which


def test_a_late_word_before_a_refusal_by_customs_stays_with_the_refused_list() -> None:
    versions = two_versions(at("09:00:05", "100"), type_="CEB621")
    assert version_meant(at("09:00:03", "120"), versions)[0] == 0
    assert version_meant(at("09:00:06", "120"), versions)[0] == 1


def test_the_time_of_our_own_envelope_is_no_time_of_customs() -> None:
    """DxpRep repeats what our clock, two hours fast, wrote into the envelope."""
    versions = two_versions(REFUSED, at("11:00:00", "dxp:0000"), elapsed=30)
    assert version_meant(at("09:00:50", "-301008"), versions)[0] == 1


@pytest.mark.parametrize(("time", "which"), [("09:59:00", 0), ("10:00:10", 1)])
def test_a_change_of_what_stands_is_told_by_the_time_that_passed(time: str, which: int) -> None:
    assert version_meant(at(time, "800"), two_versions(at("09:00:05", "120"), type_="CEB621"))[0] == which


def test_of_one_that_nothing_was_said_of_the_later_one_is_meant() -> None:
    assert version_meant(at("09:30:00", "2"), two_versions())[0] == 1


@pytest.mark.parametrize(("received", "which"), [("2026-03-04T11:00:08+08:00", 0), ("2026-03-04T12:30:00+08:00", 1)])
def test_in_stores_of_earlier_versions_what_came_before_is_told_by_our_own_times(received: str, which: int) -> None:
    earlier, later = two_versions(REFUSED)
    old = Version("CEB311", 1, earlier.handed_over_at, [ReceivedStatus(REFUSED, received, None)])
    assert version_meant(at("09:00:02", "2"), [old, later])[0] == which


# Whole histories: customs' clock is the truth, ours is off by some amount.
