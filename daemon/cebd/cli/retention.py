"""`retention`: what would be removed after three years, and removing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends
from cebd.cli.frame.language import Language, spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from

if TYPE_CHECKING:
    from cebd.operations.retention.plan import Plan
    from cebd.operations.retention.remove import Removed
    from cebd.operations.text import Text


def retention(
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it. Without this, only what would be removed is said.")
    ] = False,
    years: Annotated[int, typer.Option("--years", min=3, help="Keep so many years, three at least.")] = 3,
    without_backup: Annotated[
        str | None,
        typer.Option("--without-backup", metavar="REASON", help="Remove it although there is no backup of today."),
    ] = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Remove files, messages and receipts of which all has been final for three years. What keeps a number from being declared twice stays.

    The station must be stopped for `--yes`, and the store backed up today (cebd backup).

    Example: cebd retention
    """
    from contextlib import closing

    from cebd.clock import SystemClock
    from cebd.operations.retention.plan import plan_retention
    from cebd.operations.retention.remove import require_backup, retain
    from cebd.store.store import Store, database_at

    settings = settings_from(config)
    words, now = spoken(), SystemClock().now()
    if not yes:
        with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as transaction:
            plan = plan_retention(transaction, settings, now, years)
        if as_json:
            print_json({**plan.as_json(), "removed": False})
            return
        _print_plan(plan, words)
        words.say(
            _text(
                "以上只是试算；要删除请停止站点并加 --yes。",
                "Nothing was removed. To remove it, stop the station and add --yes.",
            )
        )
        return
    lock = database_at(settings.store_dir).take_station(settings.station.name)
    try:
        with refusal_ends(Exit.SETTINGS):
            why = require_backup(settings, now, without_backup)
        with closing(Store.open(settings.store_dir, create=False, change=True)) as store:
            removed = retain(settings, store, now, why, years)
    finally:
        lock.release()
    if as_json:
        print_json({**removed.as_json(), "removed": True})
    else:
        _print_removed(removed, words)


def _print_plan(plan: Plan, words: Language) -> None:
    from cebd.operations.retention.plan import KINDS

    before = plan.before[:10]
    words.say(
        _text(
            f"{before} 之前收到、且此前均已终结的：",
            f"Received before {before}, and all of it final since before then:",
        )
    )
    for month, kinds in sorted(plan.sums.items()):
        for kind, found in sorted(kinds.items()):
            size = f"  {found.size:>15,} {words.word('字节', 'bytes')}" if found.size else ""
            print(f"  {month}  {found.number:>9,}  {words.word(*KINDS[kind])}{size}")
    if not plan.sums:
        words.say(_text("没有。", "Nothing."), "  ")
    for name in plan.closed:
        words.say(
            _text(
                f"企业 {name} 的文件夹现在打不开：它的都不动。",
                f"The folder of {name} cannot be opened now: nothing of it is touched.",
            )
        )
    if plan.pending:
        number = len(plan.pending)
        words.say(
            _text(
                f"上次中断后还要删除的文件：{number}",
                f"Files left to be removed by an earlier run that was stopped: {number}",
            )
        )


def _print_removed(removed: Removed, words: Language) -> None:
    _print_plan(removed.plan, words)
    words.say(_text("已删除，并记入数据库的日志。", "It was removed, and the store's journal says so."))
    for path in removed.kept:
        words.say(_text(f"被人改过，留着：{path}", f"was changed by a person and stays: {path}"), "  ")
    for path in removed.stuck:
        words.say(
            _text(f"现在删不掉，下次再删：{path}", f"could not be removed now, and will be next time: {path}"), "  "
        )
    if removed.shrunk is None:
        words.say(
            _text(
                "磁盘空间不够，数据库文件没有缩小；空出的部分以后会再用。",
                "The disk lacks the room to make the store's file smaller; what is free in it is used again.",
            )
        )
    elif removed.shrunk:
        words.say(
            _text(
                f"数据库文件缩小了 {removed.shrunk:,} 字节。", f"The store's file is {removed.shrunk:,} bytes smaller."
            )
        )
    words.say(
        _text(
            "以前的备份里还有这些内容：不再需要的备份请另行删除。",
            "Earlier backups still have all of it: delete those that are no longer needed.",
        )
    )


def _text(zh: str, en: str) -> Text:
    from cebd.operations.text import Text

    return Text(zh, en)
