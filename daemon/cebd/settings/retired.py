"""Keys of earlier versions: for a version they cause a warning, not a mistake, so that an upgrade stops no station."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cebd.settings.faults import RETIRED as RETIRED_ID
from cebd.settings.faults import Fault, Lines, Location, Part, fault

# The key with `*` for any name or position, and what to do about it, in English and Chinese. Emptied with each version.
RETIRED: dict[tuple[str, ...], tuple[str, str]] = {}


def take_out_retired(content: dict[str, Any], lines: Lines) -> list[Fault]:
    """Take retired keys out of the file's content; a warning for each."""
    faults = []
    for pattern, (en, zh) in RETIRED.items():
        for table, key, location in list(_places(content, pattern, ())):
            del table[key]
            texts = (f"is not known any more and does nothing: {en}", f"此项已取消，不起作用：{zh}")
            faults.append(fault(location, texts, lines, Part.NOTHING, id=RETIRED_ID, severity="warning"))
    return faults


def _places(table: Any, pattern: tuple[str, ...], before: Location) -> Iterator[tuple[dict[str, Any], str, Location]]:
    first, *rest = pattern
    if not rest:
        if isinstance(table, dict) and first in table:
            yield table, first, (*before, first)
        return
    if isinstance(table, list):
        steps: list[tuple[str | int, Any]] = list(enumerate(table)) if first == "*" else []
    elif isinstance(table, dict):
        steps = [(key, value) for key, value in table.items() if first in ("*", key)]
    else:
        return
    for step, value in steps:
        yield from _places(value, tuple(rest), (*before, step))
