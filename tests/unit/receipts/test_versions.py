"""A number refused, corrected and declared again: each return goes to the declaration that it answers, whatever our clock says."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.declared import SENT_AT, a_receipt, a_return, an_open_store, declare, settle, the_record
from cebd.receipts.versions import Version, version_meant
from cebd.records.states import ReturnedStatus
from cebd.store.history import ReceivedStatus
from cebd.store.store import Store

REFUSED = ReturnedStatus("-301008", "收货地址不详", "2026-03-04T09:00:05.000+08:00")
OFFSETS = [timedelta(0), timedelta(minutes=5), timedelta(minutes=-5), timedelta(days=1), timedelta(days=-1)]


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


@dataclass(frozen=True)
class Word:
    """A return about version `of`, made `made` seconds after the first hand-over, here at `came`."""

    of: int
    status: str
    made: int
    came: int


def history(chance: random.Random) -> tuple[list[int], list[Word]]:
    """When each version was handed over, and all that was said: all but the last were refused, and corrected once that was known."""
    handed, words, now = [], [], 0
    for version in range(chance.randint(2, 3)):
        handed.append(now)
        ends = now + chance.randint(3, 6)
        late = chance.choice([0, 0, 60, 4000])
        words.append(Word(version, "2", chance.choice([ends, ends - 1, ends - 2]), ends + late))
        if version == 2 or chance.random() < 0.2:
            words.append(Word(version, chance.choice(["120", "-301010"]), ends, ends + chance.randint(1, 50)))
            break
        refusal = Word(version, chance.choice(["-301008", "-301010"]), ends, ends + chance.randint(1, 50))
        words.append(refusal)
        if chance.random() < 0.5:  # a second refusal, soon after, comes any time
            words.append(Word(version, "4", ends + 1, refusal.came + chance.choice([0, 30, 5000])))
        now = refusal.came + chance.randint(10, 4000)
    else:
        words.append(Word(len(handed) - 1, "120", now + 9, now + 12))
    return handed, words


def played(handed: list[int], words: list[Word], offset: timedelta, folder: Path) -> list[tuple[Any, ...]]:
    """What each version ends as, with our clock off by that."""
    with an_open_store(folder) as store:
        mine = play(store, handed, words, offset)
        found = [the_record(store, one) for one in mine]
    return [(one["state"], one["status"], sorted(status for status, _, _ in one["history"])) for one in found]


def play(store: Store, handed: list[int], words: list[Word], offset: timedelta) -> list[int]:
    events: list[tuple[int, int, Any]] = [(when, 1, None) for when in handed]
    events += [(word.came, 0 if any(word.came == when for when in handed) else 2, word) for word in words]
    mine: list[int] = []
    for when, _, word in sorted(events, key=lambda event: event[:2]):
        if word is None:
            mine += declare(store, "A1", sent_at=SENT_AT + timedelta(seconds=when) + offset)
        else:
            made = (SENT_AT + timedelta(seconds=word.made)).strftime("%Y%m%d%H%M%S000")
            receipt = a_receipt(a_return("A1", word.status, made))
            settle(store, receipt, at=SENT_AT + timedelta(seconds=word.came) + offset)
    return mine


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.sampled_from(OFFSETS))
def test_each_declaration_ends_the_same_whatever_our_clock_is_off_by(seed: int, offset: timedelta) -> None:
    handed, words = history(random.Random(seed))
    with tempfile.TemporaryDirectory() as folder:
        found = played(handed, words, offset, Path(folder))
    truth = [sorted(word.status for word in words if word.of == version) for version in range(len(handed))]
    assert [told for _, _, told in found] == truth
    assert [state for state, _, _ in found[:-1]] == ["refused"] * (len(handed) - 1)
