"""The pages of the manual that are made from the code: what a setting, command, message, problem or code is stands in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import typer
import typer.core

from cebd.cli.main import app
from cebd.customs.book_files import Entry
from cebd.customs.code_book import all_entries
from cebd.messages.described.values import Field, MessageType
from cebd.messages.description import declarations
from cebd.problems.problem import catalogue
from cebd.settings.example import example

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_FAMILIES = {
    "10": ("文件", "Files"),
    "11": ("读取", "Reading"),
    "12": ("单元格", "Cells"),
    "13": ("单证内容", "Records"),
    "14": ("与已申报单证比较", "Earlier declarations"),
    "15": ("签名", "Signing"),
    "16": ("发送", "Sending"),
    "17": ("回执", "Receipts"),
    "18": ("核查", "Audit"),
    "19": ("程序内部", "Internal"),
    "20": ("设置", "Settings"),
    "21": ("数据库", "The store"),
    "24": ("报警", "Alarms"),
}
_OTHERS = ("其他", "Others")
_SEVERITIES = {"error": ("错误", "error"), "warning": ("警告", "warning"), "notice": ("提示", "notice")}


def pages(language: Language) -> dict[str, str]:
    """By name, the pages as Markdown."""
    return {
        "settings": _settings(language),
        "commands": _commands(language),
        "messages": _messages(language),
        "problems": _problems(language),
        "codes": _codes(language),
    }


def _of(language: Language, zh: str, en: str) -> str:
    return zh if language == "zh" else en


def _page(title: str, said: str, parts: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", said, "", *parts, ""])


def _settings(language: Language) -> str:
    said = _of(
        language,
        "每一项设置及其含义。`cebd config example` 打印同样的内容；`cebd config check -c 文件` 指出每一处错误及所在行。",
        "Every setting, as `cebd config example` prints it; `cebd config check -c FILE` names every mistake with its line.",
    )
    return _page(_of(language, "设置", "Settings"), said, ["```toml", example().rstrip(), "```"])


def _commands(language: Language) -> str:
    said = _of(
        language,
        "命令供管理员使用；操作员不需要任何命令。每条命令的说明与 `--help` 相同。",
        "Commands are for administrators: an operator needs none. The text of each is that of its `--help`.",
    )
    root = typer.main.get_command(app)
    return _page(_of(language, "命令", "Commands"), said, _of_command(root, "cebd", language))


def _of_command(
    command: typer.core.TyperCommand | typer.core.TyperGroup, name: str, language: Language
) -> Iterator[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    if isinstance(command, typer.core.TyperGroup):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            if below is not None and not below.hidden:
                yield from _of_command(below, f"{name} {word}", language)
        return
    yield from (f"## {name}", "", _plain(command.help or ""), "")
    rows = [row for parameter in command.get_params(context) if (row := parameter.get_help_record(context))]
    yield from _table(
        (_of(language, "选项", "option"), _of(language, "含义", "meaning")), ((f"`{one}`", text) for one, text in rows)
    )


def _messages(language: Language) -> str:
    said = _of(
        language,
        "每种单证的字段：元素名、名称、是否必填、长度、说明。模板工作簿（`cebd template`）的列与此相同。",
        "The fields of each declaration. The template workbooks (`cebd template`) have the same columns.",
    )
    return _page(
        _of(language, "单证与字段", "Declarations and fields"),
        said,
        [line for message in declarations() for line in _of_message(message, language)],
    )


def _of_message(message: MessageType, language: Language) -> Iterator[str]:
    yield from (f"## {message.code} {_of(language, message.zh, message.en)}", "")
    if message.name:
        yield from (_of(language, f"名称：`{message.name}`", f"Name: `{message.name}`"), "")
    words = ("元素 element", "名称 label", "必填 needed", "长度 length", "说明 hint")
    headings = tuple(word.split(" ")[0 if language == "zh" else 1] for word in words)
    for part, fields in ((message.head or message.record, message.head_fields), (message.line, message.line_fields)):
        if fields:
            yield from (f"### {message.code} {part}", "")
            yield from _table(headings, (_field(field, language) for field in fields))


def _field(field: Field, language: Language) -> tuple[str, ...]:
    lengths = (field.min_length, field.max_length)
    length = (
        "" if lengths[1] is None else str(lengths[1]) if lengths[0] == lengths[1] else f"{lengths[0] or 0}–{lengths[1]}"
    )
    if field.total_digits is not None:
        length = f"{field.total_digits},{field.fraction_digits or 0}"
    return (
        f"`{field.name}`",
        _of(language, field.zh, field.en),
        "✓" if field.required else "",
        length,
        _of(language, field.hint_zh, field.hint_en),
    )


def _problems(language: Language) -> str:
    said = _of(
        language,
        "每个问题编号长期不变。花括号处是当时的值。",
        "The id of a problem never changes. In braces stands what it is at the time.",
    )
    families: dict[str, list[str]] = {}
    for id_ in sorted(catalogue()):
        families.setdefault(id_.removeprefix("CEBD-")[:2], []).append(id_)
    parts = []
    for family, ids in families.items():
        parts += [f"## {_of(language, *_FAMILIES.get(family, _OTHERS))} CEBD-{family}", ""]
        for id_ in ids:
            entry = catalogue()[id_]
            severity = _of(language, *_SEVERITIES[entry.get("severity", "error")])
            parts += [
                f"### {id_}",
                "",
                f"*{severity}* · {_plain(entry[language])}",
                "",
                _plain(entry[f"fix_{language}"]),
                "",
            ]
            if entry.get(f"admin_{language}"):
                who = _of(language, "管理员：", "Administrator: ")
                parts += [who + _plain(entry[f"admin_{language}"]), ""]
    return _page(_of(language, "问题编号", "Problems"), said, parts)


def _codes(language: Language) -> str:
    said = _of(
        language,
        "海关、电子口岸与交换平台的回执代码。`cebd explain 代码` 给出同样的说明。",
        "The answers of customs, the e-port and the exchange platform. `cebd explain CODE` says the same.",
    )
    parts = [line for entry in all_entries() for line in _of_entry(entry, language)]
    return _page(_of(language, "回执代码", "Customs' answers"), said, parts)


def _of_entry(entry: Entry, language: Language) -> Iterator[str]:
    types = f" ({', '.join(entry.types)})" if entry.types else ""
    yield from (f"## {entry.code} {_plain(_of(language, entry.zh, entry.en))}{types}", "")
    for zh, en, text in (
        ("原因", "Cause", _of(language, entry.cause_zh, entry.cause_en)),
        ("含义", "Meaning", _of(language, entry.meaning_zh, entry.meaning_en)),
        ("下一步", "Next", _of(language, entry.next_zh, entry.next_en)),
    ):
        if text:
            yield from (f"**{_of(language, zh, en)}** {_plain(text)}", "")


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    made = [tuple(_cell(cell) for cell in row) for row in rows]
    if made:
        yield f"| {' | '.join(headings)} |"
        yield f"| {' | '.join('---' for _ in headings)} |"
        yield from (f"| {' | '.join(row)} |" for row in made)
        yield ""


def _cell(text: str) -> str:
    code = text.startswith("`") and text.endswith("`")
    return " ".join((text if code else _plain(text)).split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """The text without meaning anything to Markdown."""
    for sign in ("\\", "*", "_", "<", ">", "[", "]", "`", "#", "$"):
        text = text.replace(sign, f"\\{sign}")
    return text
