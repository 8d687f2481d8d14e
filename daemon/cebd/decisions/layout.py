"""What people said of a file's headings: the layout of a platform or program, by whose heading row its files are known again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

UNUSED = "-"  # in a field's place: the column is not declared, on purpose
PIECE = "+"  # in its place in a proposal: a province, city or street, with which the address is put together


@dataclass(frozen=True, slots=True)
class KnownLayout:
    """The meaning of a heading row: the message code, and for each heading the field it has (`OrderHead/currency`), or UNUSED.
    Without a code it takes back what was said of these headings before.

    A heading that stands twice is named `币制#1`, `币制#2`. `who` saved the workbook that says so, `at` (ISO 8601) when; `name`: the file
    that it was made for.
    """

    type: str
    columns: Mapping[str, str]
    name: str = ""
    who: str = ""
    at: str = ""

    def as_text(self) -> str:
        """For the store, and from process to process; `from_text` reads it."""
        return json.dumps([self.type, dict(self.columns), self.name, self.who, self.at], ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> KnownLayout:
        return cls(*json.loads(text))

    def drift(self, headings: Sequence[str]) -> Drift:
        """How a heading row differs; in whatever order its columns stand."""
        now = frozenset(headings)
        return Drift(
            tuple(one for one in headings if one not in self.columns),
            tuple(one for one in self.columns if one not in now),
        )


class Drift(NamedTuple):
    """Headings that are new, and those that are gone."""

    new: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        return not self.new and not self.gone


NO_DRIFT = Drift((), ())


class Certainty(StrEnum):
    """How a column's field was found: beyond doubt, likely, or not at all."""

    SURE = "sure"
    PROPOSED = "proposed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """A column (from 0) with its heading, as a layout names it, some of its cells, and the field it may have (None where it is unknown;
    PIECE: a part of the address, which is put together of such columns)."""

    index: int
    heading: str
    samples: tuple[str, ...]
    certainty: Certainty
    field: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file whose headings are unknown may be. `types`: the message codes that it fits, the likeliest first; several: it must be
    asked. `drift_of`: the file whose layout this one nearly has, and `drift`: how it differs.
    """

    name: str
    sheet: str
    types: tuple[str, ...]
    columns: tuple[ProposedColumn, ...]
    drift_of: str = ""
    drift: Drift = NO_DRIFT

    def as_text(self) -> str:
        """For the store; `from_text` reads it."""
        columns = [[one.index, one.heading, one.samples, one.certainty.value, one.field] for one in self.columns]
        told = {"name": self.name, "sheet": self.sheet, "types": self.types, "columns": columns}
        return json.dumps({**told, "drift_of": self.drift_of, "drift": self.drift}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Proposal:
        told: dict[str, Any] = json.loads(text)  # of `as_text`
        columns = tuple(
            ProposedColumn(index, heading, tuple(samples), Certainty(certainty), field)
            for index, heading, samples, certainty, field in told["columns"]
        )
        new, gone = map(tuple, told["drift"])
        return cls(told["name"], told["sheet"], tuple(told["types"]), columns, told["drift_of"], Drift(new, gone))


def numbered(headings: Sequence[str]) -> list[str]:
    """The headings as a layout names them: those that stand twice get their number."""
    seen: dict[str, int] = {}
    names = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        names.append(f"{heading}#{seen[heading]}" if headings.count(heading) > 1 else heading)
    return names
