"""The whole file as a value, with the mistakes that switch parts off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr

from cebd.documents.reading.options import ColumnMapping, ReadingOptions
from cebd.enterprise import Enterprise, StationFolders
from cebd.listening.console import ConsoleSettings
from cebd.metrics.settings import MetricsSettings
from cebd.rules.codes.tables import CodeFiles, Codes, Tables, code_files, tables_of
from cebd.rules.figures import Figures, figures
from cebd.secret_file import SecretError
from cebd.settings.faults import Fault, Lines, Location, Part
from cebd.settings.kinds import Alarm, Channel, Signer
from cebd.settings.station import Log, Station, Store
from cebd.settings_table import Name, SettingsError, Table
from cebd.signing.duty import on_duty
from cebd.signing.endpoint.settings import EndpointSettings


class Settings(Table):
    """The usable parts of the file. `base` is its folder: relative paths start there.

    Enterprises, signers, channels, mappings and rules that a mistake has switched off are absent; `faults` names them.
    """

    base: Path
    station: Station = Station()
    store: Store = Store()
    log: Log = Log()
    enterprise: tuple[Enterprise, ...]
    signer: dict[Name, Signer] = Field(default_factory=dict)
    channel: dict[Name, Channel] = Field(default_factory=dict)
    alarm: dict[Name, Alarm] = Field(default_factory=dict)
    mapping: dict[Name, ColumnMapping] = Field(default_factory=dict)
    rules: dict[str, Literal["error", "warning", "off"]] = Field(
        default_factory=dict,
        description='The severity of rules, by number: "error" keeps a record back, "warning" only names the problem, "off" is silent.\n'
        "`cebd explain CEBD-1306` says what a rule asks (this one: the check digit of the buyer's identity number).",
        examples=[{"CEBD-1306": "error"}],
    )
    figures: Figures = Field(default_factory=figures)
    codes: Codes = Codes()
    signing_endpoint: EndpointSettings = EndpointSettings()
    metrics: MetricsSettings = MetricsSettings()
    console: ConsoleSettings = ConsoleSettings()

    _file: Path = PrivateAttr(default=Path("cebd.toml"))
    _faults: tuple[Fault, ...] = PrivateAttr(default=())
    _lines: Mapping[Location, int] = PrivateAttr(default_factory=dict)
    _positions: Mapping[str, int] = PrivateAttr(default_factory=dict)  # of the enterprises in the file

    @property
    def path(self) -> Path:
        """The file."""
        return self._file

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every mistake that does not stop the start, and its consequences."""
        return self._faults

    def require_an_enterprise(self) -> None:
        """Raises SettingsError with every mistake when they leave no enterprise that could be served."""
        if not self.enterprise:
            mistakes = [fault for fault in self._faults if not fault.follows and fault.severity == "error"]
            raise SettingsError(self._file, [str(fault) for fault in mistakes], [fault.zh for fault in mistakes])

    @property
    def lines(self) -> Lines:
        """In which line of the file each key stands."""
        return self._lines

    def location(self, table: str, name: str, *keys: str) -> Location:
        """Where a key of that enterprise, signer, channel or mapping stands, as faults name it."""
        return (table, self._positions.get(name, 0) if table == "enterprise" else name, *keys)

    def fault_of(self, part: Part, name: str) -> Fault | None:
        """Why that enterprise, signer, channel or mapping is switched off; None if it is in use."""
        return next(
            (fault for fault in self._faults if fault.severity == "error" and (fault.part, fault.name) == (part, name)),
            None,
        )

    @property
    def store_dir(self) -> Path:
        return self.base / self.store.path

    @property
    def log_file(self) -> tuple[Path, int, int] | None:
        """Where the log goes as JSON, at most how many bytes a file has, how many earlier ones are kept; None: nowhere."""
        log = self.log
        return None if log.file is None else (self.base / log.file, log.largest_mb * 1_000_000, log.kept)

    @property
    def codes_dir(self) -> Path | None:
        """The folder of the enterprise's own code tables; None if the settings name none."""
        return None if self.codes.folder is None else self.base / self.codes.folder

    @cached_property
    def code_files(self) -> CodeFiles | None:
        """The tables there, as they are when first asked for: what is saved later counts from the next start on, as with the settings, so
        that no file is checked by half of it. Raises SettingsError for a folder or file that cannot be read.
        """
        return None if self.codes_dir is None else code_files(self.codes_dir)

    @property
    def code_tables(self) -> Tables:
        """The code tables in use. Raises SettingsError with every mistake in own tables."""
        return tables_of(self.code_files)

    @property
    def reading_options(self) -> ReadingOptions:
        """The options to read and judge files. Raises SettingsError for code tables that cannot be used."""
        return ReadingOptions(self.mapping, self.rules, self.figures, self.code_tables, self.sm2_ids)

    def ask_for_typed_secrets(self) -> None:
        """Have a person type what the settings want typed, before anything else begins. What is not typed is missing later."""
        for table in (*self.signer.values(), *self.channel.values(), *self.alarm.values()):
            for secret in table.secrets().values():
                if secret.prompt is not None:
                    with suppress(SecretError):
                        secret.read(self.base)

    @property
    def sm2_ids(self) -> tuple[str, ...]:
        """The user ids of SM2 that signers use in place of the usual one."""
        return tuple({signer.sm2_id for signer in self.signer.values() if signer.sm2_id is not None})

    @property
    def folders(self) -> StationFolders:
        """The folders of the station and of its enterprises."""
        by_name = {enterprise.name: self.folder(enterprise) for enterprise in self.enterprise}
        return StationFolders(self.base, self.store_dir, by_name)

    def folder(self, enterprise: Enterprise) -> Path:
        """The enterprise's folder."""
        return self.base / enterprise.folder

    def signers_of(self, enterprise: Enterprise) -> tuple[str, ...]:
        """Those of its signers that are in use."""
        return tuple(name for name in enterprise.signer if name in self.signer)

    def signers_for(self, enterprise: str, signer: str) -> tuple[str, ...]:
        """Who may sign a message of the enterprise that was given to this signer: all its signers in use, if it is one of them."""
        several = next(
            (one.signer for one in self.enterprise if one.name == enterprise and signer in one.signer), (signer,)
        )
        return tuple(name for name in several if name in self.signer)

    def signers_on_duty(self, signers: Iterable[str], today: date) -> tuple[str, ...]:
        """Those of them that sign today: a new card may have taken over."""
        return on_duty(signers, self.take_over_days, today)

    @property
    def take_over_days(self) -> dict[str, date | None]:
        """By signer, the day from which it signs in place of others."""
        return {name: signer.takes_over for name, signer in self.signer.items()}

    def enterprise_named(self, name: str) -> Enterprise:
        """The enterprise of that name. Raises KeyError, also for an enterprise that is switched off."""
        for enterprise in self.enterprise:
            if enterprise.name == name:
                return enterprise
        raise KeyError(name)


COMMON: Mapping[str, type[Table]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Table)
}
"""By name, the tables that a file has once, with keys of their own. They must be right: without them nothing starts. A mistake
in a table of something that listens only keeps that from listening."""
