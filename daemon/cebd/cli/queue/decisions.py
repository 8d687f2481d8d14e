"""`queue hold`, `release`, `drop`, `retry`: what a person decides about messages that have not left, or may not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import OptionalRef, SettingsFile, Yes, confirm, settings_from
from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.store.across.intervening.holding import Choice, ChosenMessage

Why = Annotated[str | None, typer.Option("--reason", help="Kept in the store's journal with your name.")]
OfEnterprise = Annotated[str | None, typer.Option("--enterprise", help="Messages of this enterprise.")]
OfSigner = Annotated[str | None, typer.Option("--signer", help="Messages of this signer.")]
OfChannel = Annotated[str | None, typer.Option("--channel", help="Messages of this channel.")]

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says. `reason` None: the person is asked for it, unless `yes`."""

    choice: Choice
    store_dir: Path
    reason: str | None
    yes: bool


def _about_messages(act: Callable[[_Asked], None]) -> Callable[..., None]:
    """A command about chosen messages: its options are the same for each."""

    def command(
        ref: OptionalRef = None,
        enterprise: OfEnterprise = None,
        signer: OfSigner = None,
        channel: OfChannel = None,
        reason: Why = None,
        yes: Yes = False,
        config: SettingsFile = None,
    ) -> None:
        act(_Asked(_choice(ref, enterprise, signer, channel), settings_from(config).store_dir, reason, yes))

    command.__name__, command.__doc__ = act.__name__, act.__doc__
    return command


@_about_messages
def hold(asked: _Asked) -> None:
    """Keep messages back that have not left: nothing of them is sent until they are released.

    Example: cebd queue hold orders.xlsx --reason "wrong price" --yes
    """
    from cebd.operations import queue

    messages = queue.unfinished_messages(asked.store_dir, asked.choice)
    can_be = [message for message in messages if message.can_be_held]
    late = [message for message in messages if message.may_have_arrived]
    if late:
        say(
            f"{len(late)} 份报文可能已经送达，不能扣下。",
            f"{len(late)} messages may have arrived and cannot be held back.",
        )
    if not can_be:
        stop(
            Exit.REJECTED,
            "没有可以扣下的报文：只有尚未送出、文件已处理完的报文可以扣下。",
            "No message to hold back: only messages that have not left, of files that are put away, can be held",
        )
    _print(can_be)
    reason = _reason(asked)
    confirm("扣下这些报文？", "Hold these messages back?", yes=asked.yes)
    count = queue.hold(asked.store_dir, asked.choice, reason)
    say(
        f"已扣下 {count} 份报文。放行：cebd queue release；作废：cebd queue drop。",
        f"{count} messages are held. cebd queue release lets them go, cebd queue drop gives them up.",
    )


@_about_messages
def retry(asked: _Asked) -> None:
    """Have messages tried at once that wait after a failure. What may have arrived is asked about first, as always.

    Example: cebd queue retry --channel sandbox --yes
    """
    from cebd.operations import queue

    count = queue.retry(asked.store_dir, asked.choice, _reason(asked))
    if not count:
        stop(Exit.REJECTED, "没有等待中的报文。", "No message of that kind waits")
    say(f"{count} 份报文将在几秒内重试。", f"{count} messages are tried within seconds.")


@_about_messages
def release(asked: _Asked) -> None:
    """Let messages go that are held, or in doubt after a restore. All rows of a message are declared together.

    Example: cebd queue release orders.xlsx --reason "price was right" --yes
    """
    _decide(asked, declare=True)


@_about_messages
def drop(asked: _Asked) -> None:
    """Give up messages that are held, or in doubt after a restore: their rows are not declared, and may be dropped again in another file.

    Example: cebd queue drop orders.xlsx --reason "cancelled by the buyer" --yes
    """
    _decide(asked, declare=False)


def _decide(asked: _Asked, *, declare: bool) -> None:
    from cebd.operations import queue

    choice = asked.choice
    rows = queue.rows_to_decide(asked.store_dir, choice)
    if not rows:
        about = choice.ref or choice.enterprise or choice.signer or choice.channel
        stop(
            Exit.REJECTED,
            f"{about}：没有该文件、编号或 guid 的行在等待决定（尚未送出的报文可先用 cebd queue hold 扣下）。",
            f"{about}: no row of that file, number or guid waits for a decision (cebd queue hold keeps back what has not left)",
        )
    for row in rows[:_MOST_SHOWN]:
        print(one_line(f"  {row.file}  {row.sheet or ''} {row.row or ''}  {row.type}  {' '.join(row.key)}"))
    if len(rows) > _MOST_SHOWN:
        print(f"  … {len(rows)}")
    reason = _reason(asked)
    question = ("现在申报这些行？", "Declare these rows now?") if declare else ("作废这些行？", "Give these rows up?")
    confirm(*question, yes=asked.yes)
    with refusal_ends(Exit.REJECTED):
        decided = queue.decide(asked.store_dir, choice, reason, declare=declare)
    zh, en = ("将予申报", "they are declared") if declare else ("已作废", "they are given up")
    say(
        f"{decided.messages} 份报文中的 {decided.rows} 行：{zh}。",
        f"{decided.rows} rows in {decided.messages} messages: {en}.",
    )


def _choice(ref: str | None, enterprise: str | None, signer: str | None, channel: str | None) -> Choice:
    from cebd.store.across.intervening.holding import Choice

    choice = Choice(ref, enterprise, signer, channel)
    if not choice:
        stop(
            Exit.SETTINGS,
            "请指明文件、编号或 guid，或 --enterprise、--signer、--channel 之一。",
            "Name a file, number or guid, or one of --enterprise, --signer and --channel",
        )
    return choice


def _reason(asked: _Asked) -> str:
    """The person's reason: asked for, unless nobody is to be asked."""
    if asked.reason is not None or asked.yes:
        return asked.reason or "-"
    try:
        return str(typer.prompt(spoken().word("原因", "Reason")))
    except typer.Abort:
        stop(
            Exit.SETTINGS,
            "未作任何更改。无人应答时请加 --reason 和 --yes。",
            "Nothing was changed. Where nobody can answer, add --reason and --yes.",
        )


def _print(messages: Sequence[ChosenMessage]) -> None:
    for message in messages[:_MOST_SHOWN]:
        print(one_line(f"  {message.file}  {message.type}  {message.guid}  {message.state}"))
    if len(messages) > _MOST_SHOWN:
        print(f"  … {len(messages)}")
