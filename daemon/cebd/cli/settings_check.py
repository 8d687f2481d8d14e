"""What the settings name and the machine does not have: found before the daemon needs it."""

from __future__ import annotations

from pathlib import Path

from cebd.config import Secret, SecretError, Settings, SettingsError
from cebd.rules.codes import table_names, tables_of


def missing_things(settings: Settings) -> list[str]:
    """One line for each file or secret that is named and cannot be read, and each mistake in a code table; token and network are not
    asked."""
    lines: list[str] = []
    for kind, table in (("signer", settings.signer), ("channel", settings.channel)):
        for name, entry in table.items():
            for key in type(entry).model_fields:
                value = getattr(entry, key)
                where = f"{kind}.{name}.{key}"
                if isinstance(value, Path) and not (settings.base / value).exists():
                    lines.append(f"{where}: {settings.base / value} does not exist")
                elif isinstance(value, Secret):
                    try:
                        value.read(settings.base)
                    except SecretError as error:
                        lines.append(f"{where}: {error}")
    try:
        tables_of(settings)
    except SettingsError as error:
        lines += [f"codes.folder: {line}" for line in str(error).splitlines()]
    return lines


def table_ages(settings: Settings) -> str:
    """How old each code table is that counts, own ones marked. Raises SettingsError where they cannot be used."""
    tables = tables_of(settings)
    ages = (f"{name} {tables[name].year}{' (own)' if name in tables.own else ''}" for name in table_names())
    return f"Code tables: {', '.join(ages)}"
