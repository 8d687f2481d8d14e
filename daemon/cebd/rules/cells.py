"""One cell, one field: what the cell says as text, and whether that text fits the field.

Nothing is rounded and nothing is guessed. A numeric cell is read as the digits Excel shows (its shortest exact form, 15 significant
digits at most); a text cell is taken as written, without the blanks around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from cebd.messages.description import Field
from cebd.rules.codes import codes

_DECIMAL = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
_INTEGER = re.compile(r"-?\d+\Z", re.ASCII)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_INT_LIMIT = 2**31 - 1


class Wrong(NamedTuple):
    """Why a value does not fit: the problem's id and the facts its text needs."""

    id: str
    facts: dict[str, object]


def text_of(cell: object, field: Field) -> str | Wrong:
    """The cell's content as the text to declare; empty when the cell is empty."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return Wrong("CEBD-1211", {})
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime | date):
        return _date_text(cell, field)
    return Wrong("CEBD-1211", {})


def _number_text(cell: float) -> str | Wrong:
    if isinstance(cell, int) or cell.is_integer():
        digits = str(int(cell))
        return Wrong("CEBD-1205", {}) if len(digits.lstrip("-")) > 15 else digits
    shown = repr(cell)
    exact = Decimal(shown)
    if len(exact.as_tuple().digits) > 15:
        exact = Decimal(f"{cell:.15g}")
    return format(exact, "f")


def _date_text(cell: date, field: Field) -> str | Wrong:
    if field.kind == "text" and field.min_length == field.max_length:
        if field.max_length == 8:
            return cell.strftime("%Y%m%d")
        if field.max_length == 14 and isinstance(cell, datetime):
            return cell.strftime("%Y%m%d%H%M%S")
    return Wrong("CEBD-1211", {})


def fitting(field: Field) -> Callable[[str], Wrong | None]:
    """A check of non-empty texts against the field, made once per column."""
    if field.kind == "decimal":
        return lambda text: _fits_decimal(field, text)
    if field.kind == "int":
        return lambda text: _fits_int(field, text)
    allowed = frozenset(field.closed)
    table = codes(field.table) if field.table else None

    def fits_text(text: str) -> Wrong | None:
        wrong = _fits_length(field, text)
        if wrong is not None:
            return wrong
        if _NOT_XML.search(text):
            return Wrong("CEBD-1209", {})
        if allowed and text not in allowed:
            return Wrong("CEBD-1207", {"choices": " / ".join(field.closed)})
        if table is not None and text not in table:
            return Wrong("CEBD-1203", {"table": field.table})
        return None

    return fits_text


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
        return Wrong("CEBD-1204", {})
    whole, _, fraction = text.lstrip("-").partition(".")
    fraction = fraction.rstrip("0")
    digits = len(whole.lstrip("0")) + len(fraction)
    too_fine = field.fraction_digits is not None and len(fraction) > field.fraction_digits
    if too_fine or (field.total_digits is not None and digits > field.total_digits):
        return Wrong("CEBD-1208", {"total": field.total_digits, "limit": field.fraction_digits})
    return None


def _fits_int(field: Field, text: str) -> Wrong | None:
    if not _INTEGER.match(text):
        return Wrong("CEBD-1210", {})
    if field.total_digits is not None and len(text.lstrip("-").lstrip("0")) > field.total_digits:
        return Wrong("CEBD-1208", {"total": field.total_digits, "limit": 0})
    return Wrong("CEBD-1210", {}) if abs(int(text)) > _INT_LIMIT else None
