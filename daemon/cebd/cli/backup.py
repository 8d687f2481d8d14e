"""`backup`, `restore`: a copy of the store made while the station runs, and the way back from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, stop
from cebd.cli.frame.options import SettingsFile, confirm, settings_from

if TYPE_CHECKING:
    from cebd.restoring.restore import Plan


def backup(
    to: Annotated[Path, typer.Argument(help="A new file, or a folder that the backup gets a file of its own in.")],
    config: SettingsFile = None,
) -> None:
    """Copy the store, also while the station runs. The copy is verified before it gets its name; settings and keys are not in it."""
    from cebd.operations.backup import back_up

    with refusal_ends(Exit.SETTINGS):
        copy = back_up(settings_from(config), to)
    print(f"Backup:  {copy.path}  ({copy.size:,} bytes, every page read and sound)")
    print(f"SHA-256: {copy.sha256}")
    print(
        "Identity numbers are in it: keep it where only you can read it. Settings and keys are not: keep them as well."
    )


def restore(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[FROM]", help="The backup. Without one, the present store is kept and completed."),
    ] = None,
    config: SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace the store by a backup. What was declared since stays in doubt until receipts decide; nothing is declared twice."""
    from cebd.cli.frame.logs import set_up_logs
    from cebd.clock import SystemClock
    from cebd.restoring import restore as restoring
    from cebd.store.store import database_at

    settings = settings_from(config)
    if source is not None and not source.is_file():
        stop(Exit.SETTINGS, f"没有文件 {source}。", f"There is no file {source}")
    lock = database_at(settings.store_dir).take_station(settings.station.name)
    try:
        plan = restoring.plan_restore(settings.folders, source)
        _print(plan)
        confirm("Go on?", yes=yes)
        set_up_logs()
        done = restoring.restore(settings.folders, settings.enterprise, settings.reading_options, plan, SystemClock())
    finally:
        lock.release()
    print(f"The store is restored. The earlier store: {done.aside}")
    if plan.is_finished:
        print("Start the station again: cebd run")
        return
    print(
        f"  messages that may have been sent since: {done.doubted} (the other side is asked before they are sent again)"
    )
    print(f"  records whose state the outboxes show:  {done.heard}; raw receipts read again: {done.receipts}")
    print(f"  files in done/ that were unknown to it: {done.files}")
    if done.asked:
        print(f"  rows that wait for your decision:       {done.asked}, listed in {', '.join(map(str, done.lists))}")
        print(
            "    cebd queue release REF   declares them, cebd queue drop REF gives them up (REF: file, order number or guid)"
        )
    print("Start the station again: cebd run")


def _print(plan: Plan) -> None:
    if plan.is_finished:
        print(f"An interrupted restore had finished this store and is completed now: {plan.source}")
        print("The store that it replaces is in set-aside/. Another backup can be restored afterwards.")
        return
    since = plan.copied.time if plan.copied.time != "-" else "an earlier version's store"
    print(f"Backup:        {plan.source or 'the present store'}, step {plan.copied.step}, {since}")
    print(
        f"Present store: {f'step {plan.present.step}, {plan.present.time}' if plan.present else 'none that can be read'}"
    )
    print(f"Evidence:      {f'step {plan.outside.step}, {plan.outside.time}' if plan.outside else 'none'}")
    lost = plan.furthest.drops - plan.copied.drops
    print(
        f"Files taken in since the backup: {max(0, lost)}. The present store is moved to set-aside/; nothing is deleted."
    )
