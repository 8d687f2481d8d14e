"""`token list` and `token accept`: the token on record for each signer, and replacing it by another."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop
from cebd.cli.frame.options import AsJson, SettingsFile, confirm, settings_from


def list_(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The token and certificate on record for each signer, and other tokens that were plugged in since."""
    from cebd.operations.tokens import tokens_of

    tokens = tokens_of(settings_from(config).store_dir)
    if as_json:
        print_json({"tokens": [token.as_json() for token in tokens]})
        return
    if not tokens:
        say("还没有使用过任何介质。", "No token was used yet.")
    for token in tokens:
        recorded = token.recorded
        state = "另一介质，未使用 another token, not used"
        if token.state == "known":
            state = f"登记自 on record since {recorded.since} ({recorded.how})"
        print(f"{token.signer}: {recorded.identity}: {state}")


def accept(
    name: Annotated[str, typer.Argument(help="The signer's name in the settings.")],
    config: SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Record another token for a signer, in place of the token on record."""
    from cebd.operations.tokens import accept, offer_of

    settings = settings_from(config)
    if name not in settings.signer:
        names = ", ".join(settings.signer)
        stop(
            Exit.SETTINGS,
            f"设置中没有签名 {name}；现有：{names}。",
            f"There is no signer {name} in the settings; there are: {names}",
        )
    with refusal_ends(Exit.SETTINGS):
        offer = offer_of(settings.store_dir, name)
        print(f"登记的 on record: {offer.on_record if offer.on_record is not None else '-'}")
        print(f"现在的 plugged in: {offer.found}")
        confirm(f"{name} 改用现在的介质签名？ Shall {name} sign with the token that is plugged in now?", yes=yes)
        accept(settings.store_dir, offer)
    say(
        f"{name} 的介质已更换，等待的报文会自动继续。",
        f"The new token is on record for {name}; waiting messages go on by themselves.",
    )
