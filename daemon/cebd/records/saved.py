"""Who saved a file last, and when."""

from __future__ import annotations

from typing import NamedTuple


class Saved(NamedTuple):
    """`by`: the person, by the name that the workbook has, or as whose file it lay there; `at`: ISO 8601. None where it is not known."""

    by: str | None = None
    at: str | None = None

    def as_json(self) -> dict[str, object]:
        return {"by": self.by, "at": self.at}


NOT_SAID = Saved()
