"""`alarm test`: have the alarms of the settings deliver a message, to see that it arrives."""

from __future__ import annotations

from typing import Annotated

import typer

from cebd.cli.frame.exits import Exit, say, stop
from cebd.cli.frame.options import SettingsFile, settings_from


def test(
    name: Annotated[str | None, typer.Argument(help="The alarm, as the settings call it; none: every one.")] = None,
    config: SettingsFile = None,
) -> None:
    """Have an alarm deliver a message that asks for nothing. Example: cebd alarm test wecom"""
    from cebd.alarms.alarms import deliver_trial
    from cebd.alarms.kind import NotDelivered
    from cebd.secret_file import SecretError

    settings = settings_from(config)
    known = ", ".join(settings.alarm) or "-"
    if (name is not None and name not in settings.alarm) or not settings.alarm:
        stop(
            Exit.SETTINGS,
            f"设置中没有报警 {name or ''}；有：{known}。",
            f"The settings have no alarm {name or ''}; they have: {known}",
        )
    failed = False
    for one in [name] if name is not None else list(settings.alarm):
        try:
            deliver_trial(settings.station.name, settings.alarm[one], settings.base, settings.station.language)
        except (NotDelivered, SecretError) as error:
            failed = True
            say(f"{one}：没有送达：{error}", f"{one}: not delivered: {error}")
        else:
            say(f"{one}：已送达。", f"{one}: delivered")
    if failed:
        raise SystemExit(int(Exit.NETWORK))
