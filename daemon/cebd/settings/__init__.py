"""The settings file: TOML, every mistake with its key and line, and the parts that stay usable.

Each setting's meaning and default stands in the module of its table and nowhere else; `config.example.toml` shows them all.
"""

from cebd.enterprise import Enterprise
from cebd.secret_file import SecretError
from cebd.settings.faults import Fault, Part
from cebd.settings.file import Settings
from cebd.settings.load import load_settings
from cebd.settings.references import software_in_production
from cebd.settings.station import Environment, Station, Store
from cebd.settings.switching import switch_off
from cebd.settings_table import Secret, SettingsError

__all__ = [
    "Enterprise",
    "Environment",
    "Fault",
    "Part",
    "Secret",
    "SecretError",
    "Settings",
    "SettingsError",
    "Station",
    "Store",
    "load_settings",
    "software_in_production",
    "switch_off",
]
