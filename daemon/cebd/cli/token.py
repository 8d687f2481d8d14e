"""`token list` and `token accept`: which token signs for which signer, and letting a new one take the place of the one on record."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, stop
from cebd.cli.frame.options import AsJson, SettingsFile, confirm, settings_from


def list_(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The token and certificate that each signer was first used with, and those found in its place since."""
    from cebd.operations.tokens import tokens_of

    tokens = tokens_of(settings_from(config).store_dir)
    if as_json:
        print_json({"tokens": [token.as_json() for token in tokens]})
        return
    if not tokens:
        print("No token was used yet.")
    for token in tokens:
        recorded = token.recorded
        state = f"on record since {recorded.since} ({recorded.how})" if token.state == "known" else "found, not used"
        print(f"{token.signer}: {recorded.identity}: {state}")


def accept(
    name: Annotated[str, typer.Argument(help="The signer's name in the settings.")],
    config: SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let the token that was found under a signer's name take the place of the one on record."""
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
        print(f"登记的 on record:  {offer.on_record if offer.on_record is not None else '-'}")
        print(f"找到的 found:      {offer.found}")
        confirm(f"改用找到的介质签名？ Sign with the one found from now on ({name})?", yes=yes)
        accept(settings.store_dir, offer)
    print(f"{name} 的介质已更换，等待的报文会自动继续。 It is used now; messages that wait go on by themselves.")
