"""`explain`: what a code means and what to do next: customs' codes and statuses, the exchange platform's, and cebd's own problems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.options import AsJson

if TYPE_CHECKING:
    from cebd.customs.book_files import Entry

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_COLUMNS = (("代码 Code", 11), ("单证 Type", 7), ("含义与处理", 68), ("Meaning and what to do", 68))


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A returnStatus (800), a processing error (-621004), a platform code (0002, dxp:1001) or CEBD-1203."
        ),
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", help="What was declared: a message (CEB621, CEB622) or its name (inventory)."),
    ] = None,
    text: Annotated[
        str, typer.Option("--text", help="The text that came with the code: it decides among several meanings.")
    ] = "",
    whole: Annotated[bool, typer.Option("--all", help="The whole book as a table.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a code means for the declaration and what to do next, Chinese first. Exit 2 when the book does not have it."""
    if (code is None) is not whole:
        stop(Exit.SETTINGS, "Name one code (cebd explain -621004), or all of them: cebd explain --all")
    record_type = _record_type(type_) if type_ else None
    bill = type_ is not None and any(number in type_ for number in ("816", "818"))
    if code is None:
        _whole_book(record_type, as_json)
    elif code.upper().startswith("CEBD"):
        _problem(code.upper(), as_json)
    else:
        _code(f"tax:{code}" if bill and code.isdecimal() else code, record_type, text, as_json)


def _record_type(wanted: str) -> str | None:
    """The declaration meant; a receipt stands for what it answers, CEB900 and DxpRep for any. Ends the command for anything else."""
    from cebd.messages.description import message_type, message_types

    if wanted.upper().removesuffix("MESSAGE") in ("CEB900", "DXPREP"):
        return None
    for spelt in (wanted, wanted.upper(), f"CEB{wanted}"):
        with suppress(KeyError):
            message = message_type(spelt)
            return message.answers or message.code
    names = ", ".join(f"{one.code} {one.name}" for one in message_types().values() if one.name)
    return stop(Exit.SETTINGS, f"There is no message {wanted}; there are: {names}")


def _as_booked(code: str) -> str | None:
    """How the book spells a code as people type it; None for what cannot be one."""
    if re.fullmatch(r"(dxp|tax):\w+", code.lower()):
        return code.lower()
    if not re.fullmatch(r"-?[0-9]+", code):
        return None
    if code.startswith("-"):
        return code
    return code if len(code) < 4 else f"dxp:{code}" if len(code) == 4 else f"-{code}"


# Codes of customs and platform


def _code(code: str, record_type: str | None, text: str, as_json: bool) -> None:
    from cebd.customs.code_book import meanings, unknown

    booked = _as_booked(code)
    if booked is None:
        stop(Exit.SETTINGS, f"{code} 不是状态、错误代码或问题编号。{code} is no status, error code or problem id.")
    found = meanings(booked, record_type, text)
    elsewhere = () if found else meanings(booked, None, text)
    shown = found or elsewhere or (unknown(booked, record_type or ""),)
    if as_json:
        print_json({"code": booked, "known": bool(found), "meanings": [one.as_json() for one in shown]})
    else:
        if elsewhere:
            print(f"{record_type} 的回执没有 {booked}，以下是它在其他单证中的含义。")
            print(f"The book has no {booked} for {record_type}; this is what it means elsewhere.\n")
        elif not found:
            print(f"代码书中没有 {booked}，以下只是按其类别可知的。")
            print(f"The book does not have {booked}; this is what its family tells.\n")
        elif len(found) > 1:
            print(f"{booked} 有 {len(found)} 种含义，以单证类型和回执文字为准。")
            print(f"{booked} has {len(found)} meanings: type and text of the receipt decide.\n")
        print("\n\n".join(_shown(one) for one in shown))
    if not found:
        raise SystemExit(int(Exit.SETTINGS))


def _shown(entry: Entry) -> str:
    from cebd.customs.code_book import noun

    zh, en = ([noun(type_)[language] for type_ in entry.types] for language in (0, 1))
    of_zh = f"（{'、'.join(zh)}）" if zh else ""
    of_en = f" ({', '.join(en)})" if en else ""
    lines = (
        f"{entry.code}  {entry.zh}{of_zh}",
        f"  原因：{entry.cause_zh}",
        f"  含义：{entry.meaning_zh}",
        f"  处理：{entry.next_zh}",
        f"{entry.code}  {entry.en}{of_en}",
        f"  Cause:   {entry.cause_en}",
        f"  Meaning: {entry.meaning_en}",
        f"  Next:    {entry.next_en}",
    )
    return "\n".join(lines)


