"""`layouts`: what people have said of headings. It only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import print_json
from cebd.cli.frame.language import Language, spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.operations.inquiries.layouts import ToldLayout

_UNUSED = "-"


def layouts(
    enterprise: Annotated[str | None, typer.Option("--enterprise", help="Of this enterprise alone.")] = None,
    ended: Annotated[bool, typer.Option("--all", help="Those too that do not count any more.")] = False,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """What people have said of headings that were unknown: of which file, who, when, and which column is which field.

    Example: cebd layouts
    """
    from cebd.operations.inquiries.layouts import HOW_TO_TAKE_BACK, told_layouts
    from cebd.operations.text import Text

    found = told_layouts(settings_from(config).store_dir, enterprise, ended=ended)
    if as_json:
        print_json({"layouts": [one.as_json() for one in found]})
        return
    words = spoken()
    if not found:
        words.say(Text("没有人对应过表头。", "Nobody has said anything of headings."))
        return
    for one in found:
        _print(one, words)
    words.say(HOW_TO_TAKE_BACK)


def _print(one: ToldLayout, words: Language) -> None:
    taken_back = words.word("撤回", "taken back")
    document = taken_back if one.document is None else words.word(*one.document)
    since = (
        ""
        if one.ended is None
        else f"  {words.word('不再有效', 'no longer counts')} {one.ended[:16].replace('T', ' ')}"
    )
    print(one_line(f"{one.enterprise}  {one.name}  {document}  {one.who} {one.at[:16].replace('T', ' ')}{since}"))
    for heading, field in one.fields.items():
        if field != _UNUSED:
            print(one_line(f"    {heading} = {field}"))
    unused = [heading for heading, field in one.fields.items() if field == _UNUSED]
    if unused and one.document is not None:
        print(one_line(f"    {words.word('不申报', 'not declared')}: {', '.join(unused)}"))
