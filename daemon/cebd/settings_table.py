"""What every table of the settings file is made of, and secrets: the settings say where they are, never what they are.

Each room may declare the settings of its own kinds with these; `cebd.settings` puts the file together.
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from cebd.secret_file import SecretError, read_secret, secret_is_there, typed_secret

NAME = r"^[\w][\w.-]{0,63}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False)]

MISTAKE = "mistake"
_LOADED = "secret"  # the folder's name in systemd/cebd@.service
NOT_USABLE = "CEBD-2001"  # the problem of a settings file that cannot be used


class Table(BaseModel):
    """A table of the file: no key that it does not know, and never changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def paths(self) -> dict[str, Path]:
        """By key, what must be there for the table to be of use, as written."""
        return {key: value for key, value in self if isinstance(value, Path)}

    def secrets(self) -> dict[str, Secret]:
        """By key, the secrets that must be readable."""
        return {key: value for key, value in self if isinstance(value, Secret)}


def is_this_machine(host: str | None) -> bool:
    """Whether the address or name, without a port, is one that only this machine itself can reach."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def address_of(given: str) -> SplitResult | None:
    """The address (`https://host:port/path`), taken apart; None where it has no host, or its port is no number."""
    try:
        address = urlsplit(given)
        host, _ = address.hostname, address.port
    except ValueError:
        return None
    return address if host else None


def http_address_of(given: str) -> SplitResult:
    """The same of an address of HTTP. Raises a mistake for any other text."""
    address = address_of(given)
    if address is None or address.scheme not in ("http", "https"):
        raise mistake("must be an address that begins with http:// or https://", "应以 http:// 或 https:// 开头")
    return address


def mistake(en: str, zh: str) -> PydanticCustomError:
    """A mistake of a value, in the words of both languages; to be raised in a validator. Braces in the texts stay as they are."""
    return PydanticCustomError(MISTAKE, "{en}", {"en": en, "zh": zh})


class SettingsError(Exception):
    """The settings cannot be used; `errors` has one line for a person per mistake, `zh` the same in Chinese where it is known."""

    def __init__(self, path: Path, errors: list[str], zh: list[str] | None = None) -> None:
        self.path = path
        self.errors = errors
        self.zh = errors if zh is None else zh
        lines = [f"{path}: {error}" for error in errors]
        if zh:
            lines = [f"{line}\n    {NOT_USABLE} {also}" for line, also in zip(lines, zh, strict=True)]
        super().__init__("\n".join(lines))

    @property
    def text(self) -> tuple[str, str]:
        """Every mistake on a line, in Chinese and in English."""
        zh, en = (
            "\n".join(f"{self.path}: {NOT_USABLE} {mistake}" for mistake in mistakes)
            for mistakes in (self.zh, self.errors)
        )
        return zh, en


class Secret(Table):
    """Where a secret is: exactly one of a file (one line), an environment variable, a systemd credential, a person at the terminal.

    `prompt`: the words that ask for it, once in the life of the process.
    """

    file: Path | None = None
    env: str | None = None
    credential: str | None = None
    prompt: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_inline(cls, given: object) -> object:
        if isinstance(given, str):
            raise mistake(
                'a secret is never written here; use { file = "..." }, { env = "..." }, { credential = "..." } or { prompt = "..." }',
                '口令不写在设置里；请用 { file = "..." }、{ env = "..." }、{ credential = "..." } 或 { prompt = "..." } 说明在哪里',
            )
        return given

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if sum(where is not None for where in (self.file, self.env, self.credential, self.prompt)) != 1:
            raise mistake(
                "name exactly one of file, env, credential and prompt", "file、env、credential、prompt 四者只写一个"
            )
        return self

    def place(self) -> str:
        """Where it is, in words."""
        if self.file is not None:
            return f"secret file {self.file}"
        if self.prompt is not None:
            return f"typed at the terminal: {self.prompt}"
        return f"environment variable {self.env}" if self.env is not None else f"systemd credential {self.credential}"

    def path(self, base: Path) -> Path | None:
        """The file; None where it is in none. Raises SecretError for a credential where systemd has given none."""
        if self.env is not None or self.prompt is not None:
            return None
        if self.credential is None:
            return base / (self.file or "")
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder is None:
            raise SecretError(f"systemd credential {self.credential}: CREDENTIALS_DIRECTORY is not set")
        # The unit loads a folder of files; systemd puts the name that the unit gives the folder before each of them.
        loaded = Path(folder) / f"{_LOADED}_{self.credential}"
        return loaded if loaded.exists() else Path(folder) / self.credential

    def read(self, base: Path) -> str:
        """The secret itself. Raises SecretError, which names the place and never the content."""
        path = self.path(base)
        if path is not None:
            return read_secret(path)
        return typed_secret(self.prompt) if self.prompt is not None else self._of_environment()

    def is_there(self, base: Path) -> bool:
        """Whether something is at its place; a person is expected to be. It is not read: who only asks has no secret in its memory.
        Raises SecretError."""
        path = self.path(base)
        if path is not None:
            return secret_is_there(path)
        return self.prompt is not None or bool(self._of_environment())

    def _of_environment(self) -> str:
        value = os.environ.get(self.env or "")
        if value is None:
            raise SecretError(f"environment variable {self.env} is not set")
        return value
