"""The content of an Excel template for a kind of declaration, all of it from the message's description.

A template has a column for each field that cebd does not fill itself, under a heading that is certainly recognised, with a note, and an
example row that is never declared: it is marked twice, in a column of its own and in the cell of its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS, default_of
from cebd.documents.reading.cells.section import copied_from
from cebd.documents.reading.rows.example import example_of
from cebd.documents.workbooks.own_marks import EXAMPLE, OWN_HEADING
from cebd.messages.description import Field, MessageType
from cebd.records.original_list import repeated_fields
from cebd.rules.codes.tables import PUBLISHED, Tables, few_codes

MARK_HEADING = f"{OWN_HEADING}\n{EXAMPLE}"
CODE_SHEET = "代码 Codes"
LINE_SHEET = "商品明细 Lines"
_MAX_CODES_IN_NOTE = 20  # so many codes still fit into a note
_NO_DEFAULTS: Mapping[str, str] = {}
_NUMBER = "copNo"
_OF_A_LIST = "gnum"  # told first among what may be taken from a list


class Text(NamedTuple):
    """A sentence for people."""

    zh: str
    en: str


@dataclass(frozen=True)
class Column:
    """A column. `required`: it must be filled, because its value has no other source. `example` is empty if there is none;
    `choices`: its codes with their names, `123 name` in a list."""

    field: Field
    heading: str
    required: bool
    note: str
    example: str
    choices: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """A sheet of a template. The column that marks the example stands before `columns`; `mark_note` says how to use the sheet."""

    title: str
    columns: tuple[Column, ...]
    mark_note: str


def pages(
    message: MessageType,
    *,
    flat: bool = False,
    codes: Tables = PUBLISHED,
    defaults: Mapping[str, str] = _NO_DEFAULTS,
) -> tuple[Page, ...]:
    """The sheets: heads and lines; one sheet when flat (its rows repeat the head for each line), or when the record has no lines.

    `defaults`: what the enterprise's settings fill in, by element (`line.` before that of a goods line).
    """
    made = _Columns(message, codes, defaults)
    heads = tuple(made.column(field) for field in message.head_fields if field.name not in GENERATED_FIELDS)
    lines = tuple(made.column(field) for field in message.line_fields)
    title = f"{message.zh} {message.en}"[:31]
    if flat or not lines:
        columns = made.in_order(heads + lines)
        return (Page(title, columns, _mark_note(message, flat=bool(lines), of_lines=False)),)
    named_by = (message.group, *(message.group_else[:1] if made.from_list.head else ()))
    number = tuple(column for column in heads if column.field.name in named_by)
    return (
        Page(title, made.in_order(heads), _mark_note(message, flat=False, of_lines=False)),
        Page(LINE_SHEET, made.in_order(number + lines), _mark_note(message, flat=False, of_lines=True)),
    )


def choices(field: Field, codes: Tables = PUBLISHED) -> dict[str, str]:
    """The codes the field takes, with their Chinese names where a table has them; empty when it takes any text."""
    few = {code: names[0] for code, names in few_codes(field.name).items()}
    table = {**few, **codes[field.table].names} if field.table else few
    return {code: table.get(code, "") for code in field.closed} if field.closed else dict(table)


def choice(code: str, name: str) -> str:
    """A code as a list offers it and a cell may have it."""
    return f"{code} {name}".strip()


def tables(sheets: tuple[Page, ...]) -> dict[str, Mapping[str, str]]:
    """The code tables that fields of these sheets choose from, each once."""
    columns = (column for page in sheets for column in page.columns if not column.field.closed)
    return {column.field.table: column.choices for column in columns if column.field.table}


class _Columns:
    """Columns of a message's fields, for an enterprise with these defaults."""

    def __init__(self, message: MessageType, codes: Tables, defaults: Mapping[str, str]) -> None:
        self._message = message
        self._codes = codes
        self._defaults = defaults
        self.from_list = repeated_fields(message)

    def column(self, field: Field) -> Column:
        message = self._message
        key = field.part == "head" and field.name in message.key_needed
        source = self._source(field)
        required = (field.required or key) and source is None
        heading, example = _heading(message, field, required), example_of(message, field)
        note = _note(message, field, required, self._codes, source)
        return Column(field, heading, required, note, example, choices(field, self._codes))

    def in_order(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """As the specification has them; where a list has most of them, those first that it cannot have."""
        if not self.from_list.head:
            return columns
        return tuple(sorted(columns, key=lambda column: not column.required and column.field.name != _OF_A_LIST))

    def _source(self, field: Field) -> Text | None:
        """What an empty cell is then taken to say, and from where; None where it has to be filled."""
        own = self._defaults.get(field.name if field.part == "head" else f"line.{field.name}")
        if field.part == "head" and self.from_list.head and field.name == _NUMBER and not own:
            return Text("留空则自动编号", "Left empty it is numbered for you")
        if field.name == "invtNo" and self.from_list.head:
            return None
        if field.name in (self.from_list.head if field.part == "head" else self.from_list.line):
            return Text("留空则取自清单，回执中会写明", "Left empty it is taken from the list, and the receipt says so")
        if own:
            return self._of_settings(own)
        default = default_of(self._message, field)
        return None if default is None else Text(f"留空即为 {default}", f"Left empty it is {default}")

    def _of_settings(self, own: str) -> Text:
        if own == "{today}":
            return Text("留空即为放入当天的日期", "Left empty it is the day of the drop")
        copied = copied_from(own)
        if copied is None:
            return Text(f"留空即为 {own}（本企业的默认值）", f"Left empty it is {own}, the enterprise's default")
        other = next((one for one in self._message.head_fields if one.name == copied), None)
        zh, en = (copied, copied) if other is None else (other.zh, other.en)
        return Text(f"留空则与“{zh}”相同", f"Left empty it is the same as {en}")


# Headings


def _heading(message: MessageType, field: Field, required: bool) -> str:
    """Chinese label over element name, a star before required fields; where head and line share either, the part is named."""
    others = [other for other in (*message.head_fields, *message.line_fields) if other is not field]
    label, name = field.zh, field.name
    if any(label in (other.name, other.zh, other.en, *other.aliases) for other in others):
        label = f"{'表头' if field.part == 'head' else '表体'}{label}"
    if any(name == other.name for other in others):
        name = f"{(message.head or message.record) if field.part == 'head' else message.line}/{name}"
    return f"{'* ' if required else ''}{label}\n{name}"


# Notes


def _note(message: MessageType, field: Field, required: bool, codes: Tables, source: Text | None) -> str:
    zh, en = _note_zh(message, field, required, codes, source), _note_en(message, field, required, codes, source)
    return "\n".join([*zh, "", *en])


def _note_zh(message: MessageType, field: Field, required: bool, codes: Tables, source: Text | None) -> Iterator[str]:
    yield f"{field.zh}（{'必填' if required else '选填'}）"
    yield field.hint_zh
    yield f"格式：{_format_zh(field)}"
    names_of_codes = choices(field, codes)
    if names_of_codes:
        shown = "；".join(choice(code, name) for code, name in names_of_codes.items())
        where = f"从下拉列表选择（共 {len(names_of_codes)} 个）；只写代码也可以"
        age = f"（{codes[field.table].year} 版）" if field.table and not field.closed else ""
        yield f"代码{age}：{shown if len(names_of_codes) <= _MAX_CODES_IN_NOTE else where}"
    if source is not None:
        yield source.zh
    elif field.name == message.numbered:
        yield "删去此列则自动编号"
    if field.sample:
        yield f"例：{field.sample}"


def _note_en(message: MessageType, field: Field, required: bool, codes: Tables, source: Text | None) -> Iterator[str]:
    yield f"{field.en} ({'required' if required else 'optional'})"
    yield field.hint_en
    yield f"Format: {_format_en(field)}"
    names_of_codes = choices(field, codes)
    age = f" (as of {codes[field.table].year})" if field.table and not field.closed else ""
    if len(names_of_codes) > _MAX_CODES_IN_NOTE:
        yield f"Codes{age}: choose one of the {len(names_of_codes)} in the list; the code alone will do"
    elif names_of_codes:
        yield f"Codes{age}: {', '.join(names_of_codes)}"
    if source is not None:
        yield source.en
    elif field.name == message.numbered:
        yield "Without this column the lines are numbered for you"
    if field.sample:
        yield f"Example: {field.sample}"


def _format_zh(field: Field) -> str:
    if field.kind == "int":
        return f"整数，最多 {field.total_digits} 位" if field.total_digits else "整数"
    if field.kind == "decimal":
        return f"数字，最多 {field.total_digits} 位，其中小数最多 {field.fraction_digits} 位"
    if field.min_length == field.max_length:
        return f"文本，正好 {field.max_length} 个字符"
    return f"文本，最多 {field.max_length} 个字符" if field.max_length else "文本"


def _format_en(field: Field) -> str:
    if field.kind == "int":
        return f"whole number of at most {field.total_digits} digits" if field.total_digits else "whole number"
    if field.kind == "decimal":
        return f"number of at most {field.total_digits} digits, at most {field.fraction_digits} of them decimals"
    if field.min_length == field.max_length:
        return f"text of exactly {field.max_length} character{'' if field.max_length == 1 else 's'}"
    return f"text of at most {field.max_length} characters" if field.max_length else "text"


def _mark_note(message: MessageType, *, flat: bool, of_lines: bool) -> str:
    """How to fill in the sheet, on the heading of the column that marks the example."""
    number = (
        message.field("head", "invtNo" if repeated_fields(message).head else message.group) if message.group else None
    )
    zh = [
        f"{message.zh} {message.code}：从示例行下面开始填写，一行一条。",
        "带 * 的深色列必填；其余列可以留空，也可以删除。",
        "红底：内容不对（长度、数字、日期、证件号码、代码、金额），放入前请改正。黄底：必填未填。",
        f"标有“{EXAMPLE}”的示例行不会申报，可以保留或删除；填写真实数据时此列请留空。",
    ]
    en = [
        f"{message.en} {message.code}: fill in below the example, one row each.",
        "Dark columns with a * must be filled; the others may be left empty or deleted.",
        "Red cells are wrong (length, number, date, identity number, code, amount): correct them. Yellow: still to be filled.",
        f"The row marked {EXAMPLE} is never declared; keep it or delete it. Leave this column empty in your own rows.",
    ]
    if number is not None and flat:
        zh.insert(1, f"一个商品写一行；同一单证的各行中，“{number.zh}”和其他蓝色列的内容相同，绿色列是商品。")
        en.insert(
            1,
            f"One row for each line (green); {number.en} and the other blue columns are the same on all rows of a record.",
        )
    if number is not None and of_lines:
        zh.insert(1, f"用“{number.zh}”与前一张工作表的表头对应。")
        en.insert(1, f"{number.en} says which row of the first sheet a line belongs to.")
    return "\n".join([*zh, "", *en])
