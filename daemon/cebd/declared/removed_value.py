"""How a value is called of which only a digest was kept, since the bytes of its declaration were removed after years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cebd.problems.problem import Problem

REMOVED_VALUE: Mapping[str, str] = {
    "other": "another value, which was removed since with the rest of that declaration",
    "other_zh": "原值（已随该单证按保存年限清除）",
}


def without_list(found: Problem) -> Problem:
    """The problem of an application, of which no cell can be taken from its list any more."""
    return replace(
        found,
        fix_zh="请核对清单编号；编号无误的，请对照旧的单据核对此项。",
        fix_en="Check the number of the list; if that is right, compare this with the old papers.",
    )
