"""`check` and `convert`: the problems and the messages of a file, without declaring anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, usable
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import AsJson, OfEnterprise, SettingsFile, enterprise_of, settings_from, settings_or_none
from cebd.operations.text import Text
from cebd.plain import one_line
from cebd.problems.problem import Problem, shorten

if TYPE_CHECKING:
    from cebd.operations.check import CheckedRow, Verdict

_ROWS_NAMED = 50  # whose consequence is another than that they are declared as new

TheFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A workbook, CSV or XML file.")]
Hint = Annotated[
    str | None, typer.Option("--as", help="What the file is: a message (order, CEB621) or a mapping of the settings.")
]


def check(
    file: TheFile,
    config: SettingsFile = None,
    enterprise: OfEnterprise = None,
    hint: Hint = None,
    as_json: AsJson = False,
) -> None:
    """Check a file: name every problem on its cell, and what would become of each row. With a station's settings, earlier declarations
    count too. Nothing is declared.

    Example: cebd check orders.xlsx
    """
    from cebd.operations import check

    settings = settings_or_none(config, in_full=True)
    of = enterprise_of(settings or check.settings_of_nobody(), enterprise)
    with refusal_ends(Exit.SETTINGS):
        verdict = check.check(file, settings, of, hint)
    if as_json:
        print_json(verdict.as_json())
    else:
        _print(verdict)
    _end(verdict)


def convert(
    file: TheFile,
    out: Annotated[Path, typer.Option("-o", "--output", help="The folder for the messages.")],
    config: SettingsFile = None,
    enterprise: OfEnterprise = None,
    hint: Hint = None,
    as_json: AsJson = False,
) -> None:
    """Turn a file into messages, unsigned, one file for each. Nothing is declared.

    Example: cebd convert orders.xlsx -o messages
    """
    from cebd.operations.convert import convert

    settings = settings_from(config, in_full=True)
    with refusal_ends(Exit.SETTINGS), usable(out):
        made = convert(file, settings, enterprise_of(settings, enterprise), hint, out)
    if as_json:
        print_json(made.as_json())
    else:
        _print(made.verdict, made.messages)
    _end(made.verdict)


def _print(verdict: Verdict, messages: Sequence[Path] = ()) -> None:
    repeats = ("", "")
    if verdict.repeats:
        repeats = f"，{verdict.repeats} 条此前已申报", f", {verdict.repeats} declared before"
    zh = f"{verdict.records} 条记录，{verdict.ready} 条可申报，{verdict.rejected} 条退回"
    en = f"{verdict.records} records, {verdict.ready} ready, {verdict.rejected} rejected"
    name = one_line(verdict.file.name)
    say(
        f"{name}：{verdict.type or '未能识别'}，{zh}{repeats[0]}",
        f"{name}: {verdict.type or 'not recognised'}, {en}{repeats[1]}",
    )
    print(f"  {spoken().word(*verdict.comparison)}")
    if verdict.compared:  # else nobody knows what is new
        _print_rows(verdict.rows)
    for lines in dict.fromkeys(_lines_of(problem) for problem in verdict.problems):
        print(lines)
    for path in messages:
        print(f"  -> {path}")


def _print_rows(rows: Sequence[CheckedRow]) -> None:
    """How many rows there are of each consequence; and of rows that are not just new, what it is."""
    from cebd.declared.consequences import CONSEQUENCE_TEXTS, ConsequenceKind

    counted = {kind: sum(row.consequence.kind is kind for row in rows) for kind in ConsequenceKind}
    if rows:
        words = {kind: spoken().word(*CONSEQUENCE_TEXTS[kind]) for kind in counted}
        print("  " + ", ".join(f"{words[kind]}: {count}" for kind, count in counted.items() if count))
    told = [row for row in rows if row.consequence.kind not in (ConsequenceKind.NEW, ConsequenceKind.UNCHANGED)]
    for row in told[:_ROWS_NAMED]:
        consequence = row.consequence
        where = f"{row.sheet}!{row.row}" if row.sheet else f"{row.row}"
        first, *rest = spoken().lines(Text(consequence.zh, consequence.en))
        print(one_line(f"  {where} {spoken().word(*CONSEQUENCE_TEXTS[consequence.kind])}: {first}"))
        for line in rest:
            print(one_line(f"          {line}"))
    if len(told) > _ROWS_NAMED:
        say(f"  …另有 {len(told) - _ROWS_NAMED} 行", f"  … and {len(told) - _ROWS_NAMED} more rows")


def _lines_of(problem: Problem) -> str:
    """A problem for a terminal: where, what, what to do."""
    place = problem.place
    row = spoken().word(f"第 {place.row} 行", f"row {place.row}") if place.row else None
    where = "!".join(part for part in (place.sheet, place.cell or row) if part)
    lines = [
        f"  {problem.severity:<7} {problem.id} {where}",
        *spoken().lines(
            Text(f"{problem.zh}。{problem.fix_zh}", f"{problem.en}. {problem.fix_en}"), indent="          "
        ),
    ]
    if problem.suggestion is not None:
        lines.append(f"          {spoken().word('建议', 'suggestion')}: {shorten(problem.field, problem.suggestion)}")
    return "\n".join(map(one_line, lines))


def _end(verdict: Verdict) -> None:
    raise SystemExit(int(Exit.DONE if verdict.is_clean else Exit.REJECTED))
