"""The right value for a wrong value, if the value itself or a code table proves it. Offered to the operator, never applied.

| the cell holds | offered |
| --- | --- |
| `ＤＤ１２`, or a number with invisible characters or a quote before it | the plain number |
| a name of the table (`日本`, `Japan`, `JPN`) that only one code has | the code |
| `1,234.50`, `￥12`, `12元`, full-width digits | the plain number |
| `35` where the table has `035`; nine digits of a commodity code | the code with its zeros |
| `25/01/2026`, `01/25/2026`, `05/05/2026`, `26-Nov-2026`, `２０２６１１２６` | the day: only one reading is a day |
| a number shown as a day of 1900 to 1903 | the number: no other date system has these days |

Two values in one cell, a decimal comma, `05/01/2026`, which may be a day of January or of May: the value by itself proves nothing, so
nothing is offered here. Proofs from the record's other amounts are in `amounts` and `decimal_comma`, proofs from earlier files in
`cebd.declared.suggestions`. Identity numbers are never offered: they are shown to nobody in full.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

from cebd.documents.reading.cells.understood import code_of, digits_of_day
from cebd.messages.description import Field
from cebd.rules.codes.tables import PUBLISHED, Tables

UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # take no room: soft hyphen, zero-width characters, direction marks
_NOISE = re.compile(f"[{UNSEEN}\u00a0\u3000]")
_PUNCTUATED = re.compile(r"(?<=\d)[. \-](?=\d)")  # a commodity code as papers print it, 1901.10.10.00
_QUOTES = "'`‘’＇"
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
_THOUSANDS = re.compile(r"-?\d{1,3}([, ])\d{3}(\1\d{3})*(\.\d+)?\Z", re.ASCII)
_WHOLE = re.compile(r"(-?\d+)\.0+\Z", re.ASCII)
_DAY = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})((?:[ T].*)?)\Z", re.ASCII)
_DAY_LENGTH, _TIME_LENGTH = 8, 14
_DIGITS_OF_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)\Z", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH_YEAR = re.compile(r"(?P<day>\d{1,2})[- /](?P<month>[A-Za-z]{3,9})[- /,]+(?P<year>\d{4})\Z", re.ASCII)
_MONTH_DAY_YEAR = re.compile(r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})\Z", re.ASCII)


def suggested(field: Field, problem_id: str, text: str, tables: Tables = PUBLISHED) -> str | None:
    """The value that the text proves; None without a proof. The caller checks whether it fits the field."""
    if field.name.endswith("IdNumber") or not text:
        return None
    match problem_id:
        case "CEBD-1215":
            offered = _cleaned(text)
        case "CEBD-1218":
            offered = text.zfill(field.max_length or 0)
        case "CEBD-1220":
            offered = code_of(field.table, text, tables) if field.table else None
        case "CEBD-1204" | "CEBD-1210":
            offered = _number(text, whole=field.kind == "int")
        case "CEBD-1206" if field.name == "gcode":
            offered = _PUNCTUATED.sub("", text)
        case "CEBD-1219":
            offered = _counted(text)
        case "CEBD-1223" | "CEBD-1316":
            offered = _day(text, digits_of_day(field))
        case _:
            offered = None
    return offered


def _cleaned(text: str) -> str | None:
    """Half-width, without invisible characters. A line break or tab may separate two numbers: then there is nothing to offer."""
    if any(sign in text for sign in "\n\r\t"):
        return None
    plain = unicodedata.normalize("NFKC", _NOISE.sub("", text)).strip()
    return plain.lstrip(_QUOTES) or None


def _number(text: str, *, whole: bool) -> str | None:
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("¥").removesuffix("元").strip()
    if _THOUSANDS.match(plain):
        plain = plain.replace(",", "").replace(" ", "")
    if whole and (match := _WHOLE.match(plain)):
        plain = match.group(1)
    return plain if _NUMBER.match(plain) else None


def _day(text: str, length: int | None) -> str | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    if length == _DAY_LENGTH and len(plain) == _TIME_LENGTH and plain.isascii() and plain.isdigit():
        return plain[:_DAY_LENGTH]
    digits = _DIGITS_OF_DAY.match(plain)
    match = _DAY.match("-".join(digits.groups()) if digits is not None else _year_first(_month_by_number(plain)))
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    if not _is_a_day(int(year), int(month), int(day)):
        return None
    written = f"{year}{int(month):02d}{int(day):02d}"
    if length == _TIME_LENGTH and second is not None and int(hour) < 24 and int(minute) < 60 and int(second) < 60:
        return f"{written}{int(hour):02d}{minute}{second}"
    return written if length == _DAY_LENGTH else None


def _month_by_number(text: str) -> str:
    """`26-Nov-2026`, `26 November 2026`, `Nov 26, 2026` as `2026-11-26`; other texts unchanged."""
    for pattern in (_DAY_MONTH_YEAR, _MONTH_DAY_YEAR):
        match = pattern.match(text)
        if match is not None and match["month"][:3].casefold() in _MONTHS:
            return f"{match['year']}-{_MONTHS.index(match['month'][:3].casefold()) + 1}-{match['day']}"
    return text


def _year_first(text: str) -> str:
    """`25/01/2026` as `2026-1-25`, day or month first, if only a single reading is a date; else unchanged."""
    match = _YEAR_LAST.match(text)
    if match is None:
        return text
    first, _, second, year, time = match.groups()
    both = {(int(first), int(second)), (int(second), int(first))}
    readings = [f"{year}-{month}-{day}{time}" for month, day in both if _is_a_day(int(year), month, day)]
    return readings[0] if len(readings) == 1 else text


def _is_a_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _counted(text: str) -> str | None:
    """The number behind a day of 1900 to 1903, to two decimals, which are whole seconds. Excel counts a 29 February 1900 that never was."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not datetime(1900, 1, 1) <= moment < datetime(1904, 1, 1):  # noqa: DTZ001 - cells have no time zone
        return None
    first = datetime(1899, 12, 31) if moment < datetime(1900, 3, 1) else datetime(1899, 12, 30)  # noqa: DTZ001
    hundredths, rest = divmod(moment - first, timedelta(seconds=864))
    if rest:
        return None
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