# Problems of cebd's own


def _problem(problem_id: str, as_json: bool) -> None:
    from cebd.problems.problem import catalogue

    digits = problem_id.removeprefix("CEBD").removeprefix("-")
    problem_id = f"CEBD-{digits}"
    entry = catalogue().get(problem_id)
    if entry is None:
        family = [known for known in catalogue() if known.startswith(problem_id[:7])] if len(digits) == 4 else []
        if as_json:
            print_json({"code": problem_id, "known": False, "family": family})
        else:
            ids = ", ".join(family)
            print(f"目录中没有 {problem_id}。" + (f"同一类的有：{ids}" if ids else "也没有这一类。"))
            print(f"There is no problem {problem_id}. " + (f"Of its family: {ids}" if ids else "Nor such a family."))
        raise SystemExit(int(Exit.SETTINGS))
    texts = _problem_texts(entry)
    severity = entry.get("severity", "error")
    if as_json:
        print_json({"code": problem_id, "known": True, "problem": {"id": problem_id, "severity": severity, **texts}})
        return
    weight = {
        "error": ("错误", "error"),
        "warning": ("警告", "warning"),
        "notice": ("提示", "notice"),
    }[severity]
    print(f"{problem_id}  {texts['zh']}（{weight[0]}）\n  处理：{texts['fix_zh']}")
    if "admin_zh" in texts:
        print(f"  管理员：{texts['admin_zh']}")
    print(f"{problem_id}  {texts['en']} ({weight[1]})\n  Next:    {texts['fix_en']}")
    if "admin_en" in texts:
        print(f"  The administrator: {texts['admin_en']}")


def _problem_texts(entry: dict[str, str]) -> dict[str, str]:
    """The texts with what is filled in each time shown as such."""
    names = {"zh": "字段", "en": "field"}
    shown: dict[str, str] = {}
    for name in ("zh", "en", "fix_zh", "fix_en", "admin_zh", "admin_en"):
        if name not in entry:
            continue
        value = "值" if name.endswith("zh") else "value"
        words = names | {"value": value}
        shown[name] = _PLACEHOLDER.sub(lambda found, words=words: f"‹{words.get(found[1], found[1])}›", entry[name])  # type: ignore[misc]
    return shown


# The whole book


def _whole_book(record_type: str | None, as_json: bool) -> None:
    from cebd.customs.code_book import all_entries
    from cebd.problems.problem import catalogue

    entries = [one for one in all_entries() if record_type is None or not one.types or record_type in one.types]
    problems = {} if record_type else {id_: _problem_texts(entry) for id_, entry in catalogue().items()}
    if as_json:
        listed: list[dict[str, Any]] = [{"id": id_, **texts} for id_, texts in problems.items()]
        print_json({"entries": [one.as_json() for one in entries], "problems": listed})
        return
    rule = "-+-".join("-" * width for _, width in _COLUMNS)
    rows = [tuple(title for title, _ in _COLUMNS)]
    rows += [
        (
            one.code,
            "\n".join(one.types) or "-",
            f"{one.zh}\n{one.cause_zh}\n{one.meaning_zh}\n→ {one.next_zh}",
            f"{one.en}\n{one.cause_en}\n{one.meaning_en}\n→ {one.next_en}",
        )
        for one in entries
    ]
    rows += [
        (id_, "-", f"{texts['zh']}\n→ {texts['fix_zh']}", f"{texts['en']}\n→ {texts['fix_en']}")
        for id_, texts in problems.items()
    ]
    for row in rows:
        print("\n".join(_table_row(row)))
        print(rule)


def _table_row(cells: Sequence[str]) -> Iterator[str]:
    columns = [list(_wrapped(cell, width)) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part + " " * (width - _width(part)) for part, (_, width) in zip(parts, _COLUMNS, strict=True))
        yield " | ".join(padded).rstrip()


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of that width: broken at blanks, and between Chinese characters."""
    for paragraph in text.split("\n"):
        line = ""
        for piece in re.findall(
            r"[\u2e80-\uffef][，。；：、）”]*|[^\u2e80-\uffef\s]+[，。；：、）”]*\s?|\s", paragraph
        ):
            if line and _width(line) + _width(piece.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
        yield line.rstrip()


def _width(text: str) -> int:
    """How many columns of a terminal the text takes: a Chinese character two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
