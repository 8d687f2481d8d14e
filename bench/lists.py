"""`./dev bench lists`: inventory lists with three goods lines each, beside the roofline."""

from __future__ import annotations

from benchmark import Options, Result
from sheets import lists
from side_by_side import compare

RATIO_LIMIT = 1.4
LINES = 3


def measure(options: Options) -> Result:
    count = options.size(30_000, 10)
    what = f"{count:,} inventory lists of {LINES} lines"
    return compare("lists", what, lists(count, LINES), "CEB621", RATIO_LIMIT, options)
