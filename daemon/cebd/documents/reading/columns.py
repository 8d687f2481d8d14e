"""Assigns columns to fields: headings are recognised by official name, Chinese or English label, alias or the settings' mapping.

A sheet is flat (head fields repeated on every goods line) or one of a pair (heads on one sheet, lines on another). Title rows may stand
above the headings. A heading that may mean two fields is a problem on its cell, never a guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cebd.cell_names import column_letters
from cebd.decisions.layout_sheet import FIELDS_SHEETS
from cebd.decisions.layout_sheet import SHEETS as LAYOUT_SHEETS
from cebd.decisions.sheet import SHEETS as DECISIONS_SHEETS
from cebd.documents.reading.headings import Heading, heading_row, label_of, names_of, qualified
from cebd.documents.reading.options import ColumnMapping
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.documents.workbooks.own_marks import OWN_SHEETS as MADE_SHEETS
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import Field, MessageType, Part, declarations, message_type
from cebd.problems.problem import Place, Problem, problem
from cebd.records.original_list import repeated_fields

# Of a receipt workbook that is dropped back, in every language.
OWN_SHEETS = (*MADE_SHEETS, *DECISIONS_SHEETS.values(), *FIELDS_SHEETS.values(), *LAYOUT_SHEETS.values())
UNKNOWN_COLUMN = "CEBD-1006"
_MIN_FIELDS = 3
_MIN_OF_APPLICATION = 2  # its list and the reason: the list has the rest
_REASON = "reason"


class NotRecognised(Exception):
    """No kind of declaration fits the headings."""


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


Links = Callable[[MessageType], Collection[str]]


def own_links(message: MessageType) -> Collection[str]:
    """The head fields by which rows belong together where the settings copy nothing: the record's number, and the field in its place."""
    return tuple(name for name in (message.group, *message.group_else) if name)


def recognise(
    sheets: Sequence[Sheet], wanted: MessageType | None, mappings: Mapping[str, ColumnMapping], links: Links = own_links
) -> Layout:
    """The layout of the workbook. `mappings` are by message code; `links` gives the head fields by which rows of such a record belong
    together. Raises NotRecognised.
    """
    best = _best(sheets, [wanted] if wanted else _candidates(mappings), mappings, links, named=wanted is not None)
    if best is None:
        raise NotRecognised
    return best


def recognise_further(
    sheets: Sequence[Sheet], first: Layout, mappings: Mapping[str, ColumnMapping], links: Links = own_links
) -> tuple[list[Layout], list[Problem]]:
    """Further sheets that declare the same kind; and problems of the others, so that no sheet is ignored in silence."""
    layouts: list[Layout] = []
    problems: list[Problem] = []
    for sheet in sheets:
        if sheet.name in OWN_SHEETS or sheet in (first.head.sheet, first.lines and first.lines.sheet):
            continue
        layout = _best([sheet], _candidates(mappings, first.type), mappings, links)
        place = Place(sheet.name)
        if layout is not None and layout.type is first.type:
            layouts.append(layout)
        elif layout is not None:
            problems.append(problem("CEBD-1017", place, value=sheet.name, zh=layout.type.zh, en=layout.type.en))
        elif any(any(cell not in ("", None) for cell in row) for row in sheet.rows()):
            problems.append(problem("CEBD-1018", place, value=sheet.name))
    return layouts, problems


def recognise_hidden(
    sheets: Sequence[Sheet],
    visible: Collection[MessageType],
    mappings: Mapping[str, ColumnMapping],
    links: Links = own_links,
) -> list[Problem]:
    """The warnings of hidden sheets that declare what no visible sheet does: they may have been hidden by mistake, and are not declared."""
    problems = []
    for sheet in sheets:
        layout = _best([sheet], _candidates(mappings), mappings, links)
        if layout is not None and layout.type not in visible and sheet.name not in OWN_SHEETS:
            problems.append(
                problem("CEBD-1066", Place(sheet.name), value=sheet.name, zh=layout.type.zh, en=layout.type.en)
            )
    return problems


def _candidates(mappings: Mapping[str, ColumnMapping], *named: MessageType) -> list[MessageType]:
    """The messages that a sheet may declare: all import messages, and the named export messages."""
    named = (*named, *(message_type(code) for code in mappings))
    listed = declarations()
    return [*(message for message in named if message not in listed), *listed]


