"""The settings file: TOML, validated as a whole, every error with its key and line.

Each setting's meaning and default stands here and nowhere else; `config.example.toml` shows them all.
"""

from __future__ import annotations

import difflib
import os
import posixpath
import tomllib
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cebd.toml_lines import key_lines, line_of

Name = Annotated[str, StringConstraints(pattern=r"^[\w][\w.-]{0,63}$")]
Environment = Literal["trial", "test", "production"]


class SettingsError(Exception):
    """The settings cannot be used; `errors` has one line for a person per mistake."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        self.path = path
        self.errors = errors
        super().__init__("\n".join(f"{path}: {error}" for error in errors))


class SecretError(Exception):
    """A secret named in the settings is not where they say."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Table):
    """Where a secret is: exactly one of a file (one line), an environment variable, a systemd credential."""

    file: Path | None = None
    env: str | None = None
    credential: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_inline(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError(
                'a secret is never written here; use { file = "..." }, { env = "..." } or { credential = "..." }'
            )
        return given

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if sum(where is not None for where in (self.file, self.env, self.credential)) != 1:
            raise ValueError("name exactly one of file, env and credential")
        return self

    def read(self, base: Path) -> str:
        """The secret itself. Raises SecretError, which names the place and never the content."""
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise SecretError(f"environment variable {self.env} is not set")
            return value
        if self.credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if folder is None:
                raise SecretError(f"systemd credential {self.credential}: CREDENTIALS_DIRECTORY is not set")
            path = Path(folder) / self.credential
        else:
            path = base / (self.file or "")
        try:
            # Windows editors put a byte order mark in front: as part of a PIN it would use up the token's attempts.
            return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except OSError as error:
            raise SecretError(f"secret file {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SecretError(f"secret file {path}: is not text in UTF-8") from None


class Station(_Table):
    """This daemon. Its name is its identity in the store: work in flight goes on under the same name only.

    `environment` None: that of the store (`cebd.store.environment`).
    """

    name: Name = "station"
    environment: Environment | None = None
    language: Literal["zh", "en", "both"] = "zh"
    stable_seconds: float = Field(default=2.0, ge=0)
    rescan_seconds: float = Field(default=10.0, gt=0)
    receipts_seconds: float = Field(default=15.0, gt=0)
    overdue_minutes: float = Field(default=30.0, gt=0)


class Store(_Table):
    """Where the store is kept: a folder, relative to the settings file."""

    path: Path = Path("store")


class Enterprise(_Table):
    """An enterprise that declares: who it is, where its folders are, who signs, which channel sends."""

    name: Name
    copCode: Annotated[str, StringConstraints(min_length=1, max_length=18)]  # noqa: N815
    copName: Annotated[str, StringConstraints(min_length=1, max_length=100)]  # noqa: N815
    dxpId: Annotated[str, StringConstraints(min_length=1, max_length=16)]  # noqa: N815
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=16)] = "DXPEDCCEB0000002"
    folder: Path
    signer: Name
    channel: Name
    mapping: tuple[Name, ...] = ()
    on_bad_rows: Literal["skip", "hold-file"] = "skip"
    sign_all: bool = True
    defaults: dict[str, dict[str, str]] = {}


CertificateNumber = Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{2})+$", to_lower=True)]
"""A certificate's number in hex, as `cebd status` shows it: no other certificate signs."""


class SoftwareSigner(_Table):
    """A key in a file (PEM or PKCS#12): for trials and tests."""

    type: Literal["software"]
    key: Path
    cert: Path | None = None
    password: Secret | None = None


class Pkcs11Signer(_Table):
    """A hardware token through its PKCS#11 library."""

    type: Literal["pkcs11"]
    module: Path
    token: str
    pin: Secret
    key_label: str | None = None
    cert_label: str | None = None
    cert_serial: CertificateNumber | None = None


