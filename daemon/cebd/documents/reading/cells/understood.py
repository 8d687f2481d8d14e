"""What a cell says in another way than it is declared: taken where it can mean one thing alone.

| the cell holds | taken as | said |
| --- | --- | --- |
| `2026-11-26 09:30:00.0`, `2026/11/26 9:30`, `2026年11月26日 下午 3:05` | 20261126093000; 20261126 where a day belongs | nothing |
| `122 罐`, `罐(122)`: a code with its own name | the code | nothing |
| `罐`, `公路`, `kg`, `日本国`: a name that a single code has | the code | a notice |
| `122 盒`: a code with the name of another | nothing | a problem: which of them is meant |

Where an hour is declared, a day without one is not taken; nor is a day whose month may be its day. Names that people use beside those of
the tables stand in `schemas/other_names.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

from cebd.messages.description import Field
from cebd.messages.schema_files import kept_with_schemas
from cebd.rules.codes.reading import NAMES, CodeTable
from cebd.rules.codes.tables import PUBLISHED, Tables, few_codes, near, other_names

_DAY_FIELD = re.compile(r"(Time|Date)\Z")
_DAY_DIGITS, _TIME_DIGITS = 8, 14
_MOMENT = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
    r"(?:(?:[ T]|(?<=日))\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](?:(\d{1,2})(\.\d+)?秒?)?)?(?:\+08:?00)?)?\Z",
    re.ASCII,
)
_HALF_OF_DAY = re.compile(r"[上下]午|(?<=\d)\s*[ap]m\Z", re.IGNORECASE)
_AFTERNOON, _NOON = ("下午", "pm"), 12
_A_TIME = re.compile(r"\d{14}\Z", re.ASCII)
_HALF_SECOND = timedelta(milliseconds=500)
_CODE_AND_NAME = re.compile(r"([0-9A-Za-z]+)(?:[\s:_|/,.、(\-—]+|(?=[^\s0-9A-Za-z]))(.+)\Z")
_NAME_AND_CODE = re.compile(r"(.+?)[\s:_|/,、(\[\-—]+([0-9A-Za-z]+)[)\]]?\Z")
# Endings that people leave out of a table's names, or put after them. A whole district (关区) is never meant by its place alone.
_LEFT_OUT: Mapping[str, tuple[str, ...]] = {"customs-districts": ("海关", "关区"), "transport-modes": ("运输",)}
_NOT_ALONE = "关区"
_PUT_AFTER: Mapping[str, str] = {"countries": "国"}


class Understood(NamedTuple):
    """What the cell's text is declared as. `by_name`: it was a name alone, which is said."""

    text: str
    by_name: bool = False


def digits_of_day(field: Field) -> int | None:
    """8 where the field declares a day, 14 where it declares a time; None for other fields."""
    if field.kind != "text" or field.min_length != field.max_length or not _DAY_FIELD.search(field.name):
        return None
    return field.max_length if field.max_length in (_DAY_DIGITS, _TIME_DIGITS) else None


def understood(field: Field, text: str, tables: Tables = PUBLISHED) -> Understood | None:
    """What a text that does not fit the field means beyond doubt; None where it is in doubt."""
    digits = digits_of_day(field)
    if digits is not None:
        moment = moment_of(text, digits)
        return None if moment is None else Understood(moment)
    few = _of_few_codes(field, text)
    if field.table is None or few is not None:
        return few
    pair = code_and_name(tables[field.table], text)
    if pair is not None:
        code, named = pair
        return Understood(code) if code in named and _may_be(field, code) else None
    code_alone = code_of(field.table, text, tables)
    return None if code_alone is None or not _may_be(field, code_alone) else Understood(code_alone, by_name=True)


def _of_few_codes(field: Field, text: str) -> Understood | None:
    """Of a field whose codes stand in no table."""
    for code, names in _few_codes(field.name).items():
        if _folded(text) in names:
            return Understood(code, by_name=True)
        match = _CODE_AND_NAME.match(_folded(text))
        if match is not None and match[1] == _folded(code) and any(name in names for name in _names_beside(match[2])):
            return Understood(code)
    return None


def _may_be(field: Field, code: str) -> bool:
    return not field.closed or code in field.closed


# Days and times


