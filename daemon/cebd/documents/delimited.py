"""CSV as spreadsheets save it in China: in UTF-8, GB 18030 or UTF-16, parted by comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = ",;\t"
_LOOKED_AT = 20
_AS_TEXT = re.compile(r'="([^"]*)"\Z')
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB 18030 (GBK)"}


class NotText(Exception):
    """The bytes are in no encoding that is read; the message names the first byte that is not."""


def read_delimited(content: bytes) -> tuple[list[list[str]], str, str]:
    """The rows, the name of the encoding, the separator. Raises NotText."""
    text, encoding = decode(content)
    separator = _separator(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise NotText(f"CSV 引号不成对或字段过长 / quotes do not pair or a field is too long: {error}") from None
    for row in rows:
        for index, cell in enumerate(row):
            if cell[:2] == '="' and (forced := _AS_TEXT.match(cell)):
                row[index] = forced.group(1)
    return rows, _NAMES[encoding], separator


def decode(content: bytes) -> tuple[str, str]:
    """The whole text and its encoding, judged over all bytes. Raises NotText with the position (from 0) of the bad byte."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError as error:
                position = error.start + len(mark)
                raise NotText(
                    f"第 {position} 字节不是 {_NAMES[encoding]} / byte {position} is not {_NAMES[encoding]}"
                ) from None
    positions = []
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError as error:
            positions.append(error.start)
    utf8, gb = positions
    raise NotText(
        f"编码不是 UTF-8（第 {utf8} 字节）也不是 GB 18030（第 {gb} 字节） / "
        f"the encoding is neither UTF-8 (byte {utf8}) nor GB 18030 (byte {gb})"
    )


def _separator(text: str) -> str:
    """The one that parts the first lines into the most fields; the comma where nothing tells."""

    def widest(separator: str) -> int:
        try:
            rows = list(islice(csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=separator), _LOOKED_AT))
        except csv.Error:
            return 0
        return max((len(row) for row in rows), default=0)

    return max(_SEPARATORS, key=widest)
