"""Headings: which row of a sheet has them, and which fields each may mean, by official name, label, alias or the settings' mapping."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from cebd.documents.reading.grouped_headings import HeadingCells, heading_cells, is_under_its_groups
from cebd.documents.reading.options import ColumnMapping
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.documents.workbooks.sheet import Sheet
from cebd.messages.description import Field, MessageType

_OF_A_PARTY = ("姓名", "代码")
_PARTS = {"head": "表头", "line": "表体"}
_MIN_SHARE_OF_BEST_ROW = 0.7
_NUMBER = re.compile(r"\s*\d{1,2}\s*[.．、]\s*(?=[^\d\s])")  # before a heading
_MAX_TEXTS_CACHED = 20_000  # each message looks for its own headings in the same first rows


@dataclass(frozen=True)
class Heading:
    """A heading in a column (from 0), and the fields that it may mean."""

    index: int
    text: str
    fields: tuple[Field, ...]
    ignored: bool = False
    spelling: str = ""  # the spelling that recognised it; a mapping needs none

    def is_unsure(self, field: Field) -> bool:
        """Whether the heading means this field by trade practice alone; its own label is sure, in brackets of either width."""
        return self.spelling in {plain(alias) for alias in field.unsure} - {plain(field.zh)}


def heading_row(
    sheet: Sheet, names: dict[str, list[Field]], mapping: ColumnMapping | None
) -> tuple[int, list[Heading]]:
    """The first row with at least 70 % of the best row's known headings. Headings repeated further down are ignored."""
    cells = heading_cells(sheet)
    rows = [(number, _read_headings(one, names, mapping)) for number, one in enumerate(cells, 1)]
    counts = [sum(1 for heading in headings if heading.fields) for _, headings in rows]
    for index, row in enumerate(sheet.top[1:], 1):
        if counts[index] > counts[index - 1] and is_under_its_groups(cells[index], row):
            counts[index - 1] = 0  # it is the upper part of these headings
    most = max(counts, default=0)
    for count, row_of_headings in zip(counts, rows, strict=True):
        if count and count >= most * _MIN_SHARE_OF_BEST_ROW:
            return row_of_headings
    return 0, []


def _read_headings(cells: HeadingCells, names: dict[str, list[Field]], mapping: ColumnMapping | None) -> list[Heading]:
    texts, called = cells.texts, cells.names
    times, times_called = Counter(texts), Counter(called)
    seen: Counter[str] = Counter()
    seen_called: Counter[str] = Counter()
    headings = []
    for index, text in enumerate(texts):
        if not text or text.startswith(OWN_HEADING):
            continue
        seen[text] += 1
        seen_called[called[index]] += 1
        told = _told_by(mapping, called[index], seen_called[called[index]], times_called[called[index]] > 1)
        if told is None:
            told = _told_by(mapping, text, seen[text], times[text] > 1)
        if told is not None:
            headings.append(_as_told(index, text, told, names))
            continue
        heading = _read_heading(index, text, names)
        group = cells.groups.get(index)
        headings.append(heading if group is None else _in_its_group(heading, group, times[text] > 1, names))
    return headings


def _in_its_group(heading: Heading, group: str, repeated: bool, names: dict[str, list[Field]]) -> Heading:
    """The heading with the group before it, where that names a field and the heading alone says too little.

    It does where nobody knows it, where it stands twice, and where the group is a party of the trade (`收货人`) and the heading means
    its field by trade practice alone (`姓名`).
    """
    is_party = any(plain(f"{group}{what}") in names for what in _OF_A_PARTY)
    is_unsure = bool(heading.fields) and all(map(heading.is_unsure, heading.fields))
    fields = names.get(plain(f"{group}{heading.text}"))
    if fields is None or not (not heading.fields or repeated or (is_party and is_unsure)):
        return heading
    return Heading(heading.index, f"{group}{heading.text}", tuple(fields), spelling=plain(f"{group}{heading.text}"))


def _told_by(mapping: ColumnMapping | None, text: str, nth: int, repeated: bool) -> str | None:
    """What the mapping says of that heading, the `nth` of this text."""
    if mapping is None:
        return None
    return mapping.columns.get(f"{text}#{nth}" if repeated else text, mapping.columns.get(f"{text}#{nth}"))


def _as_told(index: int, text: str, target: str, names: dict[str, list[Field]]) -> Heading:
    if target == "-":
        return Heading(index, text, (), ignored=True)
    return Heading(index, text, tuple(names.get(plain(target), ())))


def _read_heading(index: int, text: str, names: dict[str, list[Field]]) -> Heading:
    for candidate in heading_spellings(text):
        if candidate in names:
            return Heading(index, text, tuple(names[candidate]), spelling=candidate)
    return Heading(index, text, ())


def is_spelling(message: MessageType, text: str) -> bool:
    """Whether the text, as a mapping may write it, names a field of that message."""
    return plain(text) in names_of(message)


def qualified(field: Field, message: MessageType) -> str:
    return f"{(message.head or message.record) if field.part == 'head' else message.line}/{field.name}"


def label_of(field: Field, message: MessageType) -> str:
    """The field's Chinese label, with the part before it where both parts have a field of that label: `表头币制`."""
    others = message.line_fields if field.part == "head" else message.head_fields
    return (_PARTS[field.part] if any(other.zh == field.zh for other in others) else "") + field.zh


def spellings_of(field: Field, message: MessageType) -> tuple[str, ...]:
    """What a heading of that field may say."""
    official = (field.name, field.zh, field.en, *field.aliases, qualified(field, message))
    return (*official, field.zh + field.name, _PARTS[field.part] + field.zh)


def names_of(message: MessageType) -> dict[str, list[Field]]:
    """Fields by every plain spelling; a field of the head and a field of the lines may share a spelling. Templates tell such apart by the
    part before the label (`表头币制`)."""
    names: dict[str, list[Field]] = {}
    for field in (*message.head_fields, *message.line_fields):
        for spelling in dict.fromkeys(map(plain, spellings_of(field, message))):
            names.setdefault(spelling, []).append(field)
    return names


@lru_cache(maxsize=_MAX_TEXTS_CACHED)
def heading_spellings(text: str) -> list[str]:
    """The heading itself, then its text before a bracket or line break, then its text in or after it; each without its number."""
    parts = [text, *(part for part in re.split(r"[\n(（\[【)）\]】]", text) if part.strip())]
    return [*map(plain, parts), *(plain(part[at.end() :]) for part in parts if (at := _NUMBER.match(part)))]


@lru_cache(maxsize=_MAX_TEXTS_CACHED)
def plain(text: str) -> str:
    """The spelling without case, blanks, stars and other marks, colons and width."""
    return re.sub(r"[\s*＊_:：★☆※●■◆▲]", "", unicodedata.normalize("NFKC", text)).casefold()