def moment_of(text: str, digits: int) -> str | None:
    """The day (8 digits) or time (14) that is written in a text; None where it is in doubt."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if digits == _DAY_DIGITS and _A_TIME.match(plain):
        return plain[:_DAY_DIGITS]
    half = _HALF_OF_DAY.search(plain)
    match = _MOMENT.match(plain if half is None else " ".join(plain.replace(half[0], " ").split()))
    if match is None:
        return None
    year, _, month, day, month_zh, day_zh, hour, minute, second, fraction = match.groups()
    if digits == _TIME_DIGITS and hour is None:
        return None
    day_and_time = (year, month or month_zh, day or day_zh, hour or 0, minute or 0, second or 0)
    try:
        years, months, days, hours, minutes, seconds = map(int, day_and_time)
        if half is not None:
            if not 1 <= hours < _NOON:
                return None  # 12 in the afternoon is noon to some, midnight to others
            hours += _NOON * (half[0].strip().lower() in _AFTERNOON)
        moment = datetime(years, months, days, hours, minutes, seconds)  # noqa: DTZ001 - cells have no time zone
        return written(moment + timedelta(seconds=float(fraction or 0)), digits)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime, digits: int) -> str:
    """As it is declared: fractions of a second rounded, as spreadsheets show them. Raises OverflowError."""
    if digits == _TIME_DIGITS and moment.microsecond:
        moment += _HALF_SECOND
    return moment.strftime("%Y%m%d%H%M%S")[:digits]


# Codes and their names


def code_and_name(table: CodeTable, text: str) -> tuple[str, frozenset[str]] | None:
    """`122 罐`, `罐(122)`: the code, and the codes that the name beside it has; None where a text is not such a pair."""
    plain, codes = unicodedata.normalize("NFKC", text).strip(), _codes(table)
    before, behind = _CODE_AND_NAME.match(plain), _NAME_AND_CODE.match(plain)
    pairs = ((before[1], before[2]) if before else None, (behind[2], behind[1]) if behind else None)
    for code, beside in filter(None, pairs):
        named = next((codes[name] for name in _names_beside(beside) if name in codes), None)
        if named is not None and code in table.names:
            return code, named
    return None


def _names_beside(text: str) -> Sequence[str]:
    """What the name beside a code may be: as it stands, for names end in brackets, too; else without those around it."""
    return _folded(text), _folded(text.strip(" ()[]"))


def code_of(table: str, name: str, tables: Tables = PUBLISHED) -> str | None:
    """The code of this name (Chinese, English, the three letters of ISO, a usual other name); None if no code or several codes have it."""
    codes = _codes(tables[table]).get(_folded(name)) or _codes(tables[table]).get(
        _folded(name).removesuffix(_PUT_AFTER.get(table, "\0")), frozenset()
    )
    return next(iter(codes)) if len(codes) == 1 else None


def near_names(table: CodeTable, name: str) -> str:
    """Codes with names like that one, for a sentence (`140 盒 / 142 瓶`); empty without any."""
    return " / ".join(near(table, name))


def few_names(field: Field) -> str:
    """The codes of a field that has a few and no table, for a sentence (`1 木箱 / 2 纸箱`); empty for other fields."""
    codes = few_codes(field.name)
    return " / ".join(f"{code} {names[0]}" for code, names in codes.items()) if len(codes) > 1 else ""


@lru_cache(maxsize=64)
def _codes(table: CodeTable) -> dict[str, frozenset[str]]:
    """The codes by each name, folded. An ending is left out only where no other code has the shorter name."""
    codes: dict[str, frozenset[str]] = {}
    short: dict[str, frozenset[str]] = {}
    others = _others(table.name)
    for row in table.rows:
        for name in filter(None, (_folded(row.get(column) or "") for column in NAMES)):
            for own in (name, *others.get(name, ())):
                codes[own] = codes.get(own, frozenset()) | {row["code"]}
            for ending in _LEFT_OUT.get(table.name, ()):
                if name.endswith(ending) and name != ending:
                    rivals = {row["code"], ""} if ending == _NOT_ALONE else {row["code"]}
                    short[name.removesuffix(ending)] = short.get(name.removesuffix(ending), frozenset()) | rivals
    return {**short, **codes}


@kept_with_schemas
@cache
def _others(table: str) -> dict[str, tuple[str, ...]]:
    return {_folded(name): tuple(map(_folded, others)) for name, others in other_names().get(table, {}).items()}


@kept_with_schemas
@cache
def _few_codes(field: str) -> dict[str, tuple[str, ...]]:
    return {code: tuple(map(_folded, names)) for code, names in few_codes(field).items()}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