class SftpChannel(_Table):
    """An SFTP server: declarations are put into send_dir, receipts fetched from receive_dir."""

    type: Literal["sftp"]
    host: str
    port: int = Field(default=22, gt=0, lt=65536)
    user: str
    key: Path | None = None
    password: Secret | None = None
    host_key: Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}=?$")]
    send_dir: str = "in"
    receive_dir: str = "out"
    timeout_seconds: float = Field(default=30.0, gt=0)
    retry_seconds: float = Field(default=5.0, gt=0)
    in_doubt_seconds: float = Field(default=600.0, ge=0)

    @model_validator(mode="after")
    def _two_folders(self) -> SftpChannel:
        if posixpath.normpath(self.send_dir) == posixpath.normpath(self.receive_dir):
            raise ValueError("send_dir and receive_dir must differ, or declarations would be taken for receipts")
        return self


class FolderChannel(_Table):
    """Folders of an access client on this machine or a share: declarations are put into send_dir, receipts taken from receive_dir."""

    type: Literal["folder"]
    send_dir: Path
    receive_dir: Path
    retry_seconds: float = Field(default=5.0, gt=0)
    in_doubt_seconds: float = Field(default=600.0, ge=0)

    @model_validator(mode="after")
    def _two_folders(self) -> FolderChannel:
        if os.path.normpath(self.send_dir) == os.path.normpath(self.receive_dir):
            raise ValueError("send_dir and receive_dir must differ, or declarations would be taken for receipts")
        return self


class Mapping(_Table):
    """How the columns of one kind of workbook are meant. A heading that stands twice is named `币制#1`, `币制#2`."""

    type: str
    files: tuple[str, ...] = ("*",)
    columns: dict[str, str] = {}
    sum_per_order: tuple[str, ...] = ()
    defaults: dict[str, str] = {}


class OwnFigures(_Table):
    """Figures of the rules that differ from the published ones (which stand in `rules/figures.toml`)."""

    order_limit: Decimal | None = Field(default=None, gt=0, decimal_places=5)
    annual_limit: Decimal | None = Field(default=None, gt=0, decimal_places=5)
    rounding: Decimal | None = Field(default=None, gt=0, le=1, decimal_places=5)
    return_days: int | None = Field(default=None, gt=0)
    waybill_months: int | None = Field(default=None, gt=0)
    oldest_years: int | None = Field(default=None, gt=0)
    earliest_year: int | None = Field(default=None, ge=1900, le=2100)
    days_ahead: int | None = Field(default=None, ge=0)


class Codes(_Table):
    """Customs code tables of one's own: `units.csv` in this folder takes the place of the public copy of `units` (`rules/codes.py`)."""

    folder: Path | None = None


class Settings(_Table):
    """The whole file. `base` is its folder: relative paths start there."""

    base: Path
    station: Station = Station()
    store: Store = Store()
    enterprise: tuple[Enterprise, ...] = Field(min_length=1)
    signer: dict[Name, Annotated[SoftwareSigner | Pkcs11Signer, Field(discriminator="type")]] = {}
    channel: dict[Name, Annotated[SftpChannel | FolderChannel, Field(discriminator="type")]] = {}
    mapping: dict[Name, Mapping] = {}
    rules: dict[str, Literal["error", "warning", "off"]] = {}
    figures: OwnFigures = OwnFigures()
    codes: Codes = Codes()

    @property
    def store_dir(self) -> Path:
        return self.base / self.store.path

    @property
    def codes_dir(self) -> Path | None:
        """Where code tables of one's own are; None where there are none."""
        return None if self.codes.folder is None else self.base / self.codes.folder

    @cached_property
    def code_files(self) -> tuple[tuple[str, bytes], ...]:
        """The tables there by file name, as they are when first asked for: what is saved later counts from the next start on, as with
        the settings, so that no file is checked by half of it. Raises SettingsError for a folder or file that cannot be read.
        """
        folder = self.codes_dir
        if folder is None:
            return ()
        try:
            return tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if _may_be_a_table(path))
        except OSError as error:
            what = f"cannot be read: {error.strerror}; correct codes.folder in the settings, or leave it out"
            raise SettingsError(Path(error.filename or folder), [what]) from None

    def folder(self, enterprise: Enterprise) -> Path:
        """The enterprise's folder."""
        return self.base / enterprise.folder

    def enterprise_named(self, name: str) -> Enterprise:
        """The enterprise of that name. Raises KeyError."""
        for enterprise in self.enterprise:
            if enterprise.name == name:
                return enterprise
        raise KeyError(name)


