"""Headings in two rows, in a text: a CSV file does not say which of its cells were merged, but two rows of headings show it.

    订单编号,订购人信息,,收货人信息,,          ->  订单编号 merged down; 订购人信息, 收货人信息 merged across their columns
    ,姓名,证件号码,姓名,电话

Only two rows above the first row of data count, with nothing in them that data have: no number, no long run of digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Merged = tuple[tuple[int, int], tuple[int, int]]  # (top, left), (bottom, right), from 0

_DATA = re.compile(r"[-+]?[\d.,]*\d[%元]?|.*\d{4}.*", re.DOTALL)
_MIN_GROUPS = 2
_MIN_UNDER_A_GROUP = 2


def merged_headings(top: Sequence[Sequence[object]]) -> list[Merged]:
    """The cells that were merged in the headings among these first rows; none where no two of them show it."""
    rows = [[str(cell).strip() for cell in row] for row in top]
    found: list[Merged] = []
    for at in range(len(rows) - 1):
        upper, lower = rows[at], rows[at + 1]
        if _has_data(upper) or _has_data(lower):
            if found:
                break
            continue  # a title may have a date
        found = _merged(at, upper, lower) or found
    return found


def _has_data(row: Sequence[str]) -> bool:
    return any(_DATA.fullmatch(cell) for cell in row if cell)


def _merged(at: int, upper: Sequence[str], lower: Sequence[str]) -> list[Merged]:
    """Of two rows of headings: each text of the upper one reaches to the next."""
    width = max(len(upper), len(lower))
    below = [*lower, *[""] * (width - len(lower))]
    begins = [index for index, text in enumerate(upper) if text]
    if len(begins) < _MIN_GROUPS or any(below[: begins[0]]):
        return []
    merged: list[Merged] = []
    groups = 0
    for left, end in _spans(begins, width):
        under = [index for index in range(left, end) if below[index]]
        if not under:
            merged.append(((at, left), (at + 1, left)))
        elif under[0] == left and len(under) >= _MIN_UNDER_A_GROUP:
            groups += 1
            merged.append(((at, left), (at, under[-1])))
        else:
            return []  # a text over a single heading, or over some of what stands under it, is a word above the headings
    return merged if groups else []


def _spans(begins: Sequence[int], width: int) -> Iterator[tuple[int, int]]:
    return zip(begins, [*begins[1:], width], strict=True)
