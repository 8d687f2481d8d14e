"""`queue resend`: a message that the other side lost goes out once more, byte for byte."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, say
from cebd.cli.frame.options import Ref, SettingsFile, Yes, confirm, settings_from

Why = Annotated[
    str, typer.Option("--reason", help="Why: who said that it was lost. Kept with the message and in its receipt.")
]


def resend(ref: Ref, reason: Why, config: SettingsFile = None, yes: Yes = False) -> None:
    """Send unanswered messages once more with the same bytes, when the other side says that it has lost them.

    Example: cebd queue resend orders.xlsx --reason "the hotline has not got it" --yes
    """
    from cebd.operations import resend as operation

    store_dir = settings_from(config).store_dir
    with refusal_ends(Exit.REJECTED):
        lost = operation.messages_to_resend(store_dir, ref)
    for message in lost:
        print(f"  {message.file}  {message.type}  {message.guid}  {message.sent_at or ''}")
    confirm(
        "对方已确认没有收到这些报文？原样再发一次？",
        "Has the other side said that it does not have them? Send them once more?",
        yes=yes,
    )
    count = operation.resend(store_dir, ref, reason)
    say(f"{count} 份报文将原样重发。", f"{count} messages are sent once more, as they were.")
