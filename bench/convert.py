"""`./dev bench convert`: a large workbook of orders, checked and signed, beside the roofline and the script that anybody would write."""

from __future__ import annotations

from benchmark import Options, Result
from sheets import orders
from side_by_side import compare

RATIO_LIMIT = 1.4


def measure(options: Options) -> Result:
    count = options.size(100_000, 20)
    return compare("convert", f"{count:,} orders", orders(count), "CEB311", RATIO_LIMIT, options, plain_script=True)
