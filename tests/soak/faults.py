"""The campaign of faults: each of the table is made for real at a running station; `cebd status` names its cause and whose matter it is in
its first three lines within a minute, in Chinese and in English, and says nothing of it any more once it is taken back. Then an hour in
which nothing is amiss (its time runs thirty times as fast), in which nobody is told of anything.

./dev soak faults [--only WORD|clean] [--side-by-side N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from injected.fault import Fault, Outcome, Place, tried
from injected.table import FAULTS
from injected.waits import clean_hour

_AT_LEAST = 58


def campaign(
    folder: Path, faults: Sequence[Fault[Place]], tell: Callable[[Outcome], None] = lambda _outcome: None
) -> list[Outcome]:
    """All of one place, one after the other; a place that did not get well is made anew for the next."""
    outcomes: list[Outcome] = []
    left = list(faults)
    while left:
        with left[0].at(folder / str(len(left))) as place:
            while left:
                outcomes.append(tried(place, left.pop(0)))
                tell(outcomes[-1])
                if not outcomes[-1].is_as_promised:
                    break
    return outcomes


def _tell(outcome: Outcome, *, verbose: bool) -> None:
    ok = "ok  " if outcome.is_as_promised else "FAIL"
    times = " ".join("    -" if took is None else f"{took:5.1f}" for took in (outcome.named, outcome.gone))
    said = f": {outcome.said}" if verbose or not outcome.is_as_promised else ""
    print(f"{ok} {times}  {outcome.name}{said}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the faults whose name, or whose place's, has this in it")
    parser.add_argument("--side-by-side", type=int, default=4, metavar="N", help="so many places at a time")
    parser.add_argument("--verbose", action="store_true", help="what was read of each")
    wanted = parser.parse_args()
    chosen = [fault for fault in FAULTS if wanted.only in f"{fault.at.__name__} {fault.name}"]
    places: dict[type[Place], list[Fault[Place]]] = {}
    for fault in chosen:
        places.setdefault(fault.at, []).append(fault)
    began, outcomes = time.monotonic(), list[Outcome]()
    with tempfile.TemporaryDirectory(prefix="cebd-faults-") as name, ThreadPoolExecutor(wanted.side_by_side) as pool:
        running = [
            pool.submit(campaign, Path(name) / place.__name__, of_place, partial(_tell, verbose=wanted.verbose))
            for place, of_place in places.items()
        ]
        for one in running:
            outcomes += one.result()
    clean = []
    if not wanted.only or wanted.only == "clean":
        with tempfile.TemporaryDirectory(prefix="cebd-clean-") as name:
            clean = clean_hour(Path(name) / "clean")
        print("a clean hour: " + ("; ".join(clean) or "all well, no alarm"), flush=True)
    named = sum(outcome.named is not None for outcome in outcomes)
    gone = sum(outcome.gone is not None for outcome in outcomes)
    slowest = max((outcome.named for outcome in outcomes if outcome.named is not None), default=0.0)
    print(
        f"{len(outcomes)} faults: {named} named (slowest {slowest:.1f} s), {gone} gone, {time.monotonic() - began:.0f} s"
    )
    enough = named >= min(_AT_LEAST, len(outcomes)) and gone == named
    return 0 if enough and not clean else 1


if __name__ == "__main__":
    sys.exit(main())
