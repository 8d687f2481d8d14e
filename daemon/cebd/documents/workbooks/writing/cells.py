"""Cells of the receipt workbook as the text of its XML, a column at a time; and texts as a workbook holds them.

Text stays text, whatever it looks like: no formula and no number is made of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

import openpyxl  # noqa: F401  first the package: two threads may want it at once
from openpyxl.utils.datetime import to_excel

from cebd.documents.workbooks.cells import Shown

serial: Any = to_excel  # a date as Excel counts it

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
_TO_ESCAPE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_MAX_CELL_CHARACTERS = 32_767  # Excel's limit
_TEXTS_KEPT, _SHORT_TEXT_CHARACTERS = 20_000, 100  # most short texts of a sheet stand on many rows

_BEGIN, _BEGIN_KEPT, _END = b' t="inlineStr"><is><t>', b' t="inlineStr"><is><t xml:space="preserve">', b"</t></is></c>"


def column_as_xml(letter: str, values: Sequence[Any], styles: Sequence[int]) -> tuple[bytes, list[Sequence[bytes]]]:
    """The cells of a column, one for each row: a pattern into which the row's number is filled first, and what else is filled in by rows.

    Values are as a reader gives them: text, number, truth, date or nothing.
    """
    filled: list[Sequence[bytes]] = []

    def put(contents: Sequence[bytes]) -> bytes:
        if contents.count(contents[0]) == len(contents):
            return contents[0].replace(b"%", b"%%")
        filled.append(contents)
        return b"%b"

    style = put([b"%d" % style for style in (styles if len(set(styles)) > 1 else styles[:1])])
    different = set(values) if set(map(type, values)) == {str} else set()
    if len(different) > 1 and _are_plain(different):
        rest = _BEGIN + put(escape("\n".join(values)).encode().split(b"\n")) + _END
    else:
        rest = put(list(map(_cell, values if len(different) != 1 else values[:1])))
    return b'<c r="%b%%b" s="%b"%b' % (letter.encode(), style, rest), filled


def _are_plain(texts: Collection[str]) -> bool:
    """Whether a workbook holds these texts as they are: without breaks, blanks at their ends, and signs that it escapes in its own way."""
    joined = "".join(texts)
    if not joined.isprintable() or "_x" in joined or "" in texts or max(map(len, texts)) > _MAX_CELL_CHARACTERS:
        return False
    return " " not in joined or not any(" " in (text[0], text[-1]) for text in texts)


def _cell(value: Any) -> bytes:
    """What follows the style of a cell that holds this value."""
    if value is None or value == "":
        return b"/>"
    if value.__class__ is str and len(value) <= _SHORT_TEXT_CHARACTERS:
        return _short_text(value)
    if isinstance(value, Shown) and value.isdecimal():
        value = value.number  # with a style that shows its zeros
    if isinstance(value, bool):
        return b' t="b"><v>%d</v></c>' % value
    if isinstance(value, (int, float)) and math.isfinite(value):
        short = (
            int(value) if abs(value) < 1e15 and float(value).is_integer() else value
        )  # 7, as Excel writes it; not 7.0
        return b"><v>%a</v></c>" % short
    if isinstance(value, (datetime, date, time, timedelta)):
        return b"><v>%a</v></c>" % serial(value)
    return _text(str(value))


def _text(text: str) -> bytes:
    """What follows the style of a cell that holds this text."""
    content = escape(_escaped(text[:_MAX_CELL_CHARACTERS]), {"\r": "&#13;"})
    plain = text.isprintable() and " " not in (text[0], text[-1])
    return (_BEGIN if plain else _BEGIN_KEPT) + content.encode() + _END


_short_text = lru_cache(maxsize=_TEXTS_KEPT)(_text)


def _escaped(text: str) -> str:
    """A text as a workbook holds it, so that it is read back as it was: control characters are escaped (ECMA-376, ST_Xstring), and so is a
    text that only looks like such an escape. What no workbook can hold is shown as U+FFFD and never dropped, or an invalid cell would
    look corrected.
    """
    if text.isprintable() and "_x" not in text:
        return text
    possible = _IMPOSSIBLE.sub("\ufffd", text)
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", possible)


def without_control(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("", text)
