"""Which column means which field: headings recognised by official name, Chinese or English label, alias or the settings' mapping.

A sheet is flat (head fields repeated on every goods line) or one of a pair (heads on one sheet, lines on another). Title rows may stand
above the headings. What may mean two fields is a problem on its heading cell, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cebd.documents.reading.options import ColumnMapping
from cebd.documents.workbooks.cells import column_letters
from cebd.documents.workbooks.own_marks import CHANGE_HEADING, FILE_SHEET, OWN_HEADING, RECORDS_SHEET
from cebd.documents.workbooks.sheets import Row, Sheet
from cebd.messages.description import Field, MessageType, Part, declarations, message_type
from cebd.problems.problem import Place, Problem, problem

OWN_SHEETS = (FILE_SHEET, RECORDS_SHEET)  # of a receipt workbook that is dropped back
_MIN_FIELDS = 3
_MIN_SHARE_OF_BEST_ROW = 0.7
_MAX_TEXTS_CACHED = 20_000  # each message looks for its own headings in the same first rows


class NotRecognised(Exception):
    """No kind of declaration fits the headings."""


@dataclass(frozen=True)
class SheetLayout:
    """A sheet whose headings are known: texts by column, column by (part, field name); `heading_row` is 1-based.

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
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Heading:
    index: int
    text: str
    fields: tuple[Field, ...]
    ignored: bool = False
    spelling: str = ""  # by which it was recognised; a mapping needs none

    def is_unsure(self, known: Field) -> bool:
        """Whether only trade practice says that it means this field."""
        return self.spelling in {_plain(alias) for alias in known.unsure}


Links = Callable[[MessageType], Collection[str]]


def own_links(message: MessageType) -> Collection[str]:
    """By which rows belong together as long as the settings copy nothing: the record's number, and what stands in its place."""
    return tuple(name for name in (message.group, message.group_else) if name)


def recognise(
    sheets: Sequence[Sheet], wanted: MessageType | None, mappings: dict[str, ColumnMapping], links: Links = own_links
) -> Layout:
    """The layout of the workbook. `mappings` maps a message code to the mapping for it; `links` tells the head fields by which rows of
    such a record belong together. Raises NotRecognised.
    """
    best = _best(sheets, [wanted] if wanted else _candidates(mappings), mappings, links)
    if best is None:
        raise NotRecognised
    return best


def recognise_further(
    sheets: Sequence[Sheet], first: Layout, mappings: dict[str, ColumnMapping], links: Links = own_links
) -> tuple[list[Layout], list[Problem]]:
    """Sheets beside the first that declare the same kind; and what to say of those that do not, so that none is passed over in silence."""
    layouts: list[Layout] = []
    problems: list[Problem] = []
    for sheet in sheets:
        if sheet.name in OWN_SHEETS or sheet in (first.head.sheet, first.lines and first.lines.sheet):
            continue
        found = _best([sheet], _candidates(mappings, first.type), mappings, links)
        place = Place(sheet.name)
        if found is not None and found.type is first.type:
            layouts.append(found)
        elif found is not None:
            problems.append(problem("CEBD-1017", place, value=sheet.name, zh=found.type.zh, en=found.type.en))
        elif any(any(cell not in ("", None) for cell in row) for row in sheet.rows()):
            problems.append(problem("CEBD-1018", place, value=sheet.name))
    return layouts, problems


def _candidates(mappings: dict[str, ColumnMapping], *named: MessageType) -> list[MessageType]:
    """What a sheet may declare: the import messages, and of the export ones only what is named."""
    named = (*named, *(message_type(code) for code in mappings))
    listed = declarations()
    return [*(one for one in named if one not in listed), *listed]


def _best(
    sheets: Sequence[Sheet], messages: Sequence[MessageType], mappings: dict[str, ColumnMapping], links: Links
) -> Layout | None:
    best: tuple[int, Layout] | None = None
    for message in messages:
        found = _layout(sheets, message, mappings.get(message.code), links(message))
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return None if best is None else best[1]


