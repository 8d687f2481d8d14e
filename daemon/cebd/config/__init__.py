"""The settings file: TOML, every mistake with its key and line, and what can be used in spite of it.

Each setting's meaning and default stands in the module of its table and nowhere else; `config.example.toml` shows them all.
"""

from cebd.config.channels import FolderChannel, SftpChannel
from cebd.config.enterprise import Enterprise
from cebd.config.faults import Fault, Part, SettingsError
from cebd.config.load import load_settings
from cebd.config.reading import Codes, Mapping, OwnFigures
from cebd.config.references import software_in_production
from cebd.config.secret import Secret, SecretError
from cebd.config.settings import Settings
from cebd.config.signers import Pkcs11Signer, SoftwareSigner
from cebd.config.station import Environment, Station, Store
from cebd.config.switching import switch_off

__all__ = [
    "Codes",
    "Enterprise",
    "Environment",
    "Fault",
    "FolderChannel",
    "Mapping",
    "OwnFigures",
    "Part",
    "Pkcs11Signer",
    "Secret",
    "SecretError",
    "Settings",
    "SettingsError",
    "SftpChannel",
    "SoftwareSigner",
    "Station",
    "Store",
    "load_settings",
    "software_in_production",
    "switch_off",
]
