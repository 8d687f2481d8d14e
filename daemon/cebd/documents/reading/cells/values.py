"""A cell and its field: the cell's text, and whether that text fits the field.

Nothing is rounded and nothing is guessed. A numeric cell is read as the digits Excel shows (15 significant digits at most); a text cell
is taken as written, without the blanks and invisible characters around it. Content that the workbook has lost already (a result never
calculated, digits beyond the fifteenth, a number shortened to 1.2E+17) is named, not repaired.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from cebd.documents.reading.cells.suggestion import UNSEEN
from cebd.documents.reading.cells.understood import (
    code_and_name,
    code_of,
    digits_of_day,
    few_names,
    near_names,
    written,
)
from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.messages.description import Field
from cebd.rules.codes.reading import CodeTable
from cebd.rules.codes.tables import PUBLISHED, Tables

_DECIMAL = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
_INTEGER = re.compile(r"-?\d+\Z", re.ASCII)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MAX_INT = 2**31 - 1
_INT_DIGITS = 9  # digits that always fit into an int
_MAX_WRITTEN = 100  # characters of a number, zeros in front and behind among them: thousands of zeros are no number that anybody meant
_CELL_DIGITS = 15

_EDGES = re.compile(f"^[\\s{UNSEEN}]+|[\\s{UNSEEN}]+$")
_IDENTIFIER = re.compile(
    r"(Code|code|No|Numbers?|Telephone|Mode|Type|Status|Id|District|Flag|Time|[Cc]ountry|currency|unit\d?)\Z"
)
_NOT_IN_IDENTIFIERS = re.compile(f"[\uff01-\uff5e\u3000\u00a0\n\r\t{UNSEEN}]|^['`‘’]")
# What needs no closer look inside a text: nothing that XML escapes, no blank but the common one, in an identifier nothing that is refused.
_PLAIN_SIGNS = r"0-9A-Za-z\u4e00-\u9fff !\"#$%'()*,\-./:;=?@\[\\\]^_`{|}~"
_SIGNS_OF_NAMES = r"+\u3001-\u301f\uff01-\uff5e\u00b7\u00d7\u2014\u2018-\u201d\u2026\u2103"
_MARKED = re.compile(r"'[0-9A-Za-z][!-&(-~]*")
_SHORTENED = re.compile(r"\d(\.\d+)?[Ee]\+\d{2,}\Z", re.ASCII)
_FORMS_OF_DAYS = {
    8: ("年月日 8 位", "year, month and day in 8 digits", "20261126"),
    14: ("年月日时分秒 14 位", "year, month, day, hour, minute and second in 14 digits", "20261126093000"),
}
_ALWAYS_DIGITS = ("units",)  # tables whose codes are digits in every edition; countries have had letters, too
_ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"))


class Wrong(NamedTuple):
    """Why a value does not fit: the problem's id and the facts its text needs."""

    id: str
    facts: dict[str, object]


def text_of(cell: object, field: Field) -> str | Wrong:
    """The cell's content as the text to declare; empty when the cell is empty."""
    if isinstance(cell, Faulty):
        return Wrong(cell.problem, {})
    if isinstance(cell, Shown):
        return str(cell) if field.kind == "text" else _number_text(cell.number, field)
    if isinstance(cell, str) or cell is None:
        text = _text_text(cell or "")
        return _unmarked(text, field) if text.__class__ is str and text[:1] == "'" else text
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _number_text(cell, field)
    if isinstance(cell, datetime | date):
        return _date_text(cell, field)
    return Wrong("CEBD-1211", {})


def _text_text(cell: str) -> str | Wrong:
    text = cell.strip()
    if not text.isascii():
        text = _EDGES.sub("", text)
    if text.startswith("#"):
        if text == NO_RESULT:
            return Wrong("CEBD-1212", {})
        if text in _ERRORS:
            return Wrong("CEBD-1213", {})
    return text


def _unmarked(text: str, field: Field) -> str:
    """A number or a code without the apostrophe by which programs have Excel keep it as text: it is no sign of any code."""
    is_no_prose = field.kind != "text" or _IDENTIFIER.search(field.name) is not None
    return text[1:] if is_no_prose and _MARKED.fullmatch(text) else text


def _number_text(cell: float, field: Field) -> str | Wrong:
    """A cell holds a binary fraction: 33.200000000000003 is how 33.2 is stored. Digits that are no such noise are not cut off."""
    if isinstance(cell, int) or cell.is_integer():
        digits = str(int(cell))
        return Wrong("CEBD-1205", {}) if len(digits.lstrip("-")) > _CELL_DIGITS else digits
    exact = Decimal(repr(cell))
    if len(exact.as_tuple().digits) > _CELL_DIGITS:
        rounded = Decimal(f"{cell:.15g}")
        if len(rounded.as_tuple().digits) == _CELL_DIGITS and not _too_fine(field, exact):
            return Wrong("CEBD-1205", {})
        exact = rounded
    return format(exact, "f")


