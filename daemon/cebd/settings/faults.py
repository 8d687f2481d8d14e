"""Mistakes of the settings file as values: what, where, in which line, and what is switched off by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cebd.settings.lines import line_of
from cebd.settings_table import NOT_USABLE

Location = tuple[str | int, ...]
Lines = Mapping[Location, int]


class Part(StrEnum):
    """What a mistake switches off. What the whole file needs stops the start."""

    FILE = "file"
    ENTERPRISE = "enterprise"
    SIGNER = "signer"
    CHANNEL = "channel"
    MAPPING = "mapping"
    RULE = "rule"
    NOTHING = "nothing"  # a table that nobody reads, a key of earlier versions, a thing the machine lacks


_IDS = {
    Part.FILE: NOT_USABLE,
    Part.ENTERPRISE: "CEBD-2002",
    Part.SIGNER: "CEBD-2003",
    Part.CHANNEL: "CEBD-2004",
    Part.MAPPING: "CEBD-2005",
    Part.RULE: "CEBD-2006",
    Part.NOTHING: "CEBD-2008",
}
FOLLOWS = "CEBD-2007"
RETIRED = "CEBD-2009"
LACKING = "CEBD-2010"


@dataclass(frozen=True)
class Fault:
    """One mistake. `part` and `name` say what it switches off; `en` and `zh` what is wrong, after the key.

    `id` is CEBD-2007 for what is switched off only because something else is: no mistake of its own.
    """

    key: str
    line: int | None
    en: str
    zh: str
    part: Part
    name: str = ""
    id: str = ""
    severity: Literal["error", "warning"] = "error"

    @property
    def follows(self) -> bool:
        return self.id == FOLLOWS

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.key}: {self.en}"


def fault(
    location: Location,
    said: tuple[str, str],
    lines: Lines,
    part: Part,
    name: str = "",
    *,
    id: str = "",
    severity: Literal["error", "warning"] = "error",
) -> Fault:
    """A fault at that key. `said` is what is wrong, in English and in Chinese."""
    key = ".".join(str(step) for step in location)
    within = (line for path, line in lines.items() if path[: len(location)] == location)
    return Fault(
        key, line_of(location, dict(lines)) or min(within, default=None), *said, part, name, id or _IDS[part], severity
    )
