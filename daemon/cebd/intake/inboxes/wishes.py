"""Files that ask for something: a name that says what, and no rows.

| name, without ending or with `.txt` | a line of text in it, or none | what is asked |
| --- | --- | --- |
| 状态, status | | what waits, for whom, since when, what to do |
| 查询, query | a file's name, an order number, a waybill number ...; lines of numbers; none: the latest files | what became of it |
| 重试, retry | | that what waits is tried now |
| 模板, template | | the templates, whole and in their place |

Whatever holds rows is a drop, whatever its name: two lines that say something, a workbook, XML.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path, PurePath
from typing import NamedTuple

from cebd.disk.files import open_plain
from cebd.documents.workbooks.kind import Kind, kind_of
from cebd.file_names import QUESTIONS, same_on_disk

_AT_MOST = 16_384  # bytes: some hundred numbers
_LONGEST_LINE = 1024  # characters
_BETWEEN = re.compile(r"[\s,，、;；:：|\"'“”。()（）]+")


class Asked(Enum):
    """What is asked; its names."""

    STATUS = ("状态", "狀態", "status")
    QUERY = ("查询", "查詢", "query")
    RETRY = ("重试", "重試", "retry")
    TEMPLATE = ("模板", "模版", "template")


class Wish(NamedTuple):
    """What is asked, and the line of text with it; empty where there is none."""

    asked: Asked
    text: str = ""


_BY_NAME = {same_on_disk(name): asked for asked in Asked for name in asked.value}
# What Windows and people put behind a name: `状态.txt.txt`, `状态 - 副本.txt`, `状态(1).txt`, `状态？`.
_BEHIND = re.compile(r"(?:\s|\.txt|[-–—]\s*(?:副本|copy)|[(（]\d+[)）]|[?？!！。])+\Z")


def is_question(place: PurePath) -> bool:
    """Whether a file at that place below the inbox asks after numbers (`cebd.operations.inquiries.numbers`), whatever it is."""
    return place.parts[0] == QUESTIONS and len(place.parts) > 1


def wish_in(path: Path) -> Wish | None:
    """What the file asks for; None for a drop. Its content is looked at only where its name asks. Raises OSError."""
    asked = _BY_NAME.get(_BEHIND.sub("", same_on_disk(path.name).strip()))
    if asked is None:
        return None
    with open_plain(path) as file:
        content = file.read(_AT_MOST + 1)
    if len(content) > _AT_MOST or kind_of(content) not in (Kind.EMPTY, Kind.TEXT):
        return None
    lines = [line.strip() for line in as_text(content).splitlines() if line.strip()]
    if any(len(line) > _LONGEST_LINE for line in lines):
        return None
    if len(lines) > 1 and not (asked is Asked.QUERY and all(map(may_be_a_number, words_of(" ".join(lines))))):
        return None  # no headings are made of numbers alone
    return Wish(asked, "\n".join(lines))


def words_of(text: str) -> list[str]:
    """The words of a text, without the signs between them."""
    return [word for word in _BETWEEN.split(text) if word]


def may_be_a_number(word: str) -> bool:
    """Whether one who does not know it would take it for the number of a declaration."""
    return word.isascii() and any(letter.isdigit() for letter in word)


def as_text(content: bytes) -> str:
    """What a person wrote with whatever editor."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")
