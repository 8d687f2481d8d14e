"""Pydantic's errors in words that a person understands, in English and Chinese."""

from __future__ import annotations

import difflib

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from cebd.alarms.kinds import ALARMS
from cebd.documents.reading.options import ColumnMapping
from cebd.enterprise import Enterprise
from cebd.settings.faults import Location
from cebd.settings.file import COMMON
from cebd.settings_table import MISTAKE, Secret
from cebd.signing.signers import kinds as signers
from cebd.transport.channels import kinds as channels

_MODELS: dict[str, type[BaseModel]] = {**COMMON, "enterprise": Enterprise, "mapping": ColumnMapping}

_TEXT = ("must be a text in quotes", "应为加引号的文字")
_NUMBER = ("must be a number", "应为数字")
_TABLE = ("must be a table of keys", "应为一个表")
_DAY = ("must be a day without quotes: 2027-01-01", "应为日期，不加引号：2027-01-01")
_SAID = {
    "missing": ("this setting is required", "缺少此项"),
    "string_type": _TEXT,
    "path_type": _TEXT,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": ("must be a whole number", "应为整数"),
    "finite_number": ("must be a number, not inf or nan", "应为普通数字，不能是 inf 或 nan"),
    "bool_type": ("must be true or false, without quotes", "应为 true 或 false，不加引号"),
    "bool_parsing": ("must be true or false, without quotes", "应为 true 或 false，不加引号"),
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "tuple_type": ('must be a list: ["..."]', '应为列表：["..."]'),
}
_ZH = {
    "string_too_short": "至少 {min_length} 个字符，不能为空",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "只能由字母、数字、汉字和 . _ - 组成，最多 64 个字符",
    "greater_than": "必须大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "必须小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "literal_error": "只能是 {expected}",
    "decimal_max_places": "小数位数过多",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
}
_EN = {"string_pattern_mismatch": "may have letters, digits and . _ - only, at most 64 characters"}


def _kinds() -> dict[str, dict[str, type[BaseModel]]]:
    """The settings of each kind, by table and type."""
    return {
        "signer": {kind.type: kind.settings for kind in signers.SIGNERS},
        "channel": {kind.type: kind.settings for kind in channels.CHANNELS},
        "alarm": {kind.type: kind.settings for kind in ALARMS},
    }


def table_of_type(type_: str) -> str | None:
    """In which table that type is at home."""
    return next((table for table, kinds in _kinds().items() if type_ in kinds), None)


def said_of(table: str, detail: ErrorDetails, within: Location, kind: str | None = None) -> tuple[str, str]:
    """The mistake in English and Chinese. `within`: the place in the table; `kind`: the table's `type`."""
    mistake, context = detail["type"], detail.get("ctx", {})
    if mistake == MISTAKE:
        return str(context["en"]), str(context["zh"])
    if mistake == "extra_forbidden":
        return _unknown(table, within, kind)
    if mistake in ("union_tag_not_found", "union_tag_invalid"):
        return _no_such_type(table, context.get("tag"))
    if mistake in _SAID:
        return _SAID[mistake]
    en = _EN.get(mistake, str(detail["msg"]).removeprefix("Value error, "))
    return en, _ZH.get(mistake, "此项的值不对：{en}").format(en=en, **context)


def _unknown(table: str, location: Location, kind: str | None) -> tuple[str, str]:
    key = str(location[-1])
    for other, model in _kinds().get(table, {}).items():
        if kind is not None and other != kind and key in model.model_fields and len(location) == 1:
            return (
                f'is a key of {table}s of type "{other}"; this one has type = "{kind}"',
                f'这是 type = "{other}" 才有的设置，此处 type = "{kind}"',
            )
    return unknown(key, _keys(table, location[:-1], kind))


def unknown(key: str, names: list[str]) -> tuple[str, str]:
    """An unknown key, with the nearest that there is."""
    near = difflib.get_close_matches(key, names, n=1)
    if not near:
        return "unknown setting", "没有这个设置"
    return f"unknown setting; did you mean {near[0]}?", f"没有这个设置；是不是 {near[0]}？"


def _keys(table: str, within: Location, kind: str | None) -> list[str]:
    if within:
        return list(Secret.model_fields)
    kinds = _kinds().get(table, {})
    models = [kinds[kind]] if kind in kinds else list(kinds.values())
    if table in _MODELS:
        models.append(_MODELS[table])
    return [name for model in models for name in model.model_fields]


def _no_such_type(table: str, given: str | None) -> tuple[str, str]:
    kinds = list(_kinds()[table])
    listed = ", ".join(map(repr, kinds))
    if given is None:
        return "this setting is required", f"缺少此项；可用 {listed}"
    other = table_of_type(given)
    if other is not None:
        return (
            f'"{given}" is a type of {other}: this table should be [{other}.NAME]',
            f'"{given}" 是 {other} 的类型：此表应写作 [{other}.名称]',
        )
    near = difflib.get_close_matches(given.casefold(), kinds, n=1)
    hint, hint_zh = (f'; did you mean "{near[0]}"?', f'；是不是 "{near[0]}"？') if near else ("", "")
    return f'there is no type "{given}", only {listed}{hint}', f'没有类型 "{given}"，只有 {listed}{hint_zh}'
