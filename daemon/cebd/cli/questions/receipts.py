"""`receipts export`, `receipts reconcile`: what came in a period, as a file; the reconciliation of a day, at once."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop
from cebd.cli.frame.language import Commands
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from

if TYPE_CHECKING:
    from cebd.settings import Settings

app = Commands(help="Receipts of a period, and the reconciliation of a day.", no_args_is_help=True)

Whose = Annotated[str | None, typer.Option("--enterprise", help="Of this enterprise alone.")]


@app.command("export")
def export(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, as 2026-11-01.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, which counts whole.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file: .xlsx, or .csv for a file of each table.")
    ] = None,
    enterprise: Whose = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Every receipt that came in a period, every declaration that was answered, every tax bill.

    Example: cebd receipts export --from 2026-11-01 --to 2026-11-30
    """
    from cebd.operations import statements
    from cebd.receipts.statements.period_tables import Period

    settings = settings_from(config)
    if last < first:
        stop(Exit.SETTINGS, f"{last:%Y-%m-%d} 早于 {first:%Y-%m-%d}。", f"{last:%Y-%m-%d} is before {first:%Y-%m-%d}")
    period = Period(first.date(), last.date(), _known(settings, enterprise))
    if as_json:
        print_json(statements.export_as_json(settings.store_dir, period))
        return
    to = output or Path(f"receipts-{period.first}-{period.last}.xlsx")
    with refusal_ends(Exit.SETTINGS):
        try:
            written = statements.export(settings.store_dir, period, to)
        except OSError as error:
            stop(Exit.SETTINGS, f"{to} 写不进去：{error.strerror}。", f"{to} cannot be written: {error.strerror}")
    for path in written:
        say(f"已写出 {path}。", f"Wrote {path}")


@app.command("reconcile")
def reconcile(
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="The day; today if nothing is said.")
    ] = None,
    enterprise: Whose = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the reconciliation of a day as it stands now: orders = payments = waybills = lists = receipts, and what does not agree.

    Example: cebd receipts reconcile --day 2026-11-26
    """
    from cebd.clock import CST
    from cebd.operations import statements

    settings = settings_from(config)
    only = _known(settings, enterprise)
    folders = {name: folder for name, folder in settings.folders.enterprises.items() if only in (None, name)}
    wanted: date = day.date() if day is not None else datetime.now(CST).date()
    with refusal_ends(Exit.SETTINGS):
        try:
            written = statements.reconcile_days(settings.store_dir, folders, wanted)
        except OSError as error:
            stop(
                Exit.SETTINGS,
                f"{error.filename} 写不进去：{error.strerror}。",
                f"{error.filename} cannot be written: {error.strerror}",
            )
    if as_json:
        print_json({"days": [one.as_json() for one in written]})
    for one in written if not as_json else ():
        wrong = len(one.day.findings)
        say(
            f"{one.path}：{'对账一致' if not wrong else f'差异 {wrong} 处'}。",
            f"{one.path}: {'all agrees' if not wrong else f'{wrong} exceptions'}",
        )
    if any(one.day.findings for one in written):
        raise SystemExit(int(Exit.REJECTED))


def _known(settings: Settings, enterprise: str | None) -> str | None:
    if enterprise is not None and enterprise not in settings.folders.enterprises:
        names = ", ".join(settings.folders.enterprises)
        stop(
            Exit.SETTINGS,
            f"设置中没有企业 {enterprise}；有：{names}。",
            f"The settings have no enterprise {enterprise}; there are: {names}",
        )
    return enterprise
