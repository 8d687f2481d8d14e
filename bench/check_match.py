"""`./dev bench check-match`: 2,000 purchases of four documents each, 500 of them with a mistake in one, declared in every order of arrival.

Three figures are held to their limits: mistakes found on their cell, and said in the receipt of the earlier document; purchases of which
anything else is said; rows of which the simulated customs side says what `cebd check` said before they left.

    ./dev bench check-match [--show] [--seed=N] [--sets=N]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import Figure, Options, Result

if TYPE_CHECKING:
    from purchases.judging import Tally

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

SETS, WRONG_SHARE = 2000, 0.25
EQUAL_LIMIT = 99.5  # percent


def of_arrival(nth: int, seed: int, sets: int) -> Tally:
    """The purchases that arrive in that order: each fourth with a mistake."""
    from purchases.judging import ARRIVALS, judged, made

    wrong = int(sets * WRONG_SHARE)
    planted = [made(seed + number, wrong=number < wrong) for number in range(nth, sets, len(ARRIVALS))]
    with tempfile.TemporaryDirectory(prefix="cebd-match-") as folder:
        return judged(Path(folder), ARRIVALS[nth], planted)


def measure(options: Options) -> Result:
    from purchases.judging import ARRIVALS, Tally

    asked = argparse.ArgumentParser(prog="./dev bench check-match", description=__doc__)
    asked.add_argument("--show", action="store_true", help="list what was missed")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--sets", type=int, default=options.size(SETS, 24))
    wanted = asked.parse_args(options.rest)
    tally = Tally()
    arrivals = range(options.size(len(ARRIVALS), 2))
    with ProcessPoolExecutor(options.size(min(4, os.cpu_count() or 1), 1)) as pool:
        count = len(arrivals)
        for one in pool.map(of_arrival, arrivals, [wanted.seed] * count, [wanted.sets] * count):
            tally.add(one)
    return Result(
        "check-match",
        f"{tally.sets:,} purchases, {tally.planted:,} differences of {len(tally.kinds)} kinds, {tally.rows:,} rows",
        (
            Figure("found on their cell", 100 * tally.found / tally.planted, "%", 100, at_least=True),
            Figure("said in both receipts", 100 * tally.said_in_both / tally.planted, "%", 100, at_least=True),
            Figure("purchases with a false alarm", tally.alarms, "", 0),
            Figure("rows judged as customs do", 100 * tally.equal / tally.rows, "%", EQUAL_LIMIT, at_least=True),
        ),
        tuple(tally.misses) if wanted.show else (),
    )
