"""`token list` and `token accept`: which token signs for which signer, and letting a new one take the place of the one on record."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, stop
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from


def list_(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The token and certificate that each signer was first used with, and those found in its place since."""
    from cebd.store.store import Store
    from cebd.store.tokens import tokens_in_use

    with Store.open(settings_from(config).store_dir, create=False).read() as connection:
        found = tokens_in_use(connection)
    if as_json:
        print_json({"tokens": [token.as_json() for token in found]})
        return
    if not found:
        print("No token was used yet.")
    for token in found:
        recorded = token.recorded
        state = f"on record since {recorded.since} ({recorded.how})" if token.state == "known" else "found, not used"
        print(f"{token.signer}: {recorded.identity}: {state}")


def accept(
    name: Annotated[str, typer.Argument(help="The signer's name in the settings.")],
    config: SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let the token that was found under a signer's name take the place of the one on record."""
    from cebd.clock import SystemClock, iso
    from cebd.store import tokens
    from cebd.store.migrations import note
    from cebd.store.store import Store

    settings = settings_from(config)
    if name not in settings.signer:
        names = ", ".join(settings.signer)
        stop(
            Exit.SETTINGS,
            f"设置中没有签名 {name}；现有：{names}。",
            f"There is no signer {name} in the settings; there are: {names}",
        )
    with Store.open(settings.store_dir, create=False).read() as connection:
        before, found = tokens.known(connection, name), tokens.offered(connection, name)
    if found is None:
        on_record = f"On record: {before.identity}." if before is not None else "The first one used is recorded."
        stop(
            Exit.SETTINGS,
            f"没有找到 {name} 的其他介质：请在程序运行时插上，然后再执行本命令。",
            f"No other token was found for {name}: plug it in while the station runs, then come back. {on_record}",
        )
    print(f"登记的 on record:  {before.identity if before is not None else '-'}")
    print(f"找到的 found:      {found.identity}")
    if not yes and not typer.confirm(f"改用找到的介质签名？ Sign with the one found from now on ({name})?"):
        stop(Exit.SETTINGS, "未作任何更改。", "Nothing was changed.")
    store = Store.open(settings.store_dir, create=False, change=True)
    try:
        with store.write() as connection:
            if not tokens.accept(connection, name, found.identity, iso(SystemClock().now())):
                stop(
                    Exit.SETTINGS,
                    "其间找到了另一个介质，或介质已拔出：未作任何更改，请重新查看。",
                    "Meanwhile another token was found, or none: nothing was changed. Look again.",
                )
            note(connection, "token accepted", f"{name}: {found.identity}; before: {before and before.identity}")
    finally:
        store.close()
    print(f"{name} 的介质已更换，等待的报文会自动继续。 It is used now; messages that wait go on by themselves.")