def _layout(
    sheets: Sequence[Sheet], message: MessageType, mapping: ColumnMapping | None, links: Collection[str]
) -> tuple[int, Layout] | None:
    names = _names(message)
    candidates = []
    for sheet in sheets:
        if sheet.name in OWN_SHEETS:
            continue
        row_number, headings = _heading_row(sheet, names, mapping)
        if len([one for one in headings if one.fields]) >= min(_MIN_FIELDS, _least_of(message, "line") + 1):
            candidates.append((sheet, row_number, headings))
    for sheet, row_number, headings in candidates:
        of_lines = not message.line_fields or _covers(headings, message, "line", links)
        if of_lines and _covers(headings, message, "head", links):
            problems: list[Problem] = []
            layout = _resolve(sheet, row_number, headings, ("head", "line"), problems, message, links)
            return _score(message, layout), Layout(message, layout, None, problems)
    heads = [one for one in candidates if _covers(one[2], message, "head", links)]
    lines = [one for one in candidates if _covers(one[2], message, "line", links) and one not in heads]
    if not heads:
        return None
    problems = []
    head = _resolve(*heads[0], ("head",), problems, message, links)
    line = _resolve(*lines[0], ("line",), problems, message, links) if lines else None
    return _score(message, head, line), Layout(message, head, line, problems)


def _covers(headings: list[_Heading], message: MessageType, part: Part, links: Collection[str]) -> bool:
    """Whether these headings can carry that part: its own fields are there, and the number that groups lines."""
    own = sum(1 for one in headings if one.fields and all(known.part == part for known in one.fields))
    grouped = any(known.name in links for one in headings for known in one.fields)
    return grouped and own >= _least_of(message, part)


def _least_of(message: MessageType, part: Part) -> int:
    """How many fields of its own tell that a sheet carries that part: fewer where its lines hardly have any (711: the waybill)."""
    if part == "head":
        return _MIN_FIELDS
    needed = [known for known in message.line_fields if known.required and known.name != message.numbered]
    return min(2, len(needed)) if needed else 2


def _score(message: MessageType, *layouts: SheetLayout | None) -> int:
    found = {key for layout in layouts if layout is not None for key in layout.columns}
    wanted = {(known.part, known.name) for known in (*message.head_fields, *message.line_fields) if known.required}
    return 2 * len(found) - len(wanted - found)


def _heading_row(
    sheet: Sheet, names: dict[str, list[Field]], mapping: ColumnMapping | None
) -> tuple[int, list[_Heading]]:
    """The first row that names most of what any row names: one that is printed again further down, even better spelt, has data above it."""
    rows = [(number, _read_headings(row, names, mapping)) for number, row in enumerate(sheet.top, 1)]
    known = [sum(1 for one in headings if one.fields) for _, headings in rows]
    most = max(known, default=0)
    for count, found in zip(known, rows, strict=True):
        if count and count >= most * _MIN_SHARE_OF_BEST_ROW:
            return found
    return 0, []


def _read_headings(row: Row, names: dict[str, list[Field]], mapping: ColumnMapping | None) -> list[_Heading]:
    texts = [str(cell).strip() for cell in row]
    times = Counter(texts)
    seen: dict[str, int] = {}
    headings = []
    for index, text in enumerate(texts):
        if not text or text.startswith(OWN_HEADING):
            continue
        seen[text] = seen.get(text, 0) + 1
        headings.append(_read_heading(index, text, seen[text], times[text] > 1, names, mapping))
    return headings


def _read_heading(
    index: int, text: str, nth: int, repeated: bool, names: dict[str, list[Field]], mapping: ColumnMapping | None
) -> _Heading:
    if mapping is not None:
        target = mapping.columns.get(f"{text}#{nth}" if repeated else text, mapping.columns.get(f"{text}#{nth}"))
        if target == "-":
            return _Heading(index, text, (), ignored=True)
        if target is not None:
            return _Heading(index, text, tuple(names.get(_plain(target), ())))
    for candidate in _spellings(text):
        if candidate in names:
            return _Heading(index, text, tuple(names[candidate]), spelling=candidate)
    return _Heading(index, text, ())