def _too_fine(field: Field, exact: Decimal) -> bool:
    """Whether the field refuses the number for its decimals anyway, which is the better thing to say."""
    return field.fraction_digits is not None and -int(exact.as_tuple().exponent) > field.fraction_digits + 1


def _date_text(cell: date, field: Field) -> str | Wrong:
    digits = digits_of_day(field)
    if digits is None:
        return Wrong("CEBD-1211" if field.kind == "text" else "CEBD-1219", {})
    if isinstance(cell, datetime):
        return written(cell, digits)
    return cell.strftime("%Y%m%d") if digits == len("YYYYMMDD") else _no_day(digits)


def _no_day(digits: int) -> Wrong:
    form_zh, form_en, example = _FORMS_OF_DAYS[digits]
    return Wrong("CEBD-1223", {"form_zh": form_zh, "form_en": form_en, "example": example})


def fitting(field: Field, tables: Tables = PUBLISHED) -> Callable[[str], Wrong | None]:
    """A check of non-empty texts against the field, made once per column."""
    if field.kind == "decimal":
        return lambda text: _fits_decimal(field, text)
    if field.kind == "int":
        return lambda text: _fits_int(field, text)
    allowed = frozenset(field.closed)
    table = tables[field.table] if field.table else None
    names: Mapping[str, str] = table.names if table is not None else {}
    identifies = _IDENTIFIER.search(field.name) is not None
    digits = digits_of_day(field)

    def fits_day(text: str) -> Wrong | None:
        if digits is None or (len(text) == digits and text.isascii() and text.isdigit()):
            return None
        return _fits_letters(text, identifies) or _no_day(digits)

    def fits_text(text: str) -> Wrong | None:
        wrong = _fits_letters(text, identifies)
        if wrong is not None and table is not None and code_and_name(table, text) is not None:
            wrong = None  # 035（克）: the brackets are none of its signs
        if wrong is not None or text in allowed:
            return wrong
        if table is not None and text not in names:
            named = _named(field, table, tables, text)
            if named is not None:
                return named
        # Closed values decide alone: 1239 is a trade mode in use that the table does not have.
        if allowed:
            return Wrong("CEBD-1207", {"choices": " / ".join(field.closed)})
        wrong = _fits_length(field, text)
        if wrong is not None:
            return _of_wrong_length(field, table, text, wrong)
        if table is not None and text not in names:
            return Wrong("CEBD-1203", {"table": table.name, "table_zh": table.zh, "year": table.year})
        return None

    return fits_text if digits is None else fits_day


def fitting_if_tolerated(field: Field) -> Callable[[str], Wrong | None]:
    """The check that a text must pass although settings tolerate what `fitting` found: the schema has its say on lengths alone."""
    return lambda text: _fits_length(field, text) if field.kind == "text" else None


def ordinary(field: Field) -> Callable[[str], object]:
    """Whether a text is so plain that it is declared unchanged: no check of `text_of` and `fitting` could object to it.

    Most cells are plain; this test first saves all others. The result is true or false in a boolean context, of any type.
    """
    pattern = ordinary_pattern(field)
    return re.compile(pattern).fullmatch if pattern is not None else lambda _text: False


def ordinary_pattern(field: Field) -> str | None:
    """The regular expression of such texts, none of which is empty; None where a text is always looked at."""
    if field.closed or field.table:
        return None
    digits = digits_of_day(field)
    if digits is not None:
        return f"[0-9]{{{digits}}}"
    if field.kind == "int":
        return f"[1-9][0-9]{{0,{min(field.total_digits or _INT_DIGITS, _INT_DIGITS) - 1}}}"
    if field.kind == "decimal":
        if field.total_digits is None or not field.fraction_digits:
            return None
        whole = field.total_digits - field.fraction_digits
        return f"(?:0|[1-9][0-9]{{0,{whole - 1}}})(?:\\.[0-9]{{1,{field.fraction_digits}}})?"
    signs = _PLAIN_SIGNS if _IDENTIFIER.search(field.name) else _PLAIN_SIGNS + _SIGNS_OF_NAMES
    return f"(?![ #'`])[{signs}]{{{max(field.min_length, 1)},{field.max_length or ''}}}+(?<! )"


