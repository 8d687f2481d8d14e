"""`./dev bench shared`: orders in a workbook as Excel saves it, its texts in a table of their own, beside the roofline."""

from __future__ import annotations

from benchmark import Options, Result
from sheets import shared_orders
from side_by_side import compare

RATIO_LIMIT = 1.6


def measure(options: Options) -> Result:
    count = options.size(100_000, 20)
    what = f"{count:,} orders in shared strings"
    return compare("shared", what, shared_orders(count), "CEB311", RATIO_LIMIT, options)