def _may_be_a_table(path: Path) -> bool:
    """Not what editors leave beside a file (`~$units.xlsx`, `.~lock.units.csv#`), nor notes. A workbook is one saved the wrong way."""
    return path.suffix.lower() in (".csv", ".xlsx", ".xls") and not path.name.startswith((".", "~"))


def load_settings(path: Path) -> Settings:
    """Read and check the settings file. Raises SettingsError naming every mistake with key and line."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(path, [f"cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path, [f"is not valid TOML: {error}"]) from None
    lines = key_lines(text)
    if "base" in content:
        raise SettingsError(path, [_error(("base",), "unknown setting", lines)])
    try:
        settings = Settings(base=path.resolve().parent, **content)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors()]
        # pydantic leaves a faulty entry out and then finds the list too short: that is no second mistake.
        told = [one for one in details if one["type"] != "too_short" or len(details) == 1]
        raise SettingsError(path, [_explained(detail, lines) for detail in told]) from None
    errors = _references(settings, lines)
    if errors:
        raise SettingsError(path, errors)
    return settings


def _explained(detail: dict[str, object], lines: dict[tuple[str | int, ...], int]) -> str:
    location: tuple[str | int, ...] = detail["loc"]  # type: ignore[assignment]
    if location[:1] in (("signer",), ("channel",)):
        location = location[:2] + location[3:]  # the third is the table's type
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), _names_at(location[:-1]), n=1)
        return _error(location, "unknown setting" + (f"; did you mean {near[0]}?" if near else ""), lines)
    if detail["type"] == "union_tag_not_found":
        return _error((*location, "type"), "this setting is required", lines)
    if detail["type"] == "missing":
        return _error(location, "this setting is required", lines)
    return _error(location, str(detail["msg"]).removeprefix("Value error, "), lines)


def _error(location: tuple[str | int, ...], what: str, lines: dict[tuple[str | int, ...], int]) -> str:
    line = line_of(location, lines)
    where = f"line {line}: " if line is not None else ""
    return f"{where}{'.'.join(str(part) for part in location)}: {what}"


def _names_at(location: tuple[str | int, ...]) -> list[str]:
    tables: dict[str, tuple[type[BaseModel], ...]] = {
        "station": (Station,),
        "store": (Store,),
        "enterprise": (Enterprise,),
        "signer": (SoftwareSigner, Pkcs11Signer),
        "channel": (SftpChannel, FolderChannel),
        "mapping": (Mapping,),
        "figures": (OwnFigures,),
        "codes": (Codes,),
    }
    models = tables.get(str(location[0]), ()) if location else (Settings,)
    return [name for model in models for name in model.model_fields if name != "base"]


def _references(settings: Settings, lines: dict[tuple[str | int, ...], int]) -> list[str]:
    """Names that name nothing, and names given twice."""
    errors: list[str] = []
    seen: dict[str, set[str]] = {"name": set(), "folder": set()}
    for index, enterprise in enumerate(settings.enterprise):
        for key, known in (("signer", settings.signer), ("channel", settings.channel)):
            wanted = getattr(enterprise, key)
            if wanted not in known:
                near = difflib.get_close_matches(wanted, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                errors.append(_error(("enterprise", index, key), f"there is no [{key}.{wanted}]{hint}", lines))
        for name in enterprise.mapping:
            if name not in settings.mapping:
                errors.append(_error(("enterprise", index, "mapping"), f"there is no [mapping.{name}]", lines))
        for key, given in (("name", enterprise.name), ("folder", str(settings.folder(enterprise)))):
            if given in seen[key]:
                errors.append(_error(("enterprise", index, key), f"{given} is used by two enterprises", lines))
            seen[key].add(given)
    return errors
