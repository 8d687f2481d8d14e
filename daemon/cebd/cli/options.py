"""Options that several commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.exits import Exit, stop

if TYPE_CHECKING:
    from cebd.config import Enterprise, Settings

SettingsFile = Annotated[
    Path | None,
    typer.Option("-c", "--config", envvar="CEBD_CONFIG", help="The settings file (default: cebd.toml here, if any)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
OfEnterprise = Annotated[str | None, typer.Option("--enterprise", help="Which enterprise of the settings.")]


def settings_from(path: Path | None) -> Settings:
    """The settings of `-c`, of CEBD_CONFIG or of `cebd.toml` here. Raises SettingsError; ends the command without any."""
    found = _settings_path(path)
    if found is None:
        stop(
            Exit.SETTINGS, "No settings: name the file with -c FILE (or CEBD_CONFIG), or make a station: cebd init DIR"
        )
    return _load(found)


def settings_or_none(path: Path | None) -> Settings | None:
    """The settings, or None where none are named and none are here. Raises SettingsError."""
    found = _settings_path(path)
    if found is None:
        return None
    return _load(found)


def _load(path: Path) -> Settings:
    from cebd.config import SettingsError, load_settings
    from cebd.rules.problem import catalogue, may_be_weighed

    settings = load_settings(path)
    errors = [
        f"rules.{rule}: "
        + ("this problem cannot be weighed, only mended" if rule in catalogue() else "there is no such problem")
        for rule in settings.rules
        if not may_be_weighed(rule) or rule not in catalogue()
    ]
    if errors:
        raise SettingsError(path, errors)
    return settings


def _settings_path(path: Path | None) -> Path | None:
    if path is not None:
        return path / "cebd.toml" if path.is_dir() else path
    here = Path("cebd.toml")
    return here if here.exists() else None


def enterprise_of(settings: Settings, name: str | None) -> Enterprise:
    """The enterprise named, or the only one. Ends the command when that is not clear."""
    if name is None and len(settings.enterprise) == 1:
        return settings.enterprise[0]
    names = ", ".join(one.name for one in settings.enterprise)
    if name is None:
        stop(Exit.SETTINGS, f"Several enterprises are in the settings; name one with --enterprise: {names}")
    try:
        return settings.enterprise_named(name)
    except KeyError:
        stop(Exit.SETTINGS, f"There is no enterprise {name} in the settings; there are: {names}")
