"""`queue reassign`: work in flight handed over to another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, refusal_ends, stop
from cebd.cli.frame.options import SettingsFile, confirm, settings_from

if TYPE_CHECKING:
    from cebd.operations.reassign import Plan

Names = tuple[str, str]
_NO_NAMES = ("", "")


def reassign(
    enterprise: Annotated[
        Names, typer.Option("--enterprise", metavar="OLD NEW", show_default=False, help="An enterprise's.")
    ] = _NO_NAMES,
    signer: Annotated[
        Names, typer.Option("--signer", metavar="OLD NEW", show_default=False, help="What a signer was to sign.")
    ] = _NO_NAMES,
    channel: Annotated[
        Names, typer.Option("--channel", metavar="OLD NEW", show_default=False, help="What a channel was to send.")
    ] = _NO_NAMES,
    station: Annotated[
        Names, typer.Option("--station", metavar="OLD NEW", show_default=False, help="A renamed station's.")
    ] = _NO_NAMES,
    same_side: Annotated[
        bool,
        typer.Option("--same-side", help="The channel only has a new name: hand over what is in doubt as well."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: SettingsFile = None,
) -> None:
    """Hand work in flight over to another enterprise, signer or channel of the settings. The daemon must not run."""
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
        print(
            "Nothing to hand over: work belongs to the store, whatever the station is called. The next start takes it up."
        )
        return
    with refusal_ends(Exit.STORE), store_of_stopped_station(settings) as store:
        with refusal_ends(Exit.SETTINGS):
            planned = plan(store, settings, part, old, new, same_side=same_side)
        _show(planned)
        if not planned:
            return
        confirm(f"Hand it over from {old} to {new}?", yes=yes)
        carry_out(store, planned)
        print(f"Handed over to {new}, and noted in the store's journal. Start the daemon: it goes on with the work.")


def _show(planned: Plan) -> None:
    if planned.left_in_doubt:
        print(
            f"{planned.left_in_doubt} messages of {planned.old} are in doubt: customs may have them, so they stay as they are until "
            f"receipts come. Where {planned.new} leads to the same side as {planned.old} did, hand them over with --same-side"
        )
    if not planned:
        print(f"No work in flight of the {planned.part} {planned.old} is to be handed over")
        return
    files = f"{len(planned.drop_ids)} files, {planned.records} records, " if planned.drop_ids else ""
    print(f"Of the {planned.part} {planned.old}: {files}{len(planned.message_ids)} messages")
