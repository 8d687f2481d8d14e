"""`./dev bench mixed`: orders of which 5 % have a mistake, beside the roofline, which sees none."""

from __future__ import annotations

from benchmark import Options, Result
from sheets import bad_among, mixed_orders
from side_by_side import compare

RATIO_LIMIT = 1.6


def measure(options: Options) -> Result:
    count = options.size(100_000, 80)
    bad = bad_among(count)
    what = f"{count:,} orders, {bad:,} of them wrong"
    return compare("mixed", what, mixed_orders(count), "CEB311", RATIO_LIMIT, options, rejected=bad)
