"""Mistakes of the settings file as values: the mistake, its key and line, and the part that it switches off."""

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
    """The part that a mistake switches off. A mistake in the common part stops the start."""

    FILE = "file"
    ENTERPRISE = "enterprise"
    SIGNER = "signer"
    CHANNEL = "channel"
    ALARM = "alarm"
    MAPPING = "mapping"
    RULE = "rule"
    NOTHING = "nothing"  # a table that nobody reads, a key of earlier versions, a thing the machine lacks


_IDS = {
    Part.FILE: NOT_USABLE,
    Part.ENTERPRISE: "CEBD-2002",
    Part.SIGNER: "CEBD-2003",
    Part.CHANNEL: "CEBD-2004",
    Part.ALARM: "CEBD-2020",
    Part.MAPPING: "CEBD-2005",
    Part.RULE: "CEBD-2006",
    Part.NOTHING: "CEBD-2008",
}
FOLLOWS = "CEBD-2007"
RETIRED = "CEBD-2009"
LACKING = "CEBD-2010"


@dataclass(frozen=True)
class Fault:
    """A mistake. `part` and `name`: the part that it switches off; `en` and `zh`: its text, after the key.

    `id` is CEBD-2007 for a part that is switched off only because another part is.
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
    """A fault at that key. `said`: its texts in English and in Chinese."""
    key = ".".join(str(step) for step in location)
    within = (line for path, line in lines.items() if path[: len(location)] == location)
    return Fault(
        key, line_of(location, dict(lines)) or min(within, default=None), *said, part, name, id or _IDS[part], severity
    )