def _best(
    sheets: Sequence[Sheet],
    messages: Sequence[MessageType],
    mappings: Mapping[str, ColumnMapping],
    links: Links,
    *,
    named: bool = False,
) -> Layout | None:
    """`named`: somebody said that it is that message.

    Of several sheets the one counts of which most columns are known; unless it lacks what it needs, and another lacks nothing and has
    more rows.
    """
    best: dict[str, _Scored] = {}
    for message in messages:
        candidate = _layout(sheets, message, mappings.get(message.code), links(message), named=named)
        if candidate is not None:
            name = candidate.layout.head.sheet.name
            if name not in best or candidate.score > best[name].score:
                best[name] = candidate
    if not best:
        return None
    likeliest = max(best.values(), key=lambda one: one.score)
    if likeliest.missing:
        whole = [one for one in best.values() if not one.missing and one.rows > likeliest.rows]
        likeliest = max(whole, key=lambda one: one.score, default=likeliest)
    return likeliest.layout


class _Scored(NamedTuple):
    """What a workbook may be: how many columns are known, how many are needed and not there."""

    score: int
    missing: int
    layout: Layout

    @property
    def rows(self) -> int:
        """How many of the first rows stand below the headings, and are not blank."""
        head = self.layout.head
        return sum(1 for row in head.sheet.top[head.heading_row :] if any(cell not in ("", None) for cell in row))


def _layout(
    sheets: Sequence[Sheet],
    message: MessageType,
    mapping: ColumnMapping | None,
    links: Collection[str],
    *,
    named: bool,
) -> _Scored | None:
    names = names_of(message)
    candidates = []
    for sheet in sheets:
        if sheet.name in OWN_SHEETS:
            continue
        row_number, headings = heading_row(sheet, names, mapping)
        known = [heading for heading in headings if heading.fields]
        if len(known) >= min(_least_of(message, "head", named), _least_of(message, "line") + 1):
            candidates.append((sheet, row_number, headings))
    named = named and len(candidates) == 1
    for sheet, row_number, headings in candidates:
        of_lines = not message.line_fields or _covers(headings, message, "line", links)
        if of_lines and _covers(headings, message, "head", links, named):
            problems: list[Problem] = []
            layout = _resolve(sheet, row_number, headings, ("head", "line"), problems, message, links)
            return _scored(Layout(message, layout, None, problems))
    heads = [candidate for candidate in candidates if _covers(candidate[2], message, "head", links, named)]
    lines = [
        candidate
        for candidate in candidates
        if _covers(candidate[2], message, "line", links) and candidate not in heads
    ]
    if not heads:
        return None
    problems = []
    head = _resolve(*heads[0], ("head",), problems, message, links)
    line = _resolve(*lines[0], ("line",), problems, message, links) if lines else None
    return _scored(Layout(message, head, line, problems))


def _covers(
    headings: list[Heading], message: MessageType, part: Part, links: Collection[str], named: bool = False
) -> bool:
    """Whether these headings can carry that part: its own fields are there, and the number that groups lines."""
    own = sum(1 for heading in headings if heading.fields and all(field.part == part for field in heading.fields))
    names = {field.name for heading in headings for field in heading.fields}
    least = _least_of(message, part, named)
    if part == "head" and repeated_fields(message).head and not named and _REASON not in names:
        # Any sheet may have the numbers of a list: without the reason only its own number, or goods lines, tell an application.
        of_lines = message.group_else[:1] if message.line_fields else ()
        least, links = _MIN_FIELDS, [name for name in links if name in (message.group, *of_lines)]
    return not names.isdisjoint(links) and own >= least


def _least_of(message: MessageType, part: Part, named: bool = False) -> int:
    """How many of its fields a sheet must have to carry that part: fewer where lines have few fields (711: the waybill), or their list has
    the others."""
    has_list = bool(repeated_fields(message).head)
    if part == "head":
        return _MIN_FIELDS if not has_list else 1 if named else _MIN_OF_APPLICATION
    if has_list:
        return 1
    needed = [field for field in message.line_fields if field.required and field.name != message.numbered]
    return min(2, len(needed)) if needed else 2


def _scored(layout: Layout) -> _Scored:
    recognised = {key for sheet in (layout.head, layout.lines) if sheet is not None for key in sheet.columns}
    fields = (*layout.type.head_fields, *layout.type.line_fields)
    missing = len({(field.part, field.name) for field in fields if field.required} - recognised)
    return _Scored(2 * len(recognised) - missing, missing, layout)


def _resolve(
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
