"""Whether a file is complete, or still being written, or truncated; decided by its end, without reading its content.

| kind | ends with |
| --- | --- |
| zip (.xlsx) | its directory, all of it inside the file |
| compound file (.xls) | the last sector that its table has in use |
| XML | the closing tag of its first element |
| JSON | the end of its first value |
| CSV | a line end outside quotes; a last row with all its cells lacks no more than that |

A file of another kind, or so damaged that its end means nothing, counts as complete: its reader names the problem.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cebd.disk.files import open_plain
from cebd.documents.workbooks.entered import SUFFIX
from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, foreign, is_encrypted, is_web_page, kind_of

_TAIL_BYTES = 70_000  # a zip's end with the longest comment
_END_OF_ZIP = b"PK\x05\x06"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NOT_THE_ROOT = re.compile(r"<\?.*?\?>|<!--.*?-->|<![A-Za-z].*?>", re.DOTALL)
_ROOT = re.compile(r"<([^\s<>/!?]+)([^<>]*?)(/?)>", re.DOTALL)
_SEPARATORS = ",;\t"


class End(Enum):
    """How a file ends."""

    WHOLE = "whole"
    CUT = "cut"  # in the middle of something
    NO_LINE_END = "no line end"  # a CSV that may be all there


class Ending(NamedTuple):
    """`kind` and `line` (from 1, where the last row or an open quote begins) only for a truncated file."""

    end: End
    kind: Kind | None = None
    line: int | None = None


WHOLE = Ending(End.WHOLE)


def ending_of(path: Path) -> Ending:
    """How the file ends. Raises OSError."""
    with open_plain(path) as file:
        start = file.read(HEAD_BYTES)
        kind = kind_of(start)
        if foreign(start) is not None or is_encrypted(start) or is_web_page(start):
            return WHOLE
        size = file.seek(0, io.SEEK_END)
        if kind is Kind.EMPTY:
            return Ending(End.CUT, kind)  # so does a copy look that has just begun
        if kind is Kind.TEXT and path.suffix.lower() == SUFFIX:
            return WHOLE if _json_is_whole(file) else Ending(End.CUT, kind)
        if kind is Kind.TEXT:
            return _csv_ending(file, start)
        if kind is Kind.ZIP:
            whole = _zip_is_whole(_tail(file, size))
        elif kind is Kind.COMPOUND:
            whole = _compound_is_whole(file, size)
        elif kind is Kind.XML:
            whole = _xml_is_whole(start, _tail(file, size))
        else:  # zeros to the end are space reserved for the rest
            whole = not start.endswith(b"\0") or kind_of(start.rstrip(b"\0")) not in (Kind.TEXT, Kind.EMPTY)
            kind = Kind.TEXT
    return WHOLE if whole else Ending(End.CUT, kind)


def _tail(file: BinaryIO, size: int) -> bytes:
    file.seek(max(0, size - _TAIL_BYTES))
    return file.read(_TAIL_BYTES)


def _zip_is_whole(tail: bytes) -> bool:
    """The end of the directory is there, with the whole of its comment."""
    at = tail.rfind(_END_OF_ZIP)
    return bool(0 <= at <= len(tail) - 22 and len(tail) - at - 22 >= struct.unpack_from("<H", tail, at + 20)[0])


def _compound_is_whole(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(512)
    if len(head) < 512:
        return False
    shift: int = struct.unpack_from("<H", head, 30)[0]
    sector = 1 << shift
    if sector not in (512, 4096):
        return True
    last = -1
    for number, place in enumerate(struct.unpack_from("<109I", head, 76)):
        if place >= 0xFFFFFFFA:
            continue
        file.seek((place + 1) * sector)
        table = file.read(sector)
        if len(table) < sector:
            return False
        used = [index for index, (entry,) in enumerate(struct.iter_unpack("<I", table)) if entry != 0xFFFFFFFF]
        if used:
            last = max(last, number * (sector // 4) + used[-1])
    return size > (last + 1) * sector  # the last sector may be shorter than others


def _xml_is_whole(start: bytes, tail: bytes) -> bool:
    encoding = _UTF16.get(start[:2], "latin-1")  # marks are ASCII in every other encoding that is read
    root = _ROOT.search(_NOT_THE_ROOT.sub("", start.decode(encoding, "replace")))
    if root is None:
        return (
            b">" in tail[-HEAD_BYTES:] and len(start) == HEAD_BYTES
        )  # a head of thousands of letters: for the reader to say
    if len(tail) % 2 and encoding != "latin-1":
        tail = tail[1:]
    end = _NOT_THE_ROOT.sub("", tail.decode(encoding, "replace")).rstrip("\0 \t\r\n")
    closed = re.compile(rf"</{re.escape(root[1])}\s*>\Z")
    return bool(closed.search(end) or (root[3] and end.endswith("/>")))


def _json_is_whole(file: BinaryIO) -> bool:
    """Cut, it ends before the value does. What is wrong before that is for the reader to say."""
    file.seek(0)
    text = file.read().decode("utf-8-sig", "replace").rstrip("\0")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos < len(text.rstrip()) and not error.msg.startswith("Unterminated string")
    except RecursionError:
        return True
    return True


def _csv_ending(file: BinaryIO, start: bytes) -> Ending:
    encoding = _UTF16.get(start[:2])
    lines = start.decode(encoding or "latin-1", "replace").splitlines()[:20]
    separator = max(_SEPARATORS, key=lambda one: max((line.count(one) for line in lines), default=0))
    if not any(separator in line for line in lines):
        return WHOLE
    if encoding is None and _ends_plainly(file):
        return WHOLE
    # In GB 18030 and UTF-8 no letter has a separator, quote or line end among its bytes.
    file.seek(0)
    text = io.TextIOWrapper(file, encoding or "latin-1", errors="replace", newline="")
    last = ""

    def lines_of() -> Iterator[str]:
        nonlocal last
        for last in text:
            yield last.replace("\0", "")

    rows = csv.reader(lines_of(), delimiter=separator, strict=True)
    cells: list[int] = []
    begins = 1
    try:
        for row in rows:
            if row:
                cells.append(len(row))
            begins = rows.line_num + 1
    except csv.Error as error:
        cut = "unexpected end" in str(error)
        return Ending(End.CUT, Kind.TEXT, begins) if cut else WHOLE
    if last.endswith(("\n", "\r")) or not last.strip(" \x1a"):
        return WHOLE
    if "\0" in last or len(cells) < 2 or cells[-1] < min(cells[:-1]):
        return Ending(End.CUT, Kind.TEXT, rows.line_num)
    return Ending(End.NO_LINE_END)


def _ends_plainly(file: BinaryIO) -> bool:
    """With a line end, and quotes that pair: nothing more needs to be looked at."""
    file.seek(0)
    quotes, end = 0, b""
    while block := file.read(1 << 20):
        quotes += block.count(b'"')
        end = block[-4:]
    return quotes % 2 == 0 and end.rstrip(b"\x1a").endswith((b"\n", b"\r"))


__all__ = ["WHOLE", "End", "Ending", "ending_of"]
