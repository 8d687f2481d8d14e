"""`queue release`, `queue drop`: what a person decides about rows that may have been declared before a store was restored."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, stop
from cebd.cli.frame.options import SettingsFile, confirm, settings_from

Ref = Annotated[str, typer.Argument(help="A file (its number or name), an order number, copNo or guid.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Why = Annotated[str, typer.Option("--reason", help="Kept in the store's journal.")]


def release(ref: Ref, config: SettingsFile = None, yes: Yes = False, reason: Why = "-") -> None:
    """Declare rows in doubt after a restore: they were not declared before. The whole message of a row goes."""
    _decide(ref, config, yes, reason, declared=True)


def drop(ref: Ref, config: SettingsFile = None, yes: Yes = False, reason: Why = "-") -> None:
    """Give up rows in doubt after a restore: they are not declared, and may be dropped again in another file."""
    _decide(ref, config, yes, reason, declared=False)


def _decide(ref: str, config: Path | None, yes: bool, reason: str, *, declared: bool) -> None:
    from cebd.store import undecided as decisions
    from cebd.store.store import Store

    settings = settings_from(config)
    with closing(Store.open(settings.store_dir, create=False, change=True)) as store:
        with store.read() as connection:
            found = decisions.asked_about(connection, ref)
        if not found:
            stop(Exit.REJECTED, f"{ref}: no row of that file, number or guid waits for a decision")
        for one in found:
            print(f"  {one.file}  {one.sheet or ''} {one.row or ''}  {one.type}  {' '.join(one.key)}")
        question = "Declare these now?" if declared else "Give these up?"
        confirm(question, yes=yes)
        with store.write() as connection:
            still = decisions.asked_about(connection, ref)  # receipts may have come meanwhile
            decide = decisions.release if declared else decisions.drop
            try:
                count = decide(connection, still, reason)
            except decisions.CannotRelease as error:
                stop(Exit.REJECTED, str(error))
    print(f"{len(still)} rows in {count} messages: {'they are declared' if declared else 'given up'}.")
