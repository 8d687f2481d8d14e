"""The settings of the signer kind "skf"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from cebd.settings_table import Secret, Text
from cebd.signing.signers.kind import HexDigits, Lack, SignerContext, SignerKind, SignerSettings
from cebd.signing.signers.libraries import library_lacks
from cebd.signing.signers.makers import with_makers_values

if TYPE_CHECKING:
    from cebd.signing.tokens.client import TokenSigner


class SkfSettings(SignerSettings):
    """A USB key or card through its maker's SKF library (GM/T 0016), as most with an SM2 key have one. Not tried on a real one yet."""

    type: Literal["skf"]
    library: Path = Field(description="that library's file", examples=["/opt/eport/libskf.so"])
    device: Text = Field(
        description="the key's label, its serial number, or the name that the library gives it", examples=["EPORT"]
    )
    pin: Secret = Field(
        description="its PIN; one that is refused is not tried again", examples=[{"file": "secrets/token.pin"}]
    )
    maker: Text | None = Field(
        None, description="only where cebd knows what its keys want, in the place of `application`", examples=["bjca"]
    )
    application: Text | None = Field(None, description="only needed where it holds several", examples=["EPORT-APP"])
    container: Text | None = Field(
        None, description="only needed where several containers could sign", examples=["sign"]
    )
    cert_serial: HexDigits | None = Field(
        None,
        description="only needed to let no other certificate sign: its number, as cebd status shows it",
        examples=["0a1b2c"],
    )

    @model_validator(mode="before")
    @classmethod
    def _as_its_maker(cls, given: object) -> object:
        return with_makers_values("skf", given)

    def certificate_number(self) -> str | None:
        return self.cert_serial


def _open(wanted: SkfSettings, context: SignerContext) -> TokenSigner:
    from cebd.signing.signers.token_signers import token_signer
    from cebd.signing.sm2 import DEFAULT_ID
    from cebd.signing.tokens.skf.driver import SkfToken

    sm2_id = wanted.sm2_id or DEFAULT_ID
    library = str(context.base / wanted.library)
    driver = SkfToken(library, wanted.device, wanted.application, wanted.container, sm2_id)
    return token_signer(driver, wanted.pin, wanted.cert_serial, sm2_id, context)


def _presence(wanted: SkfSettings, base: Path, load_libraries: bool) -> Iterator[Lack]:
    return library_lacks("library", base / wanted.library, "SKF_EnumDev", "SKF") if load_libraries else iter(())


SKF = SignerKind("skf", SkfSettings, _open, _presence)
