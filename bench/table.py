"""A table of results, under the facts of the machine, beside what was seen in the runs kept before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark import Result
from history import Before
from machine import Machine

_HEADINGS = ("benchmark", "figure", "seen", "limit", "last kept", "")


def as_table(machine: Machine, results: Sequence[Result], before: Before) -> str:
    """`before`: see `history`; a figure that was never kept has nothing there."""
    rows = [_HEADINGS]
    for result in results:
        for number, figure in enumerate(result.figures):
            name = "" if number else result.name
            kept = before.get((result.name, figure.name))
            seen_before = "" if kept is None else replace(figure, value=kept).seen
            rows.append((name, figure.name, figure.seen, figure.bound, seen_before, figure.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths[:-1]))
    return "\n".join([machine.as_text(), "", *lines])
