"""Of several measurements: the middle one, and the one that all but a few stay under."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from process_tree import Spent


def middle(spent: Sequence[Spent]) -> Spent:
    """The median of each figure by itself; of memory the highest, for that is what a machine must have."""
    return Spent(
        median(one.seconds for one in spent),
        median(one.cpu_seconds for one in spent),
        max(one.mebibytes for one in spent),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed. There is at least one."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


__all__ = ["median", "middle", "percentile"]
