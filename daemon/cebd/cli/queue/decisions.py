"""`queue release`, `queue drop`: a person's decision about rows that may have been declared before a store was restored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, say, stop
from cebd.cli.frame.options import SettingsFile, confirm, settings_from

Ref = Annotated[str, typer.Argument(help="A file (its number or name), an order number, copNo or guid.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Why = Annotated[str, typer.Option("--reason", help="Kept in the store's journal.")]


def release(ref: Ref, config: SettingsFile = None, yes: Yes = False, reason: Why = "-") -> None:
    """Declare rows in doubt after a restore: they were not declared before. All rows of a message are declared together."""
    _decide(ref, config, yes, reason, declare=True)


def drop(ref: Ref, config: SettingsFile = None, yes: Yes = False, reason: Why = "-") -> None:
    """Give up rows in doubt after a restore: they are not declared, and may be dropped again in another file."""
    _decide(ref, config, yes, reason, declare=False)


def _decide(ref: str, config: Path | None, yes: bool, reason: str, *, declare: bool) -> None:
    from cebd.operations import queue

    store_dir = settings_from(config).store_dir
    rows = queue.rows_to_decide(store_dir, ref)
    if not rows:
        stop(
            Exit.REJECTED,
            f"{ref}：没有该文件、编号或 guid 的行在等待决定。",
            f"{ref}: no row of that file, number or guid waits for a decision",
        )
    for row in rows:
        print(f"  {row.file}  {row.sheet or ''} {row.row or ''}  {row.type}  {' '.join(row.key)}")
    confirm("现在申报这些行？ Declare these rows now?" if declare else "作废这些行？ Give these rows up?", yes=yes)
    with refusal_ends(Exit.REJECTED):
        decided = queue.decide(store_dir, ref, reason, declare=declare)
    zh, en = ("将予申报", "they are declared") if declare else ("已作废", "they are given up")
    say(
        f"{decided.messages} 份报文中的 {decided.rows} 行：{zh}。",
        f"{decided.rows} rows in {decided.messages} messages: {en}.",
    )
