"""Records judged by columns against records read row by row: 10,000 random sheets, and every file of the accuracy corpus.

./dev soak equal [--sheets N] [--files N] [--seed N]

Both ways must give equal records: problems, places, facts, content, XML, rows, key; and equal problems of the file.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from builders.odd_sheets import odd_sheet
from builders.two_ways import TwoWays, two_ways, two_ways_of_file
from cebd.messages.description import message_type

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

RIGHT_SHARE = 0.25


def random_sheets(seeds: range) -> Iterator[tuple[str, TwoWays]]:
    """Random sheets, each read both ways."""
    for seed in seeds:
        chance = random.Random(seed)
        odd, sizes = odd_sheet(chance), chance.choices([3, 20, 200], k=2)
        for both in two_ways([odd.sheet], sizes, odd.options, message_type(odd.kind)):
            yield f"sheet {seed}", both


def corpus(files: int, seeded: int) -> Iterator[tuple[str, TwoWays]]:
    """The files of `./dev bench check-accuracy`, each sheet read both ways."""
    from corpus.making import KINDS, right_file, wrong_file

    chance = random.Random(seeded)
    making: list[tuple[int, Callable[[Path, int], tuple[Path, Any]]]] = [
        *(
            (nth, lambda folder, nth: wrong_file(folder, nth, KINDS[nth % len(KINDS)], more=nth % 3))
            for nth in range(files)
        ),
        *((nth, right_file) for nth in range(int(files * RIGHT_SHARE))),
    ]
    with tempfile.TemporaryDirectory(prefix="cebd-equal-") as folder:
        for nth, make in making:
            path, _ = make(Path(folder), seeded + nth)
            for both in two_ways_of_file(path, [chance.choice([1, 3, 10, 100])]):
                yield path.name, both
            path.unlink()


def main() -> int:
    asked = argparse.ArgumentParser(prog="./dev soak equal", description=__doc__)
    asked.add_argument("--sheets", type=int, default=10_000)
    asked.add_argument("--files", type=int, default=2_000)
    asked.add_argument("--seed", type=int, default=0)
    wanted = asked.parse_args()
    as_promised = all(
        [
            told("the corpus", corpus(wanted.files, wanted.seed)),
            told("random sheets", random_sheets(range(wanted.seed, wanted.seed + wanted.sheets))),
        ]
    )
    return 0 if as_promised else 1


def told(what: str, read: Iterator[tuple[str, TwoWays]]) -> bool:
    """Print what came of them; whether all are equal."""
    sheets = records = 0
    different = []
    for name, both in read:
        sheets += 1
        records += len(both.by_rows.records)
        if not both.is_equal:
            different.append(f"{name}: {both.differences()[0]}")
    print(f"{what}: {sheets:,} sheets, {records:,} records read both ways; {len(different)} sheets differ", flush=True)
    print(*different[:20], sep="\n")
    return not different


if __name__ == "__main__":
    raise SystemExit(main())
