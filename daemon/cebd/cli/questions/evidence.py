"""`evidence`: everything that proves a declaration, in one file, with a script that verifies it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, usable
from cebd.cli.frame.options import AsJson, Ref, SettingsFile, settings_from


def evidence(
    ref: Ref,
    out: Annotated[Path, typer.Option("-o", "--out", help="A new ZIP file.")],
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Put the file, the signed message, the transport log and the receipts of a declaration into a ZIP file, with their hash chain.

    Example: cebd evidence orders.xlsx -o evidence.zip
    """
    from cebd.operations.evidence.collect import collect

    settings = settings_from(config)
    with refusal_ends(Exit.REJECTED), usable(out):
        made = collect(settings, ref, out)
    if as_json:
        print_json(made.as_json())
        return
    say(f"证据包：{made.path}（{made.entries} 个文件）", f"evidence: {made.path} ({made.entries} entries)")
    say(f"链首：{made.head}", f"head of the chain: {made.head}")
    for name in made.missing:
        say(f"  没有找到原文件：{name}", f"  not found as it was taken: {name}")
    say(
        "核对：python3 verify.py（在包内）。包内有身份证件号码，请妥善保管。",
        "To verify: python3 verify.py, inside it. It contains identity numbers: keep it where only you can read it.",
    )
