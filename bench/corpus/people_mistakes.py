"""Days, times and codes as people write them: what is in doubt is asked for, what has a name is declared with a notice."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from corpus.kinds import WORKBOOKS, Kind, in_a_cell
from corpus.sheets import DateCell, Value

_DAYS, _TIMES = "head.declTime head.ieDate", "head.payTime head.logisticsTime"


def _says(text: Value) -> Callable[[Random, str], Value]:
    return lambda _rng, _right: text


def _day(name: str, text: str, suggestion: str | None = None) -> Kind:
    return in_a_cell(name, "CEBD-1223", _DAYS, _says(text), suggestion=suggestion)


def _time(name: str, text: str, suggestion: str | None = None) -> Kind:
    return in_a_cell(name, "CEBD-1223", _TIMES, _says(text), suggestion=suggestion)


DAYS = (
    _day("a day with the year in two digits", "26-01-05"),
    _day("a day without its year", "1月5日"),
    _day("a year and a month", "2026年1月"),
    _day("two days in one cell", "2026-01-05/2026-01-08"),
    _day("a day in Chinese numerals", "二〇二六年一月五日"),
    _day("a day by the lunar calendar", "2026年正月初五"),
    _day("a day with the month in English", "5-Jan-2026", "20260105"),
    _day("a day of a thirteenth month, with hyphens", "2026-13-05"),
    _day("a day with a question mark", "2026-01-05?"),
    _day("a day after its month, with hyphens", "01-25-2026", "20260125"),
    _time("a time of twelve hours at noon or midnight", "2026-01-04 12:15 PM"),
    _time("a time that is an hour alone", "10:15:00"),
    _time("a time that is not, with colons", "2026-01-04 25:15:00"),
    _time("a time in another time zone", "2026-01-04T10:15:00Z"),
    _time("a time counted by a computer", "1767492900000"),
    _time("a time that could be on another day", "04/01/2026 10:15"),
    in_a_cell(
        "a time that lost its hour in a date cell",
        "CEBD-1223",
        _TIMES,
        _says(DateCell(46026.0)),
        suffixes=WORKBOOKS,
    ),
)


def _disagrees(name: str, keys: str, text: str) -> Kind:
    return in_a_cell(name, "CEBD-1222", keys, _says(text))


def _named(name: str, keys: str, text: str) -> Kind:
    return in_a_cell(name, "CEBD-1221", keys, _says(text))


def _no_code(name: str, keys: str, text: str) -> Kind:
    return in_a_cell(name, "CEBD-1220", keys, _says(text))


CODES = (
    _disagrees("a unit's code with another's name, 122 盒", "line.unit", "122 盒"),
    _disagrees("a unit's code with another's name, in brackets", "line.unit line.unit1", "035（克）"),
    _disagrees("a country's code with another's name, 116 韩国", "line.country", "116 韩国"),
    _disagrees("a country's code and another's name, run together", "line.country", "502日本"),
    _disagrees("a transport mode's code with another's name", "head.trafMode", "5-公路运输"),
    _disagrees("a district's code with another's name", "head.customsCode head.portCode", "5208 黄埔关区"),
    _named("a unit by its English name", "line.unit", "bottle"),
    _named("a unit by another usual name, 公斤", "line.unit line.unit1", "公斤"),
    _named("a unit by its sign, ㎡", "line.unit", "㎡"),
    _named("a country by a longer name", "line.country", "美利坚合众国"),
    _named("a country by its letters, KOR", "line.country", "KOR"),
    _named("a country in English, in capitals", "line.country", "FRANCE"),
    _named("a transport mode as people call it", "head.trafMode", "空运"),
    _named("an identity paper by its name", "head.buyerIdType head.payerIdType", "身份证"),
    _named("a currency as people write it, RMB", "head.currency", "RMB"),
    _named("a kind of packages, 托盘", "head.wrapType", "托盘"),
    _no_code("a unit nobody counts in", "line.unit", "大礼包"),
    _no_code("a region in a country's place", "line.country", "北海道"),
    _no_code("two countries in one cell", "line.country", "日本/韩国"),
    _no_code("a sea in a country's place", "line.country", "太平洋"),
    _no_code("a place that has no customs district", "head.customsCode head.portCode", "某某镇"),
    _no_code("a means of transport that has no code", "head.trafMode", "无人机"),
)
KINDS = (*DAYS, *CODES)
