"""CSV as spreadsheets save it in China: in UTF-8, GB 18030 or UTF-16, parted by comma, semicolon or tab.

The file is first read completely to judge it; then lazily, line by line, so that it is never in memory as a whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from cebd.cell_names import column_letters
from cebd.documents.workbooks.text.stray_quotes import (
    OnWrapped,
    Wrapped,
    last_opened,
    quote_opens,
    refuse_swallowed,
    wraps,
)
from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import MIB
from cebd.documents.workbooks.xlsx.pieces import MAX_COLUMNS, MAX_ROWS, too_wide

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = ",;\t"
_ROWS_SNIFFED = 20
_AS_TEXT = re.compile(r'="([^"]*)"\Z')
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB 18030 (GBK)"}
# 100,000 rows of 105 columns are about 150 MB.
_MAX_BYTES = 256 * MIB
# The widest row of the specification has 100 fields of up to 4,000 characters.
_MAX_ROW_CHARACTERS = 1_000_000

_END_OF_FILE = "\x1a"  # Ctrl-Z, with which DOS ended a text; `copy a+b c` still does
_BETWEEN_FILES = "\ufeff" + _END_OF_FILE  # a mark left between concatenated files


def few_zeros(letters: int) -> int:
    """The number of zero characters that a text of that length may have."""
    return 1 + letters // 50


class NotText(Exception):
    """The bytes are in no encoding that is read; the message names the first byte that is not."""


@dataclass(frozen=True)
class Delimited:
    """A readable CSV file."""

    path: Path
    encoding: str
    mark: int
    separator: str
    wraps: bool = False  # some cell holds both line breaks and separators

    @property
    def encoding_name(self) -> str:
        return _NAMES[self.encoding]

    def rows(self, on_wrapped: OnWrapped | None = None) -> Iterator[list[str]]:
        """Every row; `on_wrapped` is called with rows that have line breaks and separators in a cell. Raises NotText, Unreadable."""
        with self._text() as text:
            yield from _rows(text, self.separator, on_wrapped, self._where_a_quote_opens)

    def refuse_swallowed(self, width: int, numbers: Collection[int]) -> None:
        """Raise Unreadable where a quoted cell has swallowed rows, of `width` cells, numbered in these columns."""
        if self.wraps:
            for _ in self.rows(lambda row: refuse_swallowed(row, self.separator, width, numbers)):
                pass

    def _where_a_quote_opens(self, line: int) -> tuple[int, int] | None:
        with self._text() as text:
            for _ in range(line - 1):
                text.readline(_MAX_ROW_CHARACTERS + 1)
            return last_opened(_up_to(_MAX_ROW_CHARACTERS, text), line, self.separator)

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        with self.path.open("rb") as raw:
            raw.seek(self.mark)
            with io.TextIOWrapper(raw, self.encoding, newline="") as text:
                yield text


def read_delimited(path: Path) -> Delimited:
    """Judge the whole file. Raises NotText; Unreadable when it is too large."""
    if path.stat().st_size > _MAX_BYTES:
        limit = _MAX_BYTES // MIB
        raise refused("CEBD-1022", f"CSV 超过 {limit} MB", f"a CSV of more than {limit} MB")
    encoding, mark = _encoding(path)
    with path.open("rb") as raw:
        raw.seek(mark)
        with io.TextIOWrapper(raw, encoding, newline="") as text:
            separator = _separator(text.read(100_000))
    found = Delimited(path, encoding, mark, separator)
    wrapped: list[int] = []
    for _ in found.rows(lambda row: wrapped.append(row.number) if not wrapped else None):
        pass
    return replace(found, wraps=bool(wrapped))


def _rows(
    text: TextIO,
    separator: str,
    on_wrapped: OnWrapped | None,
    where_a_quote_opens: Callable[[int], tuple[int, int] | None],
) -> Iterator[list[str]]:
    taken, number, before = 0, 0, 0

    def lines() -> Iterator[str]:
        nonlocal taken
        while line := text.readline(_MAX_ROW_CHARACTERS + 1):
            if not taken and line[0] in _BETWEEN_FILES:
                line = line.lstrip(_BETWEEN_FILES)
            if line[-1:] == _END_OF_FILE:
                line = line.rstrip(_END_OF_FILE)
            taken += len(line)
            if taken > _MAX_ROW_CHARACTERS:
                say_quote()
                far = f"{_MAX_ROW_CHARACTERS:,}"
                raise refused(
                    "CEBD-1022",
                    f"第 {number + 1} 行超过 {far} 个字符",
                    f"row {number + 1} has more than {far} characters",
                )
            yield line

    def say_quote() -> None:
        opens = where_a_quote_opens(before + 1)
        if opens is not None and opens[1] < MAX_COLUMNS:
            raise quote_opens(*opens, number + 1)

    reader = csv.reader(lines(), delimiter=separator, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            taken = 0
            if reader.line_num - before > 1 and on_wrapped is not None and wraps(row, separator):
                on_wrapped(Wrapped(number, before + 1, row))
            before = reader.line_num
            if number > MAX_ROWS:
                raise refused("CEBD-1022", f"超过 {MAX_ROWS} 行", f"more than {MAX_ROWS:,} rows")
            if len(row) > MAX_COLUMNS:
                far_cells = [index for index, cell in enumerate(row) if cell and index >= MAX_COLUMNS]
                if far_cells:
                    raise too_wide(f"{column_letters(far_cells[-1])}{number}")
                del row[MAX_COLUMNS:]
            for index, cell in enumerate(row):
                if cell[:2] == '="' and (forced := _AS_TEXT.match(cell)):
                    row[index] = forced.group(1)
            yield row
    except csv.Error as error:
        say_quote()
        raise NotText(f"CSV 引号不成对或字段过长 / quotes do not pair or a field is too long: {error}") from None


def _up_to(letters: int, text: TextIO) -> Iterator[str]:
    while letters > 0 and (line := text.readline(letters)):
        letters -= len(line)
        yield line


def _encoding(path: Path) -> tuple[str, int]:
    """The encoding, judged over all bytes, and the length of its mark. Raises NotText with the position (from 0) of the bad byte."""
    with path.open("rb") as stream:
        start = stream.read(3)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            wrong = _first_bad_byte(path, encoding, len(mark))
            if wrong is not None:
                raise NotText(f"第 {wrong} 字节不是 {_NAMES[encoding]} / byte {wrong} is not {_NAMES[encoding]}")
            return encoding, len(mark)
    utf8 = _first_bad_byte(path, "utf-8", 0)
    if utf8 is None:
        return "utf-8", 0
    gb = _first_bad_byte(path, "gb18030", 0)
    if gb is None:
        return "gb18030", 0
    raise NotText(
        f"编码不是 UTF-8（第 {utf8} 字节）也不是 GB 18030（第 {gb} 字节） / "
        f"the encoding is neither UTF-8 (byte {utf8}) nor GB 18030 (byte {gb})"
    )


def _first_bad_byte(path: Path, encoding: str, start: int) -> int | None:
    """The position of the first byte that is not of that encoding. Raises NotText for many zero characters, which no text has: a few
    are a slip of the program that wrote it, and cost the rows they stand on."""
    decoder = codecs.getincrementaldecoder(encoding)()
    zeros, letters = 0, 0
    with path.open("rb") as stream:
        stream.seek(start)
        at = start
        while True:
            block = stream.read(MIB)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return at - pending + error.start
            zeros, letters = zeros + text.count("\0"), letters + len(text)
            if not block and zeros > few_zeros(letters):
                raise NotText(f"含有零字节，不是文本 / it has zero bytes and is no text ({_NAMES[encoding]})")
            if not block:
                return None
            at += len(block)


def _separator(start: str) -> str:
    """The separator that splits the first lines into the most fields; the comma if undecided."""

    def widest(separator: str) -> int:
        try:
            rows = list(islice(csv.reader(io.StringIO(start, newline=""), delimiter=separator), _ROWS_SNIFFED))
        except csv.Error:
            return 0
        return max((len(row) for row in rows), default=0)

    return max(_SEPARATORS, key=widest)
