"""`template`: an empty workbook for a kind of declaration, ready to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, say, stop, usable
from cebd.cli.frame.options import SettingsFile, settings_or_none


def template(
    type_: Annotated[
        str,
        typer.Argument(
            metavar="TYPE",
            help="The kind of declaration: order, payment, waybill, waybill-status, inventory, cancel, return, delivery, "
            "or a code (CEB621). An unknown one names all, export too.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", help="The workbook to write (.xlsx).")],
    flat: Annotated[
        bool, typer.Option("--flat", help="One sheet, the head repeated on each goods line; else heads and lines.")
    ] = False,
    config: SettingsFile = None,
) -> None:
    """Write an Excel template: headings with notes, drop-down lists, an example row that is never declared.

    The drop-down lists follow the enterprise's own code tables when the settings name a folder of tables. Columns that the settings of
    the only enterprise fill in need not be filled.

    Example: cebd template order -o template.xlsx
    """
    from cebd.documents.templates.workbook import write_template
    from cebd.messages.description import declarations, message_type
    from cebd.rules.codes.tables import PUBLISHED

    try:
        message = message_type(type_)
    except KeyError:
        message = None
    if message is None or message.role != "declaration":
        listed = (*declarations(), *declarations(export=True))
        names = ", ".join(f"{declaration.name} ({declaration.code})" for declaration in listed)
        stop(
            Exit.SETTINGS,
            f"没有 {type_} 这种申报；可用的有：{names}。",
            f"There is no declaration {type_}; there are: {names}",
        )
    if out.suffix.lower() != ".xlsx":
        stop(
            Exit.SETTINGS,
            f"{out}：模板是 Excel 工作簿，文件名请以 .xlsx 结尾。",
            f"{out}: a template is an Excel workbook; name it .xlsx",
        )
    with usable(out):
        exists = out.exists()
    if exists:
        stop(
            Exit.SETTINGS,
            f"{out} 已存在，可能已填写：请另取文件名，或先删除它。",
            f"{out} exists already and may be filled in; name another file, or remove it first",
        )
    settings = settings_or_none(config)
    codes, only = PUBLISHED, None
    if settings is not None:
        codes = settings.code_tables
        only = settings.enterprise[0] if len(settings.enterprise) == 1 else None
    defaults = None if only is None else only.defaults_of(message.code, message.name)
    figures = None if settings is None else settings.figures
    with usable(out):
        write_template(out, message, flat=flat, codes=codes, defaults=defaults, figures=figures)
    say(
        f"{out}：{message.zh}（{message.code}）的模板。",
        f"{out}: template for the declaration {message.en} ({message.code})",
    )
    if message.code not in {declaration.code for declaration in declarations()}:
        say(
            f"出口单证须指明类型：填好后放入 inbox/{message.name}/，或在 [mapping] 中按文件名指明。",
            f"An export declaration has to be named: drop it into inbox/{message.name}/, or name its files in a [mapping].",
        )
