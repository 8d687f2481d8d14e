"""Whatever our clock is off by, each declaration ends the same."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.declared import SENT_AT, a_receipt, a_return, an_open_store, declare, settle, the_record
from cebd.store.store import Store

OFFSETS = [timedelta(0), timedelta(minutes=5), timedelta(minutes=-5), timedelta(days=1), timedelta(days=-1)]


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
