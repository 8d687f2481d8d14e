"""A table of results, under the facts of the machine."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import Result
from machine import Machine

_HEADINGS = ("benchmark", "figure", "seen", "limit", "")


def as_table(machine: Machine, results: Sequence[Result]) -> str:
    rows = [_HEADINGS]
    for result in results:
        for number, figure in enumerate(result.figures):
            name = "" if number else result.name
            rows.append((name, figure.name, figure.seen, figure.bound, figure.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths[:-1]))
    return "\n".join([machine.as_text(), "", *lines])
