"""`./dev bench one-core`: as `convert`, where there is one core only."""

from __future__ import annotations

import os

from benchmark import Options, Result
from sheets import orders
from side_by_side import compare

RATIO_LIMIT = 2.0


def measure(options: Options) -> Result:
    count = options.size(100_000, 20)
    core = str(min(os.sched_getaffinity(0)))
    what = f"{count:,} orders on one core"
    return compare("one-core", what, orders(count), "CEB311", RATIO_LIMIT, options, cores=core)
