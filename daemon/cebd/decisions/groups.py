"""Groups of equal mistakes in a file: the same rule, the same field, the same value. A person decides of each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cebd.decisions.decision import DECIDED, EMPTY, Key, folded, key_of
from cebd.problems.problem import Place, Problem
from cebd.records.record import SKIPPED

_FIRST_PLACES = 3  # that are named
_MOST = 2000  # groups that anybody would decide of


@dataclass
class Group:
    """Equal mistakes: the first of them, in how many rows, and where the first ones are.

    `suggestion`: the value that is proved to be right in all of them; None where there is none, or not the same."""

    key: Key
    first: Problem
    rows: int = 0
    places: list[Place] = field(default_factory=list)
    suggestion: str | None = None


def groups_of(records: Iterable[tuple[str, Iterable[Problem]]]) -> list[Group]:
    """The groups of a file's mistakes, the largest first; `records`: the message code of each with its problems."""
    groups: dict[Key, Group] = {}
    for type_, problems in records:
        for found in problems:
            key = key_of(type_, found)
            if key is None:
                continue
            group = groups.get(key)
            if group is None:
                if len(groups) >= _MOST:
                    continue
                group = groups[key] = Group(key, found, suggestion=found.suggestion)
            group.rows += 1
            if len(group.places) < _FIRST_PLACES:
                group.places.append(found.place)
            if found.suggestion != group.suggestion:
                group.suggestion = None
    return sorted(groups.values(), key=lambda group: -group.rows)


def rows_decided(records: Iterable[tuple[str, Iterable[Problem]]]) -> dict[tuple[str, str, str], int]:
    """In how many cells decisions were followed: by message code, field and what the cell says."""
    counts: dict[tuple[str, str, str], int] = {}
    for type_, problems in records:
        for found in problems:
            if found.id in (DECIDED, SKIPPED):
                value = "" if found.value == EMPTY else folded(found.value or "")
                of = (type_, found.field or "", value)
                counts[of] = counts.get(of, 0) + 1
    return counts


def first_rows(group: Group, cell_of: Callable[[Place], str] = lambda place: place.cell or "") -> str:
    """The first cells of a group, for a person: `C5、C12、C31`. `cell_of`: where a cell stands in the workbook that she reads."""
    return "、".join(cell_of(place) or str(place.row) for place in group.places)
