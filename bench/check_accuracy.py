"""`./dev bench check-accuracy`: 3,000 files with known mistakes and 1,000 without any, and what `cebd check` makes of them.

Shares are held to their limits: of the planted mistakes, those named by their problem on their cell, and those with the right suggestion
(or rightly none); of the records that are right, in twenty layouts of platforms and ERPs and in free ones, those with anything said against
them. Each kind of mistake comes five times at least. A few files go through the command itself; what it prints must be the same.

    ./dev bench check-accuracy [--show] [--seed=N] [--files=N] [--kind=WORDS]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import Figure, Options, Result

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAMED_LIMIT = 99.5  # percent
SUGGESTED_LIMIT = 99.5
ALARMS_LIMIT = 0.05
FILES, RIGHT_SHARE = 3000, 1 / 3
LEAST_OF_A_KIND = 5
FREE_SHARE = 4  # one in so many right files is in no layout of a platform's
THROUGH_THE_COMMAND = 8


@dataclass
class Tally:
    """What was found in some of the files."""

    planted: int = 0
    named: int = 0
    offers: int = 0
    offered: int = 0
    records: int = 0
    alarms: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("planted", "named", "offers", "offered", "records", "alarms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        self.misses += other.misses


def wrong_files(seeds: range, wanted: str = "") -> Tally:
    """Files with mistakes: each kind in its turn (of those with these words in their names), up to two more beside it."""
    from corpus.judging import check, judge
    from corpus.making import KINDS, wrong_file

    kinds = [kind for kind in KINDS if wanted in kind.name]
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="cebd-accuracy-") as folder:
        for seed in seeds:
            path, planted = wrong_file(Path(folder), seed, kinds[seed % len(kinds)], more=seed % 3)
            for one in judge(planted, check(path, planted)):
                tally.planted += 1
                tally.kinds[one.planted.kind] += 1
                tally.named += one.named
                tally.offers += one.suggested is not None
                tally.offered += one.suggested is True
                if not one.named or one.suggested is False:
                    what = "not offered" if one.named else "not named"
                    tally.misses.append(f"{what}: {path.name} {one.planted} said: {'; '.join(one.said)}")
            path.unlink()
    return tally


def right_files(seeds: range) -> Tally:
    """Files with nothing wrong, in the layouts in turn and in free ones."""
    from corpus.judging import check, false_alarms, shown
    from corpus.layouts import LAYOUTS
    from corpus.making import right_file, right_file_of

    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="cebd-accuracy-") as folder:
        for seed in seeds:
            nth, is_free = (
                seed // FREE_SHARE * (FREE_SHARE - 1) + seed % FREE_SHARE,
                seed % FREE_SHARE == FREE_SHARE - 1,
            )
            layout = LAYOUTS[nth % len(LAYOUTS)]
            path, records = right_file(Path(folder), seed) if is_free else right_file_of(layout, Path(folder), seed)
            alarms = false_alarms(check(path))
            tally.records += records
            tally.alarms += len(alarms)
            if alarms:
                tally.misses.append(f"false alarm: {path.name} {'; '.join(shown(one) for one in alarms[:4])}")
            path.unlink()
    return tally


def through_the_command(first: int, count: int) -> list[str]:
    """Files for which `cebd check --json` prints anything else than was judged here."""
    from corpus.judging import check
    from corpus.making import KINDS, wrong_file

    different = []
    with tempfile.TemporaryDirectory(prefix="cebd-accuracy-") as folder:
        for seed in range(first, first + count):
            path, _ = wrong_file(Path(folder), seed, KINDS[seed * 29 % len(KINDS)])
            run = subprocess.run(
                [sys.executable, "-m", "cebd", "check", str(path), "--json"],
                capture_output=True,
                check=False,
                env={name: value for name, value in os.environ.items() if name != "CEBD_CONFIG"},
                cwd=folder,
            )
            if json.loads(run.stdout)["problems"] != check(path):
                different.append(f"the command says otherwise: {path.name}")
    return different


def made_and_checked(seed: int, files: int, processes: int, wanted: str) -> tuple[Tally, Tally]:
    """The files of these seeds, in several processes."""
    right = round(files * RIGHT_SHARE)
    parts = 4 * processes
    with ProcessPoolExecutor(processes) as pool:
        wrong_parts = [range(seed + nth, seed + files, parts) for nth in range(parts)]
        right_parts = [range(seed + nth, seed + right, parts) for nth in range(parts)]
        wrong, clean = Tally(), Tally()
        for one in pool.map(wrong_files, wrong_parts, [wanted] * parts):
            wrong.add(one)
        for one in pool.map(right_files, right_parts):
            clean.add(one)
    return wrong, clean


def measure(options: Options) -> Result:
    asked = argparse.ArgumentParser(prog="./dev bench check-accuracy", description=__doc__)
    asked.add_argument("--show", action="store_true", help="list what was missed")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--files", type=int, default=options.size(FILES, 8))
    asked.add_argument("--kind", default="", help="only mistakes with these words in their names")
    wanted = asked.parse_args(options.rest)
    processes = options.size(min(4, os.cpu_count() or 1), 1)
    wrong, right = made_and_checked(wanted.seed, wanted.files, processes, wanted.kind)
    different = through_the_command(wanted.seed, options.size(THROUGH_THE_COMMAND, 0))
    seldom = sum(1 for count in wrong.kinds.values() if count < LEAST_OF_A_KIND)
    return Result(
        "check-accuracy",
        f"{wrong.planted:,} mistakes of {len(wrong.kinds)} kinds, {wrong.offers:,} suggestions, {right.records:,} right records",
        (
            Figure("named on their cell", 100 * wrong.named / wrong.planted, "%", NAMED_LIMIT, at_least=True),
            Figure(
                "suggestions right", 100 * wrong.offered / max(1, wrong.offers), "%", SUGGESTED_LIMIT, at_least=True
            ),
            Figure("false alarms", 100 * right.alarms / max(1, right.records), "%", ALARMS_LIMIT),
            Figure(
                "kinds that came fewer than five times", seldom, "", 0 if wanted.files == FILES else None, aside=True
            ),
            Figure("files of which the command says otherwise", len(different), "", 0),
        ),
        (*wrong.misses, *right.misses, *different) if wanted.show else (),
    )
