"""The settings of the signer kind "pkcs11"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cebd.settings_table import Secret, Text
from cebd.signing.signers.kind import HexDigits, Lack, SignerContext, SignerKind, SignerSettings
from cebd.signing.signers.libraries import library_lacks
from cebd.signing.signers.sm2_numbers import Sm2Numbers

if TYPE_CHECKING:
    from cebd.signing.tokens.client import TokenSigner


class Pkcs11Settings(SignerSettings):
    """A hardware token through its maker's PKCS#11 library."""

    type: Literal["pkcs11"]
    module: Path = Field(description="that library's file", examples=["/usr/lib/softhsm/libsofthsm2.so"])
    token: Text = Field(
        description="the token's label, or its serial number where several have that label", examples=["EPORT"]
    )
    pin: Secret = Field(
        description="its PIN; one that is refused is not tried again", examples=[{"file": "secrets/token.pin"}]
    )
    key_label: str | None = Field(None, description="only needed where the token holds several keys", examples=["sign"])
    key_id: HexDigits | None = Field(None, description="the same by its id (CKA_ID), in hex digits", examples=["01"])
    cert_label: str | None = Field(
        None, description="only needed where the token holds several certificates", examples=["sign"]
    )
    cert_serial: HexDigits | None = Field(
        None,
        description="only needed to let no other certificate sign: its number, as cebd status shows it",
        examples=["0a1b2c"],
    )

    sm2: Sm2Numbers | None = Field(
        None,
        description='What an SM2 token calls SM2: its maker, or `key_type`, `mechanism` and what it `signs` ("digest" or "text").',
        examples=[{"maker": "sansec"}],
    )

    def certificate_number(self) -> str | None:
        return self.cert_serial


def _open(wanted: Pkcs11Settings, context: SignerContext) -> TokenSigner:
    from cebd.signing.signers.token_signers import token_signer
    from cebd.signing.sm2 import DEFAULT_ID
    from cebd.signing.tokens.pkcs11.driver import Pkcs11Token
    from cebd.signing.tokens.pkcs11.keys import Wanted

    sm2 = wanted.sm2.call() if wanted.sm2 is not None else None
    sm2_id = wanted.sm2_id or DEFAULT_ID
    keys = Wanted(wanted.key_label, wanted.key_id, sm2, sm2_id)
    driver = Pkcs11Token(str(context.base / wanted.module), wanted.token, keys, wanted.cert_label)
    return token_signer(driver, wanted.pin, wanted.cert_serial, sm2_id, context)


def _presence(wanted: Pkcs11Settings, base: Path, load_libraries: bool) -> Iterator[Lack]:
    import importlib.util

    if not load_libraries:
        return
    if importlib.util.find_spec("pkcs11") is None:
        en = "python-pkcs11 is not installed here: install cebd anew, it brings it along"
        yield Lack("type", en, "此处没有安装 python-pkcs11，请重新安装 cebd")
        return
    yield from library_lacks("module", base / wanted.module, "C_GetFunctionList", "PKCS#11")


PKCS11 = SignerKind("pkcs11", Pkcs11Settings, _open, _presence)
