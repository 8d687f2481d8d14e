"""Records that are judged by columns are those that are read row by row: in all they say, their guids left out."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.examples import examples
from builders.odd_sheets import odd_sheet
from builders.two_ways import two_ways, two_ways_of_file
from cebd.messages.description import message_type
from corpus.making import KINDS, right_file, wrong_file


@given(seed=st.integers(0, 2**40))
@settings(max_examples=examples(30, 1000), deadline=None)
def test_a_random_sheet_gives_the_same_records_both_ways(seed: int) -> None:
    chance = Random(seed)
    odd, sizes = odd_sheet(chance), chance.choices([3, 20, 200], k=2)
    for both in two_ways([odd.sheet], sizes, odd.options, message_type(odd.kind)):
        assert both.is_equal, "\n".join(both.differences())


@pytest.mark.parametrize("seed", range(12))
def test_a_file_with_known_mistakes_gives_the_same_records_both_ways(tmp_path: Path, seed: int) -> None:
    path, _ = wrong_file(tmp_path, seed, KINDS[seed * 17 % len(KINDS)], more=2)
    for both in two_ways_of_file(path, [3, 40]):
        assert both.is_equal, "\n".join(both.differences())


@pytest.mark.parametrize("seed", range(4))
def test_a_file_without_mistakes_gives_the_same_records_both_ways(tmp_path: Path, seed: int) -> None:
    path, records = right_file(tmp_path, seed)
    found = two_ways_of_file(path, [100])
    assert sum(both.by_columns.ready for both in found) == records
    assert all(both.is_equal for both in found)
