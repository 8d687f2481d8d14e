"""Headings: which row of a sheet has them, and which fields each may mean, by official name, label, alias or the settings' mapping."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from cebd.documents.reading.options import ColumnMapping
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.documents.workbooks.sheets import Row, Sheet
from cebd.messages.description import Field, MessageType

_PARTS = {"head": "表头", "line": "表体"}
_MIN_SHARE_OF_BEST_ROW = 0.7
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
        """Whether the heading means this field by trade practice alone."""
        return self.spelling in {plain(alias) for alias in field.unsure}


def heading_row(
    sheet: Sheet, names: dict[str, list[Field]], mapping: ColumnMapping | None
) -> tuple[int, list[Heading]]:
    """The first row with at least 70 % of the best row's known headings. Headings repeated further down are ignored."""
    rows = [(number, _read_headings(row, names, mapping)) for number, row in enumerate(sheet.top, 1)]
    counts = [sum(1 for heading in headings if heading.fields) for _, headings in rows]
    most = max(counts, default=0)
    for count, row_of_headings in zip(counts, rows, strict=True):
        if count and count >= most * _MIN_SHARE_OF_BEST_ROW:
            return row_of_headings
    return 0, []


def _read_headings(row: Row, names: dict[str, list[Field]], mapping: ColumnMapping | None) -> list[Heading]:
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
) -> Heading:
    if mapping is not None:
        target = mapping.columns.get(f"{text}#{nth}" if repeated else text, mapping.columns.get(f"{text}#{nth}"))
        if target == "-":
            return Heading(index, text, (), ignored=True)
        if target is not None:
            return Heading(index, text, tuple(names.get(plain(target), ())))
    for candidate in _spellings(text):
        if candidate in names:
            return Heading(index, text, tuple(names[candidate]), spelling=candidate)
    return Heading(index, text, ())


def is_spelling(message: MessageType, text: str) -> bool:
    """Whether the text, as a mapping may write it, names a field of that message."""
    return plain(text) in names_of(message)


def qualified(field: Field, message: MessageType) -> str:
    return f"{(message.head or message.record) if field.part == 'head' else message.line}/{field.name}"


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
def _spellings(text: str) -> list[str]:
    """The heading itself, then its text before a bracket or line break, then its text in or after it."""
    parts = [part for part in re.split(r"[\n(（\[【)）\]】]", text) if part.strip()]
    return [plain(text), *(plain(part) for part in parts)]


@lru_cache(maxsize=_MAX_TEXTS_CACHED)
def plain(text: str) -> str:
    """The spelling without case, blanks, stars, colons and width."""
    return re.sub(r"[\s*＊_:：]", "", unicodedata.normalize("NFKC", text)).casefold()
