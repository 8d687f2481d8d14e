"""A field whose value in a row differs from the declared value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cebd.problems.problem import Place


@dataclass(frozen=True, slots=True)
class EditedField:
    """`declared` and `value` are texts fit to be shown (`cebd.problems.problem.shorten`), empty where there was or is nothing."""

    field: str
    place: Place
    declared: str
    value: str

    def as_json(self) -> dict[str, object]:
        return {
            "field": self.field,
            "sheet": self.place.sheet,
            "row": self.place.row,
            "cell": self.place.cell,
            "declared": self.declared,
            "value": self.value,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EditedField:
        """The field that `as_json` gave (`Any`: as JSON is read). Raises KeyError."""
        place = Place(values.get("sheet"), values.get("row"), values.get("cell"))
        return cls(values["field"], place, values["declared"], values["value"])
