"""The content of an Excel template for a kind of declaration, all of it from the message's description.

A template has a column for each field that cebd does not fill itself, under a heading that is certainly recognised, with a note, and an
example row that is never declared: it is marked twice, in a column of its own and in the cell of its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS, default_of
from cebd.documents.reading.rows.example import example_of
from cebd.documents.workbooks.own_marks import EXAMPLE, OWN_HEADING
from cebd.messages.description import Field, MessageType
from cebd.rules.codes import PUBLISHED, Tables

MARK_HEADING = f"{OWN_HEADING}\n{EXAMPLE}"
CODE_SHEET = "代码 Codes"
LINE_SHEET = "商品明细 Lines"
_MAX_CODES_IN_NOTE = 20  # so many codes still fit into a note


@dataclass(frozen=True)
class Column:
    """A column. `required`: it must be filled, because its value has no other source. `example` is empty if there is none;
    `choices`: its codes with their names."""

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


def pages(message: MessageType, *, flat: bool = False, codes: Tables = PUBLISHED) -> tuple[Page, ...]:
    """The sheets: heads and lines; one sheet when flat (its rows repeat the head for each line), or when the record has no lines."""
    heads = tuple(_column(message, field, codes) for field in message.head_fields if field.name not in GENERATED_FIELDS)
    lines = tuple(_column(message, field, codes) for field in message.line_fields)
    title = f"{message.zh} {message.en}"[:31]
    if flat or not lines:
        return (Page(title, heads + lines, _mark_note(message, flat=bool(lines), of_lines=False)),)
    number = tuple(column for column in heads if column.field.name == message.group)
    return (
        Page(title, heads, _mark_note(message, flat=False, of_lines=False)),
        Page(LINE_SHEET, number + lines, _mark_note(message, flat=False, of_lines=True)),
    )


def choices(field: Field, codes: Tables = PUBLISHED) -> dict[str, str]:
    """The codes the field takes, with their Chinese names where a table has them; empty when it takes any text."""
    table = codes[field.table].names if field.table else {}
    return {code: table.get(code, "") for code in field.closed} if field.closed else dict(table)


def tables(sheets: tuple[Page, ...]) -> dict[str, Mapping[str, str]]:
    """The code tables that fields of these sheets choose from, each once."""
    columns = (column for page in sheets for column in page.columns if not column.field.closed)
    return {column.field.table: column.choices for column in columns if column.field.table}


def _column(message: MessageType, field: Field, codes: Tables) -> Column:
    default = default_of(message, field)
    key = field.part == "head" and field.name in message.key_needed
    required = (field.required or key) and default is None
    example = example_of(message, field)
    note = _note(message, field, required, codes)
    return Column(field, _heading(message, field, required), required, note, example, choices(field, codes))


def _is_number(message: MessageType, field: Field) -> bool:
    """Whether the field is the number of the record, by which lines find their head."""
    return field.part == "head" and field.name == message.group


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


def _note(message: MessageType, field: Field, required: bool, codes: Tables) -> str:
    return "\n".join([*_note_zh(message, field, required, codes), "", *_note_en(message, field, required, codes)])


def _note_zh(message: MessageType, field: Field, required: bool, codes: Tables) -> Iterator[str]:
    yield f"{field.zh}（{'必填' if required else '选填'}）"
    yield field.hint_zh
    yield f"格式：{_format_zh(field)}"
    names_of_codes = choices(field, codes)
    if names_of_codes:
        shown = "；".join(f"{code} {name}".strip() for code, name in names_of_codes.items())
        where = f"下拉列表中有 {len(names_of_codes)} 个代码，名称见隐藏的工作表“{CODE_SHEET}”（右键单击工作表标签可取消隐藏）"
        age = f"（{codes[field.table].year} 版）" if field.table and not field.closed else ""
        yield f"代码{age}：{shown if len(names_of_codes) <= _MAX_CODES_IN_NOTE else where}"
    default = default_of(message, field)
    if default is not None:
        yield f"留空即为 {default}，设置中另有默认值时按设置"
    elif field.name == message.numbered:
        yield "删去此列则自动编号"
    elif required and not _is_number(message, field):
        yield "设置中有默认值时可以留空"
    if field.sample:
        yield f"例：{field.sample}"


def _note_en(message: MessageType, field: Field, required: bool, codes: Tables) -> Iterator[str]:
    yield f"{field.en} ({'required' if required else 'optional'})"
    yield field.hint_en
    yield f"Format: {_format_en(field)}"
    names_of_codes = choices(field, codes)
    age = f" (as of {codes[field.table].year})" if field.table and not field.closed else ""
    if len(names_of_codes) > _MAX_CODES_IN_NOTE:
        where = f"their names stand on the hidden sheet {CODE_SHEET} (right-click a tab to unhide it)"
        yield f"Codes{age}: {len(names_of_codes)} in the drop-down list; {where}"
    elif names_of_codes:
        yield f"Codes{age}: {', '.join(names_of_codes)}"
    default = default_of(message, field)
    if default is not None:
        yield f"Left empty it is {default}, or what the settings give as default"
    elif field.name == message.numbered:
        yield "Without this column the lines are numbered for you"
    elif required and not _is_number(message, field):
        yield "May be left empty where the settings give a default"
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
    number = message.field("head", message.group) if message.group else None
    zh = [
        f"{message.zh} {message.code}：从示例行下面开始填写，一行一条。",
        "带 * 的深色列必填；其余列可以留空，也可以删除。",
        f"标有“{EXAMPLE}”的示例行不会申报，可以保留或删除；填写真实数据时此列请留空。",
    ]
    en = [
        f"{message.en} {message.code}: fill in below the example, one row each.",
        "Dark columns with a * must be filled; the others may be left empty or deleted.",
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
