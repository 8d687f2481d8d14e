"""Options that several commands share, and the settings that these options select."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, stop
from cebd.cli.frame.language import speak_as_station, spoken

if TYPE_CHECKING:
    from cebd.settings import Enterprise, Settings

SettingsFile = Annotated[
    Path | None,
    typer.Option("-c", "--config", envvar="CEBD_CONFIG", help="The settings file (default: cebd.toml here, if any)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
OfEnterprise = Annotated[str | None, typer.Option("--enterprise", help="Which enterprise of the settings.")]
_REF = "A file (its number or name), an order number, copNo or guid."
Ref = Annotated[str, typer.Argument(help=_REF)]
OptionalRef = Annotated[str | None, typer.Argument(metavar="REF", help=_REF)]


def settings_from(path: Path | None, *, in_full: bool = False, print_mistakes: bool = True) -> Settings:
    """The settings of `-c`, of CEBD_CONFIG or of `cebd.toml` here. Raises SettingsError; ends the command when there are no settings.

    `in_full`: check the meaning of the settings as well, for commands that read files. `print_mistakes`: print mistakes that switch
    something off to stderr.
    """
    file = settings_path(path)
    if file is None:
        stop(
            Exit.SETTINGS,
            "没有设置文件：请用 -c FILE（或 CEBD_CONFIG）指明，或新建一个站点：cebd init DIR。",
            "No settings: name the file with -c FILE (or CEBD_CONFIG), or make a station: cebd init DIR",
        )
    return _load(file, in_full=in_full, print_mistakes=print_mistakes)


def settings_or_none(path: Path | None, *, in_full: bool = False) -> Settings | None:
    """The settings as `settings_from` finds them, or None when there are no settings. Raises SettingsError."""
    file = settings_path(path)
    if file is None:
        return None
    return _load(file, in_full=in_full)


def _load(path: Path, *, in_full: bool, print_mistakes: bool = True) -> Settings:
    from cebd.settings import load_settings

    settings = load_settings(path)
    speak_as_station(settings.station.language)
    if in_full:
        from cebd.operations.settings.check import check_settings

        settings = check_settings(settings)
    mistakes = [fault for fault in settings.faults if not fault.follows and fault.severity == "error"]
    if mistakes and print_mistakes:
        first, count = mistakes[0], len(mistakes)
        said = spoken().word(
            f"{path}：{first.key}：{first.zh}（共 {count} 处，见 cebd config check）。",
            f"{path}: {first} (cebd config check names every mistake, {count} here)",
        )
        print(said, file=sys.stderr)
    return settings


def settings_path(path: Path | None) -> Path | None:
    """The settings file of `-c`, of CEBD_CONFIG or here; None where there is none."""
    if path is not None:
        return path / "cebd.toml" if path.is_dir() else path
    here = Path("cebd.toml")
    return here if here.exists() else None


def enterprise_of(settings: Settings, name: str | None) -> Enterprise:
    """The enterprise of that name; without a name, the only enterprise. Ends the command when several could be meant."""
    from cebd.settings import Part

    off = [fault for fault in settings.faults if fault.part is Part.ENTERPRISE]
    if name is None and len(settings.enterprise) == 1 and not off:
        return settings.enterprise[0]
    names = ", ".join(enterprise.name for enterprise in settings.enterprise)
    if not settings.enterprise:
        stop(
            Exit.SETTINGS,
            f"设置中没有可用的企业：{off[0].zh}（详见 cebd config check）。",
            f"No enterprise of the settings can be used: {off[0]} (cebd config check says more)",
        )
    if name is None:
        stop(
            Exit.SETTINGS,
            f"设置中有多个企业，请用 --enterprise 指明一个：{names}。",
            f"Several enterprises are in the settings; name one with --enterprise: {names}",
        )
    try:
        return settings.enterprise_named(name)
    except KeyError:
        fault = settings.fault_of(Part.ENTERPRISE, name)
        if fault is not None:
            stop(
                Exit.SETTINGS,
                f"企业 {name} 因设置有误而停用：{fault.zh}。",
                f"The enterprise {name} is switched off by a mistake in the settings: {fault}",
            )
        stop(
            Exit.SETTINGS,
            f"设置中没有企业 {name}；现有：{names}。",
            f"There is no enterprise {name} in the settings; there are: {names}",
        )


def confirm(zh: str, en: str, *, yes: bool) -> None:
    """Ask, unless the command line says `yes`. Ends the command when the answer is no, or when nobody answers."""
    if yes:
        return
    try:
        agreed = typer.confirm(spoken().word(zh, en), default=False)
    except typer.Abort:
        stop(
            Exit.SETTINGS,
            "未作任何更改。无人应答时请加 --yes。",
            "Nothing was changed. Where nobody can answer, add --yes.",
        )
    if not agreed:
        stop(Exit.SETTINGS, "未作任何更改。", "Nothing was changed.")
