"""Assigns columns to fields: headings are recognised by official name, Chinese or English label, alias or the settings' mapping.

A heading that may mean two fields is a problem on its cell, never a guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cebd.cell_names import column_letters
from cebd.documents.reading.headings import Heading, label_of, qualified
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import Field, MessageType, Part
from cebd.problems.problem import Place, Problem, problem

UNKNOWN_COLUMN = "CEBD-1006"


@dataclass(frozen=True)
class SheetLayout:
    """A sheet with recognised headings: texts by column, column by (part, field name); `heading_row` is 1-based.

    `numbers` are the columns by which rows belong to a declaration.
    """

    sheet: Sheet
    heading_row: int
    headings: dict[int, str]
    columns: dict[tuple[Part, str], int]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Layout:
    """How a workbook declares: `head` alone when flat, `head` and `lines` else."""

    type: MessageType
    head: SheetLayout
    lines: SheetLayout | None
    problems: list[Problem] = dataclasses.field(default_factory=list)

    @property
    def parts(self) -> tuple[SheetLayout, ...]:
        return (self.head,) if self.lines is None else (self.head, self.lines)


def resolve(
    sheet: Sheet,
    row_number: int,
    headings: list[Heading],
    parts: tuple[Part, ...],
    problems: list[Problem],
    message: MessageType,
    links: Collection[str],
) -> SheetLayout:
    """The field of every heading. A heading that fits two fields, or two headings that fit the same field, become problems."""
    claims: dict[tuple[Part, str], list[Heading]] = {}
    for heading in headings:
        place = _place(sheet, row_number, heading)
        fields = [field for field in heading.fields if field.part in parts or _links(field, links)]
        if not fields:
            if not heading.ignored:
                problems.append(problem(UNKNOWN_COLUMN, place, value=heading.text))
            continue
        if len(fields) > 1 and not all(field.closed for field in fields):
            twins = [other for other in headings if other.fields == heading.fields]
            if len(twins) == 1:
                fields = fields[:1]
                if not heading.is_unsure(fields[0]):  # of others it is said below
                    problems.append(_taken(place, heading, fields[0], message))
        for field in fields:
            claims.setdefault((field.part, field.name), []).append(heading)
    columns: dict[tuple[Part, str], int] = {}
    reported: set[int] = set()
    for key, claiming in claims.items():
        claimants = _sure_first(claiming, message.field(*key), message, sheet, row_number, problems)
        if len(claimants) == 1:
            columns[key] = claimants[0].index
            continue
        for heading in claimants:
            if heading.index in reported:
                continue
            reported.add(heading.index)
            place = _place(sheet, row_number, heading)
            problems.append(_unclear(place, heading, claimants, message))
    numbers = frozenset(index for key, index in columns.items() if _links(message.field(*key), links))
    return SheetLayout(sheet, row_number, {heading.index: heading.text for heading in headings}, columns, numbers)


def _sure_first(
    claimants: list[Heading],
    field: Field,
    message: MessageType,
    sheet: Sheet,
    row_number: int,
    problems: list[Problem],
) -> list[Heading]:
    """The headings that name the field plainly; otherwise the headings that mean it by trade practice, with a notice."""
    others = [heading for heading in claimants if heading.text != CHANGE_HEADING]
    sure = [heading for heading in others or claimants if not heading.is_unsure(field)]
    for heading in claimants:
        if heading in sure:
            continue
        place = _place(sheet, row_number, heading)
        if sure:
            problems.append(problem(UNKNOWN_COLUMN, place, value=heading.text))
        elif len(claimants) == 1:
            problems.append(_taken(place, heading, field, message))
    return sure or claimants


def _taken(place: Place, heading: Heading, field: Field, message: MessageType) -> Problem:
    """That a heading is taken for a field."""
    return problem(
        "CEBD-1014", place, value=heading.text, taken=qualified(field, message), taken_zh=label_of(field, message)
    )


def _unclear(place: Place, heading: Heading, claimants: Sequence[Heading], message: MessageType) -> Problem:
    """That a heading may mean several fields, or that another one means its field as well."""
    choices = [qualified(field, message) for field in heading.fields]
    others = "、".join(dict.fromkeys(other.text for other in claimants if other.text != heading.text))
    return problem(
        "CEBD-1005",
        place,
        field=heading.fields[0],
        value=heading.text,
        choices=" / ".join(choices),
        choices_zh="、".join(f"“{label_of(field, message)}”" for field in heading.fields),
        rival_zh=f"，列“{others}”也可以是" if others else "",
        rival=f", and so may {others}" if others else "",
        example=choices[0],
    )


def _place(sheet: Sheet, row_number: int, heading: Heading) -> Place:
    return Place(sheet.name, row_number, f"{column_letters(heading.index)}{row_number}")


def _links(field: Field, links: Collection[str]) -> bool:
    """Whether the field is a number by which lines find their head, which stands on both sheets."""
    return field.part == "head" and field.name in links
