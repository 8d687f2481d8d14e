"""Documents as JSON: what a person entered in the console, or a program gives us. They become the sheet of a workbook, row by row.

    {"v": 1, "type": "inventory", "documents": [{"head": {"copNo": "C1", ...}, "lines": [{"gnum": "1", ...}, ...]}, ...]}

`type`: a declaration by its name or code. Every value is a text or a number, under the name that the specification gives its element; what
is null, empty or left out is an empty cell. A document is a row for each of its lines, with its head before each, so that everything
behind the sheet (defaults, checks, receipts) is what it is for a workbook.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cebd.documents.workbooks.chunks import Chunk, Row, in_chunks
from cebd.documents.workbooks.unreadable import refused
from cebd.messages.description import Field, MessageType, Part, message_type

SUFFIX = ".json"
VERSION = 1
MAX_BYTES = 32 * 1024**2
HEADING_ROW = 1
_MADE_HERE = ("guid", "appTime")
_KEYS = {"v", "type", "documents"}
_HALF_SIGN = re.compile("[\ud800-\udfff]")  # JSON can write it, no XML can
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """What one declaration states: texts by element name, of its head and of each goods line. Empty texts are left out."""

    head: Texts
    lines: tuple[Texts, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a value stands: which document, which of its lines (None: in its head), which element. Counted from 0."""

    document: int
    line: int | None
    field: str


@dataclass(frozen=True)
class EnteredSheet:
    """Documents of a kind as the sheet that they are read as: a heading row, then a row for each line."""

    type: MessageType
    documents: tuple[Document, ...]

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return []

    @property
    def columns(self) -> list[tuple[Part, str]]:
        """All elements that a declaration needs or that some document states, in the order of the specification; what the specification
        does not know stands last, to be named as a column that is not declared."""
        head = {name for document in self.documents for name in document.head}
        line = {name for document in self.documents for texts in document.lines for name in texts}
        columns: list[tuple[Part, str]] = []
        for part, fields, stated in (("head", self.type.head_fields, head), ("line", self.type.line_fields, line)):
            columns += [(field.part, field.name) for field in fields if field.name in stated or self._is_asked(field)]
            known = {field.name for field in fields}
            columns += [("line" if part == "line" else "head", name) for name in sorted(stated - known)]
        return columns

    def rows(self) -> Iterator[Row]:
        columns = self.columns
        yield [self._heading(part, name) for part, name in columns]
        for document in self.documents:
            for line in document.lines or ({},):
                yield [(document.head if part == "head" else line).get(name, "") for part, name in columns]

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    def cell(self, row: int | None, column: int | None, field: str | None) -> Cell | None:
        """What stands in a row (1-based) and column (from 0) of the sheet; without a column, the head's element of that name. None for
        what is in no document."""
        if row is None or row <= HEADING_ROW:
            return None
        at = HEADING_ROW
        for number, document in enumerate(self.documents):
            count = max(1, len(document.lines))
            if row <= at + count:
                columns = self.columns
                part, name = columns[column] if column is not None and column < len(columns) else ("head", field or "")
                return Cell(number, row - at - 1 if part == "line" else None, name)
            at += count
        return None

    def is_whole(self, rows: Sequence[int]) -> bool:
        """Whether these rows are those of one document, all of them."""
        first = HEADING_ROW + 1
        for document in self.documents:
            last = first + max(1, len(document.lines)) - 1
            if first <= rows[0] <= last:
                return list(rows) == list(range(first, last + 1))
            first = last + 1
        return False

    def _is_asked(self, field: Field) -> bool:
        """Whether an empty cell stands for it where no document has it. Lines that have no number are numbered by their reader."""
        is_needed = field.required or (field.part == "head" and field.name in self.type.key_needed)
        return is_needed and field.name not in _MADE_HERE and field.name != self.type.numbered

    def _heading(self, part: Part, name: str) -> str:
        """The Chinese label with the element's name; where head and line share the name, or nobody knows it, the part with the name."""
        fields = [one for one in (*self.type.head_fields, *self.type.line_fields) if one.name == name]
        if len(fields) == 1 and fields[0].part == part:
            return f"{fields[0].zh}{name}"
        return f"{(self.type.head or self.type.record) if part == 'head' else self.type.line}/{name}"


def read_entered(path: Path) -> EnteredSheet:
    """The documents in a file. Raises Unreadable (CEBD-1085) for JSON of another shape."""
    _require_small(path.stat().st_size)
    return entered(path.read_bytes())


