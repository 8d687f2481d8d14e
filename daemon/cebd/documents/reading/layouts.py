"""Which declarations a workbook's sheets are, by the fields that their headings name.

A sheet is flat (head fields repeated on every goods line) or one of a pair (heads on one sheet, lines on another). Title rows may stand
above the headings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from cebd.decisions.layout_sheet import FIELDS_SHEETS
from cebd.decisions.layout_sheet import SHEETS as LAYOUT_SHEETS
from cebd.decisions.sheet import SHEETS as DECISIONS_SHEETS
from cebd.documents.reading.columns import Layout, resolve
from cebd.documents.reading.headings import Heading, heading_row, names_of
from cebd.documents.reading.options import ColumnMapping
from cebd.documents.workbooks.own_marks import OWN_SHEETS as MADE_SHEETS
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import MessageType, Part, declarations, message_type
from cebd.problems.problem import Place, Problem, problem
from cebd.records.original_list import repeated_fields

# Of a receipt workbook that is dropped back, in every language.
OWN_SHEETS = (*MADE_SHEETS, *DECISIONS_SHEETS.values(), *FIELDS_SHEETS.values(), *LAYOUT_SHEETS.values())
_MIN_FIELDS = 3
_MIN_OF_APPLICATION = 2  # its list and the reason: the list has the rest
_REASON = "reason"


class NotRecognised(Exception):
    """No kind of declaration fits the headings."""


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
            layout = resolve(sheet, row_number, headings, ("head", "line"), problems, message, links)
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
    head = resolve(*heads[0], ("head",), problems, message, links)
    line = resolve(*lines[0], ("line",), problems, message, links) if lines else None
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