def _resolve(
    sheet: Sheet,
    row_number: int,
    headings: list[_Heading],
    parts: tuple[Part, ...],
    problems: list[Problem],
    message: MessageType,
    links: Collection[str],
) -> SheetLayout:
    """Each heading to its field; what could be two fields, or two headings for one field, becomes a problem."""
    claims: dict[tuple[Part, str], list[_Heading]] = {}
    for heading in headings:
        place = _place(sheet, row_number, heading)
        fields = [known for known in heading.fields if known.part in parts or _links(known, links)]
        if not fields:
            if not heading.ignored:
                problems.append(problem("CEBD-1006", place, value=heading.text))
            continue
        if len(fields) > 1 and not all(known.closed for known in fields):
            twins = [other for other in headings if other.fields == heading.fields]
            if len(twins) == 1:
                problems.append(problem("CEBD-1014", place, value=heading.text, taken=_qualified(fields[0], message)))
                fields = fields[:1]
        for known in fields:
            claims.setdefault((known.part, known.name), []).append(heading)
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
            choices = [_qualified(known, message) for known in heading.fields]
            problems.append(
                problem(
                    "CEBD-1005",
                    place,
                    field=heading.fields[0],
                    value=heading.text,
                    choices=" / ".join(choices),
                    example=choices[0],
                )
            )
    numbers = frozenset(index for key, index in columns.items() if _links(message.field(*key), links))
    return SheetLayout(sheet, row_number, {one.index: one.text for one in headings}, columns, numbers)


def _sure_first(
    claimants: list[_Heading],
    known: Field,
    message: MessageType,
    sheet: Sheet,
    row_number: int,
    problems: list[Problem],
) -> list[_Heading]:
    """A heading that names the field plainly leaves none to guess for; where only trade practice decides, that is said."""
    others = [one for one in claimants if one.text != CHANGE_HEADING]
    sure = [one for one in others or claimants if not one.is_unsure(known)]
    for heading in claimants:
        if heading in sure:
            continue
        place = _place(sheet, row_number, heading)
        if sure:
            problems.append(problem("CEBD-1006", place, value=heading.text))
        elif len(claimants) == 1:
            problems.append(problem("CEBD-1014", place, value=heading.text, taken=_qualified(known, message)))
    return sure or claimants


def _place(sheet: Sheet, row_number: int, heading: _Heading) -> Place:
    return Place(sheet.name, row_number, f"{column_letters(heading.index)}{row_number}")


def _links(known: Field, links: Collection[str]) -> bool:
    """The number by which lines find their head stands on both sheets."""
    return known.part == "head" and known.name in links


def _qualified(known: Field, message: MessageType) -> str:
    return f"{(message.head or message.record) if known.part == 'head' else message.line}/{known.name}"


def is_spelling(message: MessageType, text: str) -> bool:
    """Whether the text, as a mapping may write it, names a field of that message."""
    return _plain(text) in _names(message)


def _names(message: MessageType) -> dict[str, list[Field]]:
    """Every spelling of every field, plain; those of head and line that are spelled alike stand together."""
    names: dict[str, list[Field]] = {}
    for known in (*message.head_fields, *message.line_fields):
        spellings = (known.name, known.zh, known.en, *known.aliases, _qualified(known, message), known.zh + known.name)
        for spelling in dict.fromkeys(_plain(one) for one in spellings):
            names.setdefault(spelling, []).append(known)
    return names


@lru_cache(maxsize=_MAX_TEXTS_CACHED)
def _spellings(text: str) -> list[str]:
    """The heading as it stands, then what stands before a bracket or line break, then what stands in or after it."""
    parts = [part for part in re.split(r"[\n(（\[【)）\]】]", text) if part.strip()]
    return [_plain(text), *(_plain(part) for part in parts)]


@lru_cache(maxsize=_MAX_TEXTS_CACHED)
def _plain(text: str) -> str:
    return re.sub(r"[\s*＊_:：]", "", unicodedata.normalize("NFKC", text)).casefold()
