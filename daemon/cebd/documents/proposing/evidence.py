"""How well a column fits a field: what its heading says, and whether its cells could be declared there.

| evidence | counts |
| --- | --- |
| the heading is a known spelling of the field, or says just what one says | as sure, if the cells fit |
| the heading shares some of what a spelling says | in part, by how rare that is |
| an earlier file of the enterprise had this heading for it | as sure, if the cells fit |
| the cells fit the field | never by itself: it takes evidence away where they do not; least of a name that is one field's alone |
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from typing import NamedTuple

from cebd.documents.proposing.words import Meanings, meanings
from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.cells.understood import digits_of_day
from cebd.documents.reading.headings import plain, qualified, spellings_of
from cebd.documents.workbooks.cells import Shown
from cebd.messages.description import Field, MessageType, message_types

_FITS = 0.9  # of the filled cells
_MAX_CELLS = 60
_MADE_HERE = ("guid", "appTime", "appStatus", "appType")
_AMOUNT = re.compile(r"\d+\.\d{1,5}")
_IDENTITY = re.compile(r"\d{17}[\dXx]|\d{6}\*+\w{4}")
_PHONE = re.compile(r"[+(]?[\d\s()+*-]{7,20}")
_NUMBER = re.compile(r"[0-9A-Za-z_./#*-]{1,60}")


class Likeness(NamedTuple):
    """How well a column fits, from 0 to 1; `sure`: its heading names the field, and its cells fit."""

    score: float
    sure: bool


@dataclass(frozen=True)
class Spelling:
    said: Meanings
    unsure: bool


class FieldsOf:
    """The fields that a column of such a document may have."""

    def __init__(self, message: MessageType) -> None:
        self.message = message
        self.fields = [field for field in (*message.head_fields, *message.line_fields) if field.name not in _MADE_HERE]
        self._spelled: dict[str, list[tuple[Field, bool]]] = {}
        self._said: dict[str, list[Spelling]] = {}
        for field in self.fields:
            unsure = {plain(alias) for alias in field.unsure}
            for spelling in dict.fromkeys(spellings_of(field, message)):
                self._spelled.setdefault(plain(spelling), []).append((field, plain(spelling) in unsure))
                said = Spelling(meanings(spelling), plain(spelling) in unsure)
                self._said.setdefault(self.path(field), []).append(said)
        counts: dict[str, int] = {}
        for spellings in self._said.values():
            for meaning in frozenset().union(*(one.said.known for one in spellings)):
                counts[meaning] = counts.get(meaning, 0) + 1
        self._weight = {meaning: 1 + log(len(self.fields) / count) for meaning, count in counts.items()}

    def path(self, field: Field) -> str:
        """`OrderList/currency`."""
        return qualified(field, self.message)

    def likeness(self, field: Field, heading: str, cells: Sequence[object], earlier: str | None) -> Likeness:
        """How well a column with this heading (without its number) and these cells fits; `earlier`: the field that it had before."""
        label, sure = self._label(field, heading)
        if earlier == self.path(field):
            label, sure = 1.0, True
        if not label:
            return Likeness(0.0, sure=False)
        filled = [cell for cell in cells if cell not in ("", None)][:_MAX_CELLS]
        if not filled:
            return Likeness(label * 0.8, sure=False)
        share = sum(1 for cell in filled if fits(field, cell)) / len(filled)
        if share < 0.5:  # a field's own name stays its name, though its cells be wrong
            return Likeness(0.45 if sure and label == 1.0 else 0.0, sure=False)
        return Likeness(label * (0.5 + 0.5 * share), sure and share >= _FITS)

    def _label(self, field: Field, heading: str) -> tuple[float, bool]:
        spelled = self._spelled.get(plain(heading), [])
        own = [unsure for one, unsure in spelled if one is field]
        if own:
            others = [unsure for one, unsure in spelled if one is not field and one.name != field.name]
            return (0.98, False) if own[0] else (1.0, not others or all(others))
        said = meanings(heading)
        if not said.known:
            return 0.0, False
        best, sure = 0.0, False
        for spelling in self._said[self.path(field)]:
            like = self._alike(said, spelling.said) - (0.03 if spelling.unsure else 0)
            best = max(best, like)
            if said == spelling.said and not spelling.unsure and not said.rest and len(said.known) > 1:
                sure = _has_a_look(field) and self._is_alone(field, said)
        return (best, sure) if best > 0.3 else (0.0, False)

    def _is_alone(self, field: Field, said: Meanings) -> bool:
        """Whether no field of another name says just the same."""
        return not any(
            said == spelling.said
            for other in self.fields
            if other.name != field.name
            for spelling in self._said[self.path(other)]
        )

    def _alike(self, one: Meanings, other: Meanings) -> float:
        """What both say, by its weight, of all that either says."""
        both, all_ = one.known & other.known, one.known | other.known
        rest = len(one.rest ^ other.rest)
        whole = sum(self._weight.get(meaning, 1.5) for meaning in all_) + rest
        return sum(self._weight.get(meaning, 1.5) for meaning in both) / whole if whole else 0.0


@cache
def fields_of(code: str) -> FieldsOf:
    return FieldsOf(message_types()[code])


def _has_a_look(field: Field) -> bool:
    """Whether cells of that field look like those of few others: what says the same in other words is sure there alone."""
    has_form = field.kind != "text" or field.table is not None or bool(field.closed) or digits_of_day(field) is not None
    return has_form or field.name.endswith(("IdNumber", "elephone")) or field.min_length == field.max_length


@cache
def _column(field: Field) -> Column:
    return Column(field, 0, None)


def fits(field: Field, cell: object) -> bool:
    """Whether the cell could be declared in the field: it passes its checks, and looks like what belongs there."""
    text = str(cell).strip()
    if isinstance(cell, float) and cell.is_integer() and not isinstance(cell, Shown):
        text = str(int(cell))
    if field.name.endswith("IdNumber"):
        return bool(_IDENTITY.fullmatch(text))
    if field.name.casefold().endswith("telephone"):
        return bool(_PHONE.fullmatch(text))
    is_number = field.table is None and re.search(r"(No|Code|code|Id)\Z", field.name) is not None
    if is_number and (not _NUMBER.fullmatch(text) or _AMOUNT.fullmatch(text)):
        return False
    if field.name.endswith(("Name", "consignee")) and field.part == "head" and text.replace(" ", "").isdigit():
        return False
    if field.name.endswith("Address") and len(text) < 5:
        return False
    wrong = _column(field).reading(cell).wrong
    return wrong is None or wrong.id == "CEBD-1221"
