"""`doctor`: the station looked over, a line for each thing, with the command that mends it."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from
from cebd.plain import one_line


def doctor(
    go_live: Annotated[
        bool, typer.Option("--go-live", help="And what the first real declaration needs; then what to declare first.")
    ] = False,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Look over settings, store, folders, tokens, channels, clock and tables. Exit 2 when something fails. No PIN is entered, nothing sent.

    Example: cebd doctor --lang en
    """
    from cebd.operations.doctor.examine import examine, going_live, worst
    from cebd.operations.doctor.finding import Level

    settings = settings_from(config, in_full=True, print_mistakes=False)
    say, findings = spoken(), []
    for finding in (going_live if go_live else examine)(settings):
        findings.append(finding)
        if as_json:
            continue
        first, *rest = say.lines(finding.text)
        print(one_line(f"{finding.level:<5} {finding.about:<20} {first}"))
        for line in rest:
            print(one_line(f"{'':27}{line}"))
        if finding.command is not None and finding.level is not Level.OK:
            print(one_line(f"{'':27}→ {finding.command}"))
    level = worst(findings)
    if as_json:
        print_json({"level": level, "findings": [finding.as_json() for finding in findings]})
    if level is Level.FAIL:
        raise SystemExit(int(Exit.SETTINGS))
