"""`queue reassign`: hand work in flight over to another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, say, stop
from cebd.cli.frame.options import SettingsFile, Yes, confirm, settings_from

if TYPE_CHECKING:
    from cebd.operations.reassign import Plan

Names = tuple[str, str]
_NO_NAMES = ("", "")


def reassign(
    enterprise: Annotated[
        Names, typer.Option("--enterprise", metavar="OLD NEW", show_default=False, help="Work of an enterprise.")
    ] = _NO_NAMES,
    signer: Annotated[
        Names, typer.Option("--signer", metavar="OLD NEW", show_default=False, help="Messages that wait for a signer.")
    ] = _NO_NAMES,
    channel: Annotated[
        Names,
        typer.Option("--channel", metavar="OLD NEW", show_default=False, help="Messages that wait for a channel."),
    ] = _NO_NAMES,
    station: Annotated[
        Names, typer.Option("--station", metavar="OLD NEW", show_default=False, help="Work of a renamed station.")
    ] = _NO_NAMES,
    same_side: Annotated[
        bool,
        typer.Option("--same-side", help="The channel only has a new name: hand over messages in doubt as well."),
    ] = False,
    yes: Yes = False,
    config: SettingsFile = None,
) -> None:
    """Hand work in flight over to another enterprise, signer or channel of the settings. The daemon must not run.

    Example: cebd queue reassign --signer old-card new-card --yes
    """
    from cebd.operations.reassign import carry_out, plan, store_of_stopped_station
    from cebd.settings import Part

    given = [
        (part, names)
        for part, names in (
            (Part.ENTERPRISE, enterprise),
            (Part.SIGNER, signer),
            (Part.CHANNEL, channel),
            (Part.FILE, station),
        )
        if names != _NO_NAMES
    ]
    if len(given) != 1:
        stop(
            Exit.SETTINGS,
            "请指明 --enterprise、--signer、--channel、--station 之一，各带旧名和新名。",
            "Name one of --enterprise, --signer, --channel and --station, each with OLD and NEW",
        )
    settings = settings_from(config)
    (part, (old, new)) = given[0]
    if part is Part.FILE:
        say(
            "无需移交：工作属于数据库，与站点名称无关，下次启动时自动继续。",
            "There is nothing to hand over: work belongs to the store, not to the station's name. The next start resumes it.",
        )
        return
    with refusal_ends(Exit.STORE), store_of_stopped_station(settings) as store:
        with refusal_ends(Exit.SETTINGS):
            planned = plan(store, settings, part, old, new, same_side=same_side)
        _show(planned)
        if not planned:
            return
        confirm(f"从 {old} 移交给 {new}？", f"Hand the work over from {old} to {new}?", yes=yes)
        carry_out(store, planned)
        say(
            f"已移交给 {new}，并记入数据库的日志。请启动服务，工作会继续。",
            f"The work is handed over to {new}, and the store's journal says so. Start the daemon: it goes on with the work.",
        )


def _show(planned: Plan) -> None:
    part, old = planned.part, planned.old
    if planned.left_in_doubt:
        say(
            f"{old} 的 {planned.left_in_doubt} 份报文在途未明：海关可能已收到，因此保持不变，等待回执。"
            f"如果 {planned.new} 与 {old} 通向同一对方，可加 --same-side 一并移交。",
            f"{planned.left_in_doubt} messages of {old} are in doubt: customs may have them, so they stay as they are until "
            f"receipts come. If {planned.new} leads to the same side as {old}, hand them over with --same-side",
        )
    if not planned:
        say(f"{part} {old} 没有需要移交的在途工作。", f"The {part} {old} has no work in flight to hand over")
        return
    messages = len(planned.message_ids)
    files = ("", "")
    if planned.drop_ids:
        count = len(planned.drop_ids)
        files = f"{count} 个文件，{planned.records} 条记录，", f"{count} files, {planned.records} records, "
    say(f"{part} {old}：{files[0]}{messages} 份报文。", f"Of the {part} {old}: {files[1]}{messages} messages")
