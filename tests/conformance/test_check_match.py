"""What is found where the documents of a purchase differ, and what customs say: a sample of what `./dev bench check-match` measures."""

from __future__ import annotations

from pathlib import Path

import pytest

from purchases.judging import ARRIVALS, judged, made
from purchases.mistakes import KINDS

ORDERS_OF_ARRIVAL = (ARRIVALS[2], ARRIVALS[-1])
_RIGHT = 40  # purchases


@pytest.mark.parametrize("arrival", ORDERS_OF_ARRIVAL, ids="-".join)
def test_every_mistake_is_found_on_its_cell_and_nothing_else_and_judged_as_customs_do(
    arrival: tuple[str, ...], tmp_path: Path
) -> None:
    wrong = {planted.kind: planted for seed in range(7 * len(KINDS)) if (planted := made(seed, wrong=True))}
    right = [made(1000 + seed, wrong=False) for seed in range(_RIGHT)]
    tally = judged(tmp_path, arrival, [*wrong.values(), *right])
    assert (tally.sets, len(tally.kinds)) == (len(KINDS) + _RIGHT, len(KINDS))
    assert tally.planted > len(KINDS)
    assert (tally.found, tally.said_in_both, tally.alarms) == (tally.planted, tally.planted, 0), tally.misses
    # Of what may be a part of the payment nobody can say before whether the rest will come.
    assert [miss for miss in tally.misses if "paid less than an order that names none" not in miss] == []