def _named(field: Field, table: CodeTable, tables: Tables, text: str) -> Wrong | None:
    """What is wrong with a text that is the name of a code, or of a closed value, or a code with another's name; None for other texts."""
    pair = code_and_name(table, text)
    if pair is not None and pair[0] not in pair[1]:
        own = table.names[pair[0]]
        others = " / ".join(f"{code} {table.names[code]}" for code in sorted(pair[1]) if code in table.names)
        return Wrong("CEBD-1222", {"code": pair[0], "own": own, "others": others})
    code = code_of(table.name, text, tables)
    may_be_a_code = text.isascii() and (text.isdigit() or table.name not in _ALWAYS_DIGITS)
    if len(text) > (field.max_length or len(text)) and not any(sign.isdigit() for sign in text):
        may_be_a_code = False
    if code not in field.closed if field.closed else code is None and may_be_a_code:
        return None
    near = near_names(table, text)
    return Wrong(
        "CEBD-1220",
        {
            "table": table.name,
            "table_zh": table.zh,
            "near_zh": f"（相近：{near}）" if near else "",
            "near_en": f" (alike: {near})" if near else "",
        },
    )


def _of_wrong_length(field: Field, table: CodeTable | None, text: str, wrong: Wrong) -> Wrong:
    """Why a code has another length: its zeros were lost, or it is a name where a field has a few codes and no table."""
    if _lost_zeros(field, table, text):
        return Wrong("CEBD-1218", wrong.facts)
    few = few_names(field) if table is None and not text.isascii() else ""
    if not few:
        return wrong
    near = {"near_zh": f"（{few}）", "near_en": f" ({field.hint_en})"}
    return Wrong("CEBD-1220", {"table": field.en, "table_zh": field.zh, **near})


def _lost_zeros(field: Field, table: CodeTable | None, text: str) -> bool:
    """Whether zeros in front are all that the text lacks: the table has it with them. Commodity codes, which have no table here, begin
    with a zero in the chapters 01 to 09 and are nine digits without it."""
    if not (text.isascii() and text.isdigit()) or field.max_length is None or len(text) >= field.max_length:
        return False
    if table is not None:
        return text.zfill(field.max_length) in table.names
    return field.name == "gcode" and len(text) == field.max_length - 1 and text[0] != "0"


def _fits_letters(text: str, identifies: bool) -> Wrong | None:
    if identifies and _SHORTENED.match(text):
        return Wrong("CEBD-1217", {})
    if match := _NOT_XML.search(text):
        return _control(match)
    if "\ufffd" in text:
        return Wrong("CEBD-1216", {})
    return Wrong("CEBD-1215", {}) if identifies and _NOT_IN_IDENTIFIERS.search(text) else None


def _control(match: re.Match[str]) -> Wrong:
    """A character that nobody sees in the cell, named by its number and its place from 1."""
    return Wrong("CEBD-1209", {"code": f"U+{ord(match.group()):04X}", "at": match.start() + 1})


def _fits_length(field: Field, text: str) -> Wrong | None:
    length = len(text)
    if field.max_length is not None and field.min_length == field.max_length and length != field.max_length:
        return Wrong("CEBD-1206", {"length": length, "limit": field.max_length})
    if field.max_length is not None and length > field.max_length:
        return Wrong("CEBD-1202", {"length": length, "limit": field.max_length})
    if length < field.min_length:
        return Wrong("CEBD-1206", {"length": length, "limit": field.min_length})
    return None


def _fits_decimal(field: Field, text: str) -> Wrong | None:
    if not _DECIMAL.match(text):
        match = _NOT_XML.search(text)
        return _control(match) if match else Wrong("CEBD-1204", {})
    if len(text) > _MAX_WRITTEN:
        return Wrong("CEBD-1208", {"total": field.total_digits, "limit": field.fraction_digits})
    whole, _, fraction = text.lstrip("-").partition(".")
    fraction = fraction.rstrip("0")
    digits = len(whole.lstrip("0")) + len(fraction)
    too_fine = field.fraction_digits is not None and len(fraction) > field.fraction_digits
    if too_fine or (field.total_digits is not None and digits > field.total_digits):
        return Wrong("CEBD-1208", {"total": field.total_digits, "limit": field.fraction_digits})
    return None


def _fits_int(field: Field, text: str) -> Wrong | None:
    if not _INTEGER.match(text):
        match = _NOT_XML.search(text)
        return _control(match) if match else Wrong("CEBD-1210", {})
    if field.total_digits is not None and len(text.lstrip("-").lstrip("0")) > field.total_digits:
        return Wrong("CEBD-1208", {"total": field.total_digits, "limit": 0})
    return Wrong("CEBD-1210", {}) if len(text) > _MAX_WRITTEN or abs(int(text)) > _MAX_INT else None
