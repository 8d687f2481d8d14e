"""`backup`, `restore`: a copy of the store made while the station runs, and the way back from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import SettingsFile, Yes, confirm, settings_from

if TYPE_CHECKING:
    from cebd.restoring.restore import Plan, Restored


def backup(
    to: Annotated[Path, typer.Argument(help="A new file, or a folder in which cebd makes a new file.")],
    config: SettingsFile = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, help="In a folder: keep so many of this station's backups, the latest."),
    ] = None,
) -> None:
    """Copy the store, also while the station runs. The copy is verified before it gets its name; settings and keys are not in it.

    Example: cebd backup copy.sqlite
    """
    from cebd.operations.backup import back_up

    with refusal_ends(Exit.SETTINGS):
        copy = back_up(settings_from(config), to, keep)
    say(
        f"备份：{copy.path}（{copy.size:,} 字节，已逐页检查）",
        f"Backup: {copy.path} ({copy.size:,} bytes, every page is verified)",
    )
    print(f"SHA-256: {copy.sha256}")
    say(
        "备份中有身份证件号码：请放在只有您能读取的地方。设置文件和密钥不在其中，请另行保存。",
        "The backup contains identity numbers: keep it where only you can read it. "
        "It does not contain settings and keys: keep copies of those as well.",
    )


def restore(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="FROM", help="The backup. Without one, the present store is kept and completed."),
    ] = None,
    config: SettingsFile = None,
    yes: Yes = False,
) -> None:
    """Replace the store by a backup. Messages sent since the backup stay in doubt until receipts decide; nothing is declared twice.

    Example: cebd restore copy.sqlite --yes
    """
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
        confirm("继续吗？", "Go on?", yes=yes)
        set_up_logs()
        done = restoring.restore(
            settings.folders,
            settings.enterprise,
            settings.reading_options,
            plan,
            SystemClock(),
            by_day=settings.station.receipts_by_day,
        )
    finally:
        lock.release()
    say(f"数据库已恢复。原数据库在 {done.aside}", f"The store is restored. The earlier store is in {done.aside}")
    if not plan.is_finished:
        _print_result(done)
    say("请重新启动：cebd run", "Start the station again: cebd run")


def _print_result(done: Restored) -> None:
    say(
        f"  备份之后可能已发送的报文：{done.doubted}（先向对方查询，再决定是否重发）",
        f"  Messages that may have been sent since the backup: {done.doubted} (cebd asks the other side before it sends them again)",
    )
    say(
        f"  按 outbox 中的回执更新的记录：{done.heard}；重新读取的回执原文：{done.receipts}",
        f"  Records updated from the receipts in the outboxes: {done.heard}; raw receipts read again: {done.receipts}",
    )
    say(
        f"  done/ 中备份所不知道的文件：{done.files}",
        f"  Files in done/ that the backup did not know: {done.files}",
    )
    if done.asked:
        lists = ", ".join(map(str, done.lists))
        say(
            f"  等待您决定的行：{done.asked}，清单见 {lists}\n"
            "    申报：cebd queue release REF；作废：cebd queue drop REF（REF 为文件、订单编号或 guid）",
            f"  Rows that wait for your decision: {done.asked}, listed in {lists}\n"
            "    cebd queue release REF declares them, cebd queue drop REF gives them up (REF: file, order number or guid)",
        )


def _print(plan: Plan) -> None:
    if plan.is_finished:
        say(
            f"上次恢复在中途停止，其数据库已经完成，现在补完：{plan.source}",
            f"An earlier restore was interrupted after it had completed this store; it is finished now: {plan.source}",
        )
        say(
            "被替换的数据库在 set-aside/ 中。之后可以再恢复其他备份。",
            "The replaced store is in set-aside/. Another backup can be restored afterwards.",
        )
        return
    word = spoken().word
    made = plan.copied.time if plan.copied.time != "-" else word("早期版本", "made by an earlier version")
    source, step = plan.source or word("现有数据库", "the present store"), word("步", "step")
    print(f"{word('备份', 'Backup')}: {source}, {step} {plan.copied.step}, {made}")
    present = (
        f"{step} {plan.present.step}, {plan.present.time}"
        if plan.present
        else word("无法读取", "none that can be read")
    )
    print(f"{word('现有数据库', 'Present store')}: {present}")
    outside = f"{step} {plan.outside.step}, {plan.outside.time}" if plan.outside else word("无", "none")
    print(f"{word('进度证据', 'Evidence')}: {outside}")
    most = plan.most_unknown
    in_chinese, in_english = ("无法得知", "not known") if most is None else (f"最多 {most}", f"at most {most}")
    if plan.is_counted:
        in_chinese = in_english = str(plan.unknown)
    say(
        f"备份之后接收的文件：{in_chinese}。现有数据库将移到 set-aside/，不会删除。",
        f"Files taken in since the backup: {in_english}. The present store is moved to set-aside/; nothing is deleted.",
    )
