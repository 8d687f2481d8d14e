"""Checks the meaning of the settings against cebd's schemas, for `cebd config check` and for the start.

load_settings   the file: keys, types, names, folders
check_settings  the meaning: elements, types, placeholders, rules (a mistake switches off the part that it is in)
machine_faults  the machine (`machine.py`)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS
from cebd.documents.reading.headings import is_spelling
from cebd.documents.reading.options import ColumnMapping
from cebd.messages.description import MessageType, declarations, message_type
from cebd.problems.problem import catalogue, has_configurable_severity
from cebd.settings import Fault, Part, Settings, switch_off
from cebd.settings.faults import fault

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LINE = "line."
_WHERE: dict[tuple[str, ...], tuple[str, str]] = {
    ("head",): ("in the head of", "表头"),
    ("line",): ("in the lines of", "表体"),
}
Texts = tuple[str, str]
_IN_THE_OPEN = (
    "the secret is in the environment, where other programs of this user can read it",
    "口令放在环境变量中，同一用户的其他程序可以读到",
)


def check_settings(settings: Settings) -> Settings:
    """The settings without the parts that name unknown elements, types, placeholders or rules; their `faults` name each."""
    faults = [
        *_rules(settings),
        *_roles(settings),
        *_channels_by_type(settings),
        *_defaults(settings),
        *_mappings(settings),
    ]
    return switch_off(settings, faults) if faults else settings


def exceptions(settings: Settings) -> Iterator[Fault]:
    """What the settings may say and had better not: named for whoever checks them and at each start, and done as it is said.

    All import declarations are signed since 2018-10-01 (GACC 2018 No. 56, item 3, and No. 113). A secret in the environment can be read in
    the list of processes by whoever is root or the same user, and is inherited by what the daemon starts.
    """
    texts = ("customs want every import declaration signed since 2018-10-01", "自 2018-10-01 起，进口单证均须电子签名")
    for enterprise in settings.enterprise:
        if not enterprise.sign_all:
            location = settings.location("enterprise", enterprise.name, "sign_all")
            yield fault(location, texts, settings.lines, Part.NOTHING, id="CEBD-2016", severity="warning")
    for name, signer in settings.signer.items():
        for key, secret in signer.secrets().items():
            if secret.env is not None:
                location = settings.location("signer", name, key)
                yield fault(location, _IN_THE_OPEN, settings.lines, Part.NOTHING, id="CEBD-2019", severity="warning")


def _rules(settings: Settings) -> Iterator[Fault]:
    for name in settings.rules:
        if name not in catalogue():
            texts = ("there is no such problem", "没有这个编号")
        elif not has_configurable_severity(name):
            texts = (
                "the severity of this problem is fixed; correct the data instead",
                "此问题的轻重不能调整，请改正数据",
            )
        else:
            continue
        yield fault(("rules", name), texts, settings.lines, Part.RULE, name)


def _roles(settings: Settings) -> Iterator[Fault]:
    for enterprise in settings.enterprise:
        for kind in enterprise.declares:
            if _declaration(kind) is None:
                location = settings.location("enterprise", enterprise.name, "declares")
                yield fault(location, _no_message(kind), settings.lines, Part.ENTERPRISE, enterprise.name)


def _channels_by_type(settings: Settings) -> Iterator[Fault]:
    for enterprise in settings.enterprise:
        for kind, _ in enterprise.channel.by_type:
            message = _declaration(kind)
            if message is None or kind not in (message.name, message.code):
                location = settings.location("enterprise", enterprise.name, "channel", kind)
                yield fault(location, _no_message(kind), settings.lines, Part.ENTERPRISE, enterprise.name)


def _defaults(settings: Settings) -> Iterator[Fault]:
    for enterprise in settings.enterprise:
        for kind, defaults in enterprise.defaults.items():
            location = settings.location("enterprise", enterprise.name, "defaults", kind)
            message = _declaration(kind)
            if message is None or kind not in (message.name, message.code):
                yield fault(location, _no_message(kind), settings.lines, Part.ENTERPRISE, enterprise.name)
                continue
            for key, texts in _wrong_defaults(message, defaults):
                yield fault((*location, key), texts, settings.lines, Part.ENTERPRISE, enterprise.name)


def _mappings(settings: Settings) -> Iterator[Fault]:
    for name, mapping in settings.mapping.items():
        for key, texts in _wrong_mapping(mapping):
            yield fault(settings.location("mapping", name, *key), texts, settings.lines, Part.MAPPING, name)


def _wrong_mapping(mapping: ColumnMapping) -> Iterator[tuple[tuple[str, ...], Texts]]:
    message = _declaration(mapping.type)
    if message is None:
        yield ("type",), _no_message(mapping.type)
        return
    for heading, target in mapping.columns.items():
        if target != "-" and not is_spelling(message, target):
            yield ("columns", heading), _no_element(message, target.rpartition("/")[2], "head", "line")
    for name in mapping.sum_per_order:
        if name not in _names(message, "head"):
            yield ("sum_per_order",), _no_element(message, name, "head")
    for key, texts in _wrong_defaults(message, mapping.defaults):
        yield ("defaults", key), texts


def _wrong_defaults(message: MessageType, defaults: Mapping[str, str]) -> Iterator[tuple[str, Texts]]:
    head, line = _names(message, "head"), _names(message, "line")
    for key, text in defaults.items():
        on_line = key.startswith(_LINE)
        name = key.removeprefix(_LINE)
        if name in GENERATED_FIELDS and not on_line:
            yield (
                key,
                (
                    f"{name} is made by cebd for each record and has no default",
                    f"{name} 由 cebd 逐条生成，不能设默认值",
                ),
            )
        elif name not in (line if on_line else head):
            yield key, _no_element(message, name, "line" if on_line else "head", other="head" if on_line else "line")
        else:
            yield from ((key, texts) for texts in _wrong_placeholder(message, text, head, on_line=on_line))


def _wrong_placeholder(message: MessageType, text: str, head: list[str], *, on_line: bool) -> Iterator[Texts]:
    placeholders = _PLACEHOLDER.findall(text)
    if not placeholders or text == "{today}":
        return
    if text != placeholders[0]:
        yield (
            f"{placeholders[0]} must be the whole value, with nothing before or behind it",
            f"{placeholders[0]} 必须是整个值，前后不能有别的字",
        )
    elif on_line:
        yield (
            f"{text} cannot be used on a goods line; only {{today}} can",
            f"表体中不能用 {text}，只能用 {{today}}",
        )
    elif text[1:-1] not in head or text[1:-1] in GENERATED_FIELDS:
        near = difflib.get_close_matches(text[1:-1], [*head, "today"], n=1)
        hint, hint_zh = (f"; did you mean {{{near[0]}}}?", f"；是不是 {{{near[0]}}}？") if near else ("", "")
        yield f"{text} names no head field of {message.code}{hint}", f"{text} 不是 {message.code} 表头的元素{hint_zh}"


def _declaration(kind: str) -> MessageType | None:
    try:
        message = message_type(kind)
    except KeyError:
        return None
    return message if message.role == "declaration" else None


def _no_message(kind: str) -> Texts:
    messages = (*declarations(), *declarations(export=True))
    names = [name for message in messages for name in (message.name, message.code) if name]
    near = difflib.get_close_matches(kind, names, n=1)
    hint, hint_zh = (f"; did you mean {near[0]}?", f"；是不是 {near[0]}？") if near else ("", "")
    return f"there is no declaration {kind}{hint}", f"没有 {kind} 这种申报{hint_zh}"


def _names(message: MessageType, *parts: str) -> list[str]:
    return [field.name for field in (*message.head_fields, *message.line_fields) if field.part in parts]


def _no_element(message: MessageType, name: str, *parts: str, other: str = "") -> Texts:
    where, where_zh = _WHERE.get(parts, ("in", ""))
    if other and name in _names(message, other):
        right = f"{_LINE}{name}" if other == "line" else name
        near = [right]
    else:
        near = difflib.get_close_matches(name, _names(message, *parts), n=1)
    hint, hint_zh = (f"; did you mean {near[0]}?", f"；是不是 {near[0]}？") if near else ("", "")
    return (
        f"there is no element {name} {where} {message.code}{hint}",
        f"{message.code} {where_zh}没有元素 {name}{hint_zh}",
    )
