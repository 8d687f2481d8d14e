"""The settings of the signer kind "software"."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cebd.secret_file import SecretError
from cebd.settings_table import Secret
from cebd.signing.signers.kind import Lack, SignerContext, SignerKind, SignerSettings

if TYPE_CHECKING:
    from cebd.signing.signers.software.signer import SoftwareSigner


class SoftwareSettings(SignerSettings):
    """A key in a file: for trials. In production it is a mistake for an enterprise to sign with it."""

    type: Literal["software"]
    key: Path = Field(description="RSA or SM2: PEM with `cert`, or PKCS#12 without", examples=["keys/trial.key.pem"])
    cert: Path | None = Field(None, description="its certificate, in PEM", examples=["keys/trial.cert.pem"])
    password: Secret | None = Field(
        None, description="of the key, where it has one", examples=[{"file": "secrets/trial.password"}]
    )


def _open(wanted: SoftwareSettings, context: SignerContext) -> SoftwareSigner:
    from cebd.signing.signers.software.signer import SoftwareSigner
    from cebd.signing.sm2 import DEFAULT_ID

    return SoftwareSigner.load(*_files(wanted, context.base), context.gate, wanted.sm2_id or DEFAULT_ID)


def _presence(wanted: SoftwareSettings, base: Path, _load_libraries: bool) -> Iterator[Lack]:
    """Asked every few seconds: a key is taken apart, which takes a while, only where something has changed since."""
    from cebd.signing.signer import TokenError
    from cebd.signing.signers.software.signer import read_key

    try:
        key, cert, password = _files(wanted, base)
        now = _digest(key, cert, password)
        if now is None or _sound.get((key, cert)) != now:
            read_key(key, cert, password)
            if now is not None:
                _sound[key, cert] = now
    except TokenError as error:
        yield Lack("key", str(error), error.zh)


_sound: dict[tuple[Path, Path | None], bytes] = {}  # digests of keys with their certificates that can be used


def _digest(key: Path, cert: Path | None, password: str | None) -> bytes | None:
    """Of all that a key is read from; None where that cannot be read."""
    try:
        parts = [path.read_bytes() for path in (key, cert) if path is not None]
    except OSError:
        return None
    return sha256(b"".join(sha256(part).digest() for part in (*parts, (password or "").encode()))).digest()


def _files(wanted: SoftwareSettings, base: Path) -> tuple[Path, Path | None, str | None]:
    """Key, certificate and password. Raises TokenError."""
    from cebd.signing.signer import TokenError

    try:
        password = wanted.password.read(base) if wanted.password else None
    except SecretError as error:
        raise TokenError(str(error), f"读不到口令：{error}") from None
    return base / wanted.key, base / wanted.cert if wanted.cert else None, password


SOFTWARE = SignerKind("software", SoftwareSettings, _open, _presence, for_trials=True, can_be_lost=False)
