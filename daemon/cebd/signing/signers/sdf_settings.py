"""The settings of the signer kind "sdf"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from cebd.settings_table import Secret, Text
from cebd.signing.signers.kind import HexDigits, Lack, SignerContext, SignerKind, SignerSettings
from cebd.signing.signers.libraries import library_lacks
from cebd.signing.signers.makers import with_makers_values
from cebd.signing.signers.sm2_numbers import Number

if TYPE_CHECKING:
    from cebd.signing.tokens.client import TokenSigner


class SdfSettings(SignerSettings):
    """A crypto machine or card through its maker's SDF library (GM/T 0018). Not tried on a real one yet.

    Each signer has one session. A machine that allows several may be named in several, which an enterprise then names side by side.
    """

    type: Literal["sdf"]
    library: Path = Field(
        description="that library's file, with the maker's own settings beside it", examples=["/opt/machine/libsdf.so"]
    )
    key: Number = Field(description="the number of the key for signatures", examples=[1])
    cert: Path = Field(
        description="its certificate, PEM or DER: such a machine keeps none", examples=["keys/eport.cert.pem"]
    )
    password: Secret | None = Field(
        None,
        description="the key's, where the machine asks for one; one that is refused is not tried again",
        examples=[{"file": "secrets/machine.password"}],
    )
    password_key: Number | None = Field(
        None,
        description="the number that the password is shown for, only where it is another than the key's: some machines count SM2 keys"
        " behind their RSA keys there",
        examples=[51],
    )
    maker: Text | None = Field(
        None,
        description="only where cebd knows what its library wants, in the place of `algorithm`",
        examples=["secgear"],
    )
    algorithm: Number | None = Field(
        None,
        description="only for a library that is to be told an algorithm with each SM2 signature: its number (SGD_SM2)",
        examples=[0x00020100],
    )
    cert_serial: HexDigits | None = Field(
        None,
        description="only needed to let no other certificate of the file sign: its number, as cebd status shows it",
        examples=["0a1b2c"],
    )

    @model_validator(mode="before")
    @classmethod
    def _as_its_maker(cls, given: object) -> object:
        return with_makers_values("sdf", given)

    def certificate_number(self) -> str | None:
        return self.cert_serial


def _open(wanted: SdfSettings, context: SignerContext) -> TokenSigner:
    from cebd.signing.signers.token_signers import token_signer
    from cebd.signing.sm2 import DEFAULT_ID
    from cebd.signing.tokens.sdf.driver import SdfKey

    sm2_id = wanted.sm2_id or DEFAULT_ID
    library, cert = (str((context.base / path).absolute()) for path in (wanted.library, wanted.cert))
    driver = SdfKey(library, wanted.key, cert, wanted.algorithm, sm2_id, wanted.password_key)
    return token_signer(driver, wanted.password, wanted.cert_serial, sm2_id, context)


def _presence(wanted: SdfSettings, base: Path, load_libraries: bool) -> Iterator[Lack]:
    from cebd.signing.signer import TokenError
    from cebd.signing.tokens.certificate_file import read_certificates

    try:
        read_certificates(base / wanted.cert)
    except TokenError as error:
        yield Lack("cert", str(error), error.zh)
    if load_libraries:
        yield from library_lacks("library", base / wanted.library, "SDF_OpenDevice", "SDF")


SDF = SignerKind("sdf", SdfSettings, _open, _presence)
