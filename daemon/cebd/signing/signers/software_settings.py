"""The settings of the signer kind "software"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cebd.settings_table import Secret, SecretError
from cebd.signing.signers.kind import Lack, SignerContext, SignerKind, SignerSettings

if TYPE_CHECKING:
    from cebd.signing.signers.software import SoftwareSigner


class SoftwareSettings(SignerSettings):
    """A key in a file: for trials. In production it is a mistake for an enterprise to sign with it."""

    type: Literal["software"]
    key: Path = Field(description="PEM with `cert`, or PKCS#12 without", examples=["keys/trial.key.pem"])
    cert: Path | None = Field(None, description="its certificate, in PEM", examples=["keys/trial.cert.pem"])
    password: Secret | None = Field(
        None, description="of the key, where it has one", examples=[{"file": "secrets/trial.password"}]
    )


def _open(wanted: SoftwareSettings, context: SignerContext) -> SoftwareSigner:
    from cebd.signing.signers.software import SoftwareSigner

    return SoftwareSigner.load(*_files(wanted, context.base), context.gate)


def _presence(wanted: SoftwareSettings, base: Path, _load_libraries: bool) -> Iterator[Lack]:
    from cebd.signing.signer import TokenError
    from cebd.signing.signers.software import read_key

    try:
        read_key(*_files(wanted, base))
    except TokenError as error:
        yield Lack("key", str(error), error.zh)


def _files(wanted: SoftwareSettings, base: Path) -> tuple[Path, Path | None, str | None]:
    """Key, certificate and password. Raises TokenError."""
    from cebd.signing.signer import TokenError

    try:
        password = wanted.password.read(base) if wanted.password else None
    except SecretError as error:
        raise TokenError(str(error), f"读不到口令：{error}") from None
    return base / wanted.key, base / wanted.cert if wanted.cert else None, password


SOFTWARE = SignerKind("software", SoftwareSettings, _open, _presence, for_trials=True, can_be_lost=False)
