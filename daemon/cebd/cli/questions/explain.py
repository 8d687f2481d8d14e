"""`explain`: the meaning of a code and what to do next, for codes of customs, of the exchange platform and of cebd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import AsJson
from cebd.operations.text import Text
from cebd.plain import columns_of

if TYPE_CHECKING:
    from cebd.customs.book_files import Entry
    from cebd.operations.inquiries.explain import Book, CodeMeaning, ProblemMeaning

_COLUMNS = (("代码 Code", 13), ("单证 Type", 7), ("含义与处理", 68), ("Meaning and what to do", 68))


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
        str, typer.Option("--text", help="The text beside the code: it decides among several meanings.")
    ] = "",
    whole: Annotated[bool, typer.Option("--all", help="The whole book as a table.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a code means for the declaration and what to do next, Chinese first. Exit 2 for a code that the book does not have.

    Example: cebd explain -621004
    """
    from cebd.operations.inquiries import explain

    if (code is None) is not whole:
        stop(
            Exit.SETTINGS,
            "请指明一个代码（cebd explain -621004），或全部（cebd explain --all）。",
            "Name one code (cebd explain -621004), or all of them: cebd explain --all",
        )
    if code is None:
        with refusal_ends(Exit.SETTINGS):
            book = explain.whole_book(type_)
        if as_json:
            print_json(book.as_json())
        else:
            _print_book(book)
        return
    with refusal_ends(Exit.SETTINGS):
        meaning = explain.explain(code, type_, text)
    is_known = isinstance(meaning, explain.ProblemMeaning)
    if isinstance(meaning, explain.CodeMeaning):
        is_known = meaning.is_known
    if as_json:
        print_json(meaning.as_json())
    elif isinstance(meaning, explain.CodeMeaning):
        _print_code(meaning)
    elif isinstance(meaning, explain.ProblemMeaning):
        _print_problem(meaning)
    else:
        say(*meaning.note)
    if not is_known:
        raise SystemExit(int(Exit.SETTINGS))


def _print_code(meaning: CodeMeaning) -> None:
    if meaning.note is not None:
        say(*meaning.note)
        print()
    print("\n\n".join(map(_lines_of, meaning.entries)))


def _lines_of(entry: Entry) -> str:
    from cebd.customs.code_book import noun

    zh, en = ([noun(type_)[language] for type_ in entry.types] for language in (0, 1))
    of_zh = f"（{'、'.join(zh)}）" if zh else ""
    of_en = f" ({', '.join(en)})" if en else ""
    in_chinese = (
        f"{entry.code}  {entry.zh}{of_zh}",
        f"  原因：{entry.cause_zh}",
        f"  含义：{entry.meaning_zh}",
        f"  处理：{entry.next_zh}",
    )
    in_english = (
        f"{entry.code}  {entry.en}{of_en}",
        f"  Cause:   {entry.cause_en}",
        f"  Meaning: {entry.meaning_en}",
        f"  Next:    {entry.next_en}",
    )
    return "\n".join(spoken().lines(Text("\n".join(in_chinese), "\n".join(in_english))))


def _print_problem(meaning: ProblemMeaning) -> None:
    severity, administrator = meaning.severity_text, meaning.administrator
    zh = f"{meaning.id}  {meaning.title.zh}（{severity.zh}）\n  处理：{meaning.fix.zh}"
    en = f"{meaning.id}  {meaning.title.en} ({severity.en})\n  Next:    {meaning.fix.en}"
    if administrator is not None:
        zh, en = f"{zh}\n  管理员：{administrator.zh}", f"{en}\n  The administrator: {administrator.en}"
    say(zh, en)


# The whole book


def _print_book(book: Book) -> None:
    rule = "-+-".join("-" * width for _, width in _COLUMNS)
    rows = [tuple(title for title, _ in _COLUMNS)]
    rows += [
        (
            entry.code,
            "\n".join(entry.types) or "-",
            f"{entry.zh}\n{entry.cause_zh}\n{entry.meaning_zh}\n→ {entry.next_zh}",
            f"{entry.en}\n{entry.cause_en}\n{entry.meaning_en}\n→ {entry.next_en}",
        )
        for entry in book.entries
    ]
    rows += [
        (
            problem.id,
            "-",
            f"{problem.title.zh}\n→ {problem.fix.zh}",
            f"{problem.title.en}\n→ {problem.fix.en}",
        )
        for problem in book.problems
    ]
    for row in rows:
        print("\n".join(_table_row(row)))
        print(rule)


def _table_row(cells: Sequence[str]) -> Iterator[str]:
    columns = [list(_wrapped(cell, width)) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part + " " * (width - columns_of(part)) for part, (_, width) in zip(parts, _COLUMNS, strict=True))
        yield " | ".join(padded).rstrip()


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of that width: broken at blanks, and between Chinese characters."""
    for paragraph in text.split("\n"):
        line = ""
        for piece in re.findall(
            r"[\u2e80-\uffef][，。；：、）”]*|[^\u2e80-\uffef\s]+[，。；：、）”]*\s?|\s", paragraph
        ):
            if line and columns_of(line) + columns_of(piece.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
        yield line.rstrip()
