"""A problem: what is wrong, where, what it means for the declaration, what to do next; in Chinese and English."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from cebd.messages.description import Field

CONFIGURABLE_CODES = frozenset(("CEBD-1203", "CEBD-1207", "CEBD-1215"))
Severity = Literal["error", "warning", "notice"]


class Place(NamedTuple):
    """A place in a file: sheet and 1-based row of a workbook, or a line of an XML file; `cell` like `C12`."""

    sheet: str | None = None
    row: int | None = None
    cell: str | None = None


_TEXTS = ("zh", "en", "fix_zh", "fix_en")
NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. `id` is stable (`CEBD-1203`); `field` is the element's name; `suggestion` is a value that is proved to be right."""

    id: str
    severity: Severity
    place: Place
    field: str | None
    value: str | None
    zh: str
    en: str
    fix_zh: str
    fix_en: str
    suggestion: str | None = None

    def as_json(self) -> dict[str, object]:
        """The problem for the receipt JSON, with sheet, row and severity; without `suggestion` when there is none.

        An identity number that is offered is masked as `value` is; only the store and the receipt workbook have it in full.
        """
        stored = self.as_stored()
        return stored if self.suggestion is None else {**stored, "suggestion": mask(self.field, self.suggestion)}

    def as_stored(self) -> dict[str, object]:
        """The problem for the store: that of `as_json`, with the suggestion in full, which the receipt workbook offers."""
        offered: dict[str, object] = {} if self.suggestion is None else {"suggestion": self.suggestion}
        return {
            "id": self.id,
            "field": self.field,
            "cell": self.place.cell,
            "value": self.value,
            "zh": self.zh,
            "en": self.en,
            "fix_zh": self.fix_zh,
            "fix_en": self.fix_en,
            "sheet": self.place.sheet,
            "row": self.place.row,
            "severity": self.severity,
            **offered,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Problem:
        """The problem from the output of `as_json` or `as_stored` (`Any`: parsed JSON). Raises KeyError.

        Keys that earlier versions lack are empty. A masked suggestion is left out: it is no value that could be declared.
        """
        field, suggestion = values.get("field"), values.get("suggestion")
        return cls(
            id=values["id"],
            severity=values.get("severity", "error"),
            place=Place(values.get("sheet"), values.get("row"), values.get("cell")),
            field=field,
            value=values.get("value"),
            zh=values.get("zh", ""),
            en=values.get("en", ""),
            fix_zh=values.get("fix_zh", ""),
            fix_en=values.get("fix_en", ""),
            suggestion=None if suggestion and _is_identity(field) and "*" in suggestion else suggestion,
        )

    def as_text(self) -> str:
        """The problem for a text file: in Chinese, then in English."""
        return f"{self.id}\n{self.zh}\n{self.fix_zh}\n\n{self.en}\n{self.fix_en}\n"


def stored_text(problems: Iterable[Problem]) -> str:
    """Problems as a column of the store keeps them: a JSON list of their `as_stored`."""
    return json.dumps([problem.as_stored() for problem in problems], ensure_ascii=False)


def problem(
    problem_id: str,
    place: Place = NOWHERE,
    *,
    field: Field | None = None,
    value: object = None,
    suggestion: str | None = None,
    **facts: object,
) -> Problem:
    """Make a problem of the catalogue. Raises KeyError for an id that the catalogue does not have.

    `facts` fill the texts; the Chinese texts take `reason` from `reason_zh`, any other likewise, where both are given.
    """
    entry = catalogue()[problem_id]
    shown = None if value is None else shorten(field.name if field else None, str(value))
    named = {key: str(fact) for key, fact in facts.items()}
    if field is not None:
        named = {"zh": field.zh, "en": field.en, "field": field.name, **named}
    named = {"value": shown or "", **named}
    in_chinese = named | {key[:-3]: fact for key, fact in named.items() if key.endswith("_zh") and key[:-3] in named}
    return Problem(
        id=problem_id,
        severity=problem_severity(problem_id),  # type: ignore[arg-type]
        place=place,
        field=field.name if field else None,
        value=shown,
        suggestion=suggestion,
        **{text: entry[text].format_map(in_chinese if text.endswith("zh") else named) for text in _TEXTS},
    )


def problem_severity(problem_id: str) -> str:
    """The severity that the catalogue gives it."""
    return catalogue()[problem_id].get("severity", "error")


def has_configurable_severity(problem_id: str) -> bool:
    """Whether settings may change its severity: that of rules, repeats and codes, never that of a value that cannot be declared."""
    return problem_id in CONFIGURABLE_CODES or problem_id.startswith(("CEBD-13", "CEBD-14"))


def with_severity_of(original: Problem, rules: Mapping[str, str]) -> Problem | None:
    """The problem with the severity of the settings' [rules]; None when they switch it off."""
    severity = rules.get(original.id) if has_configurable_severity(original.id) else None
    if severity == "off":
        return None
    return replace(original, severity=severity) if severity in ("error", "warning") else original  # type: ignore[arg-type]


def shorten(field: str | None, value: str) -> str:
    """A value for people: identity numbers keep their first and last four characters, long texts their start."""
    shown = mask(field, value)
    return shown if shown != value or len(value) <= 60 else value[:57] + "..."


def mask(field: str | None, value: str) -> str:
    """The value; of an identity number only the first and last four characters."""
    if _is_identity(field) and len(value) > 8:
        return f"{value[:4]}{'*' * (len(value) - 8)}{value[-4:]}"
    return value


def _is_identity(field: str | None) -> bool:
    return field is not None and field.endswith("IdNumber")


class WrongCatalogue(Exception):
    """The catalogue lacks a text, or has an id twice: which file, which id."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every problem's texts by id, from the families in `catalogue/`. `admin_zh` and `admin_en` are shown by `cebd explain` alone;
    `page_zh` and `page_en` say what to do next to whoever reads it on a page of the console, where that is another thing."""
    entries: dict[str, dict[str, str]] = {}
    for family in sorted((Path(__file__).parent / "catalogue").glob("*.toml")):
        for id_, entry in tomllib.loads(family.read_text(encoding="utf-8")).items():
            lacking = [text for text in _TEXTS if text not in entry]
            if lacking or id_ in entries:
                raise WrongCatalogue(
                    f"{family}: {id_} " + (f"lacks {', '.join(lacking)}" if lacking else "stands twice")
                )
            entries[id_] = entry
    return entries
