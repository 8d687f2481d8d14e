"""`service`: a station as a service of this machine, of systemd or of Windows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from, settings_path

if TYPE_CHECKING:
    from cebd.service.upgrade import Step

Name = Annotated[
    str | None, typer.Option("--name", help="The service's name (default: the station's name in the settings).")
]


def install(
    config: SettingsFile = None,
    name: Name = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Windows: whom the service runs as, DOMAIN\\USER; its password is asked for."),
    ] = None,
) -> None:
    """Register the station of the settings as a service that starts with the machine.

    Example: cebd service install
    """
    from cebd.service.here import manager_here
    from cebd.service.manager import Wanted

    settings = settings_from(config)
    path = settings_path(config)
    assert path is not None  # noqa: S101  settings were read from it
    password = (
        typer.prompt(spoken().word(f"{account} 的口令", f"Password of {account}"), hide_input=True) if account else None
    )
    wanted = Wanted(name or settings.station.name, path, settings, account, password)
    with refusal_ends(Exit.SETTINGS):
        for done in manager_here().install(wanted):
            say(*done)
    say("现在启动：cebd service start", f"Start it now: cebd service start --name {wanted.name}")


def uninstall(
    config: SettingsFile = None,
    name: Name = None,
    every: Annotated[bool, typer.Option("--all", help="Every station of this machine.")] = False,
) -> None:
    """Stop the service and forget it. Settings, store and folders stay as they are.

    Example: cebd service uninstall
    """
    from cebd.service.here import manager_here

    with refusal_ends(Exit.SETTINGS):
        manager = manager_here()
        names = [station.name for station in manager.installed()] if every else [_named(config, name)]
        for one in names:
            for done in manager.uninstall(one):
                say(*done)


Listed = Annotated[
    Path | None,
    typer.Option("--list", metavar="FILE", help="Where the names of those that ran are, between stop and upgrade."),
]


def start(
    config: SettingsFile = None,
    name: Name = None,
    listed: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Every station named in FILE, by service stop --list.")
    ] = None,
) -> None:
    """Start the service; returns once the station works.

    Example: cebd service start
    """
    from cebd.service.here import manager_here
    from cebd.service.upgrade import start_all

    with refusal_ends(Exit.INTERNAL):
        if listed is not None:
            if not _all_done(_reported(start_all(manager_here(), listed))):
                stop(Exit.INTERNAL, "有站点没有启动，见上。", "A station was not started: see above.")
            return
        manager_here().start(_named(config, name))
    say("服务已启动。", "The service runs.")


def stop_(
    config: SettingsFile = None,
    name: Name = None,
    every: Annotated[bool, typer.Option("--all", help="Every station of this machine that runs.")] = False,
    listed: Listed = None,
) -> None:
    """Stop the service; what is under way is resumed by the next start.

    Example: cebd service stop
    """
    from cebd.service.here import manager_here
    from cebd.service.upgrade import stop_all

    with refusal_ends(Exit.INTERNAL):
        if every:
            _reported(stop_all(manager_here(), listed))
            return
        manager_here().stop(_named(config, name))
    say("服务已停止。", "The service has stopped.")


def upgrade(listed: Listed = None) -> None:
    """After a new version was installed: stop every station that runs, back it up, bring its store up to date, start and audit it.

    Where something fails the station is not started and its store is as it was: install the earlier version again. The packages call this.
    Exit code 1: not every station was taken over; 6: none was, and every store is as it was.

    Example: cebd service upgrade
    """
    from cebd.service import upgrade as upgrading
    from cebd.service.here import manager_here

    with refusal_ends(Exit.INTERNAL):
        steps = _reported(upgrading.upgrade(manager_here(), listed, upgrading.as_its_user))
    if _all_done(steps):
        return
    if not any(step.is_up_to_date for step in steps):
        stop(
            Exit.STORE,
            "没有一个站点能升级，各站点的数据库均未改动，原来的版本可以继续工作；原因见上。",
            "No station could be brought up to date, every store is as it was, and the earlier version can go on: see above.",
        )
    stop(Exit.INTERNAL, "升级没有全部完成，见上。", "The upgrade is not complete: see above.")


def prepare(config: SettingsFile = None) -> None:
    """One step of `service upgrade`, while the station is stopped: back up the store and bring it up to date.

    Example: cebd service prepare
    """
    from cebd.operations.upgrade import bring_up_to_date

    done = bring_up_to_date(settings_from(config, print_mistakes=False))
    if done is None:
        say("还没有数据库。", "There is no store yet.")
        return
    say(f"备份 {done.backup}", f"The backup is {done.backup}")
    if done.before != done.now:
        say(f"数据库版本 {done.before} -> {done.now}", f"The store went from version {done.before} to {done.now}.")


def _reported(steps: Iterable[Step]) -> list[Step]:
    """All of them, each printed as it comes."""
    done = []
    for step in steps:
        print(f"{step.station}: {spoken().word(*step.said)}", flush=True)
        for line in step.detail.splitlines():
            print(f"    {line}", flush=True)  # what ends the command goes another way, and must not come before
        done.append(step)
    return done


def _all_done(steps: list[Step]) -> bool:
    return all(step.is_done for step in steps)


_SAID = {
    "running": ("正在运行", "runs"),
    "starting": ("正在启动", "is starting"),
    "stopping": ("正在停止", "is stopping"),
    "stopped": ("已停止", "is stopped"),
    "failed": ("启动失败", "has failed"),
    "missing": ("尚未安装：cebd service install", "is not installed: cebd service install"),
}


def status(config: SettingsFile = None, name: Name = None, as_json: AsJson = False) -> None:
    """Whether the service is installed and runs, and what it says of itself. What the station does: cebd status.

    Example: cebd service status
    """
    from cebd.service.here import manager_here

    with refusal_ends(Exit.INTERNAL):
        current = manager_here().status(_named(config, name))
    if as_json:
        print_json(current.as_json())
        return
    zh, en = _SAID[current.state]
    pid = f" (pid {current.pid})" if current.pid else ""
    say(f"服务 {current.service} {zh}{pid}。", f"The service {current.service} {en}{pid}.")
    if current.says:
        print(current.says)


def _named(config: SettingsFile, name: str | None) -> str:
    if name is not None:
        return name
    if settings_path(config) is None:
        stop(Exit.SETTINGS, "请用 --name 指明服务。", "Name the service with --name")
    return settings_from(config, print_mistakes=False).station.name