def entered(content: bytes) -> EnteredSheet:
    """The documents of a JSON text in UTF-8. Raises Unreadable as `read_entered`."""
    _require_small(len(content))
    try:
        given = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_each_once,
            parse_int=str,
            parse_float=str,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        _wrong(f"不是 JSON：{error}", f"it is no JSON: {error}")
    if not isinstance(given, dict):
        _wrong("最外层应是 {...}", "the outermost value must be an object")
    if "records" in given and "sha256" in given:
        _wrong("这是 cebd 自己的回执", "it is a receipt that cebd itself has written")
    if given.get("v") != str(VERSION):
        _wrong(f'缺少 "v": {VERSION}', f'it must say "v": {VERSION}')
    if strange := given.keys() - _KEYS:
        name = min(strange)
        _wrong(f"不认识的键 {name}", f"there is no key {name}")
    message = _type(given.get("type"))
    documents = given.get("documents")
    if not isinstance(documents, list) or not documents:
        _wrong('"documents" 应是非空的列表 [...]', '"documents" must be a list with something in it')
    return EnteredSheet(message, tuple(_document(nth, one, message) for nth, one in enumerate(documents, 1)))


def _require_small(size: int) -> None:
    if size > MAX_BYTES:
        _wrong(f"超过 {MAX_BYTES >> 20} MB", f"it has more than {MAX_BYTES >> 20} MB")


def as_json(type_: str, documents: Sequence[Document]) -> bytes:
    """The file that these documents are, in UTF-8; `entered` reads it."""
    told = [{"head": dict(document.head), "lines": [dict(line) for line in document.lines]} for document in documents]
    return json.dumps({"v": VERSION, "type": type_, "documents": told}, ensure_ascii=False, indent=1).encode()


def _type(given: object) -> MessageType:
    try:
        message = message_type(given) if isinstance(given, str) and given else None
    except KeyError:
        message = None
    if message is None or message.role != "declaration":
        _wrong(
            f"没有单证类型 {given}", f'there is no declaration "{given}"; "type" is its code or name, as in "inventory"'
        )
    return message


def _document(nth: int, given: object, message: MessageType) -> Document:
    where = (f"第 {nth} 份单证", f"document {nth}")
    if not isinstance(given, dict) or given.keys() - {"head", "lines"}:
        _wrong(f"{where[0]}应只有 head 和 lines", f'{where[1]} must have "head" and "lines" and nothing else')
    lines = given.get("lines", [])
    if not isinstance(lines, list) or (lines and not message.line_fields):
        _wrong(
            f"{where[0]}的 lines 不对", f'"lines" of {where[1]} must be a list, which only a document with lines has'
        )
    return Document(_texts(given.get("head"), where), tuple(_texts(line, where) for line in lines))


def _texts(given: object, where: tuple[str, str]) -> Texts:
    if not isinstance(given, dict):
        _wrong(f"{where[0]}的表头、表体应是 {{...}}", f"head and lines of {where[1]} must be objects")
    texts: dict[str, str] = {}
    for name, value in given.items():
        if value is None or value == "":
            continue
        if not isinstance(value, str):  # a number is a text by now
            _wrong(f"{where[0]}的 {name} 应是文本或数字", f"{name} of {where[1]} must be a text or a number")
        if not (name.isascii() and value.isascii()) and _HALF_SIGN.search(name + value):
            shown = ascii(name)
            _wrong(
                f"{where[0]}的 {shown} 中有半个字符（\\ud800 一类）",
                f"{shown} of {where[1]} has half a character in it (such as \\ud800)",
            )
        texts[name] = value
    return texts


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object. Of a name that stands in it twice the first value would be lost, and which is meant nobody knows."""
    told = dict(pairs)
    if len(told) < len(pairs):
        name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        values = [value for given, value in pairs if given == name]
        told_values = ", ".join(_printable(value) for value in values if isinstance(value, str))
        shown = _printable(name) + (f" ({told_values})" if told_values else "")
        _wrong(
            f"同一个 {{...}} 中有几个 {shown}，无法确定以哪个为准",
            f"one object has several {shown}: which is meant is not certain",
        )
    return told


def _printable(text: str) -> str:
    return text[:60] if text.isprintable() else ascii(text[:60])


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _wrong(zh: str, en: str) -> NoReturn:
    raise refused("CEBD-1085", zh, en)
