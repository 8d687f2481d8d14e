"""The settings of the signer kind "pkcs11"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from cebd.settings_table import Secret, Text, mistake
from cebd.signing.signers.kind import Lack, SignerContext, SignerKind, SignerSettings

if TYPE_CHECKING:
    from cebd.signing.signers.pkcs11 import Pkcs11Signer


def _a_number(given: str) -> str:
    if re.fullmatch(r"([0-9a-fA-F]{2})+", given):
        return given.lower()
    raise mistake(
        "is the certificate's number in hex digits, two for each byte", "应为证书序列号的十六进制数字（每字节两位）"
    )


CertificateNumber = Annotated[str, AfterValidator(_a_number)]
"""A certificate's number in hex, as `cebd status` shows it: no other certificate signs."""


class Pkcs11Settings(SignerSettings):
    """A hardware token through its maker's PKCS#11 library."""

    type: Literal["pkcs11"]
    module: Path = Field(description="that library's file", examples=["/usr/lib/softhsm/libsofthsm2.so"])
    token: Text = Field(description="the token's label", examples=["EPORT"])
    pin: Secret = Field(
        description="its PIN; one that is refused is not tried again", examples=[{"file": "secrets/token.pin"}]
    )
    key_label: str | None = Field(None, description="only needed where the token holds several keys", examples=["sign"])
    cert_label: str | None = Field(
        None, description="only needed where the token holds several certificates", examples=["sign"]
    )
    cert_serial: CertificateNumber | None = Field(
        None,
        description="only needed to let no other certificate sign: its number, as cebd status shows it",
        examples=["0a1b2c"],
    )

    def certificate_number(self) -> str | None:
        return self.cert_serial


def _open(wanted: Pkcs11Settings, context: SignerContext) -> Pkcs11Signer:
    from cebd.clock import SystemClock
    from cebd.signing.signers.pin_note import PinNote
    from cebd.signing.signers.pkcs11 import Pkcs11Signer

    note = PinNote(context.pin_note, wanted.pin, context.base)
    return Pkcs11Signer(
        str(context.base / wanted.module),
        wanted.token,
        note.read_pin,
        wanted.key_label,
        wanted.cert_label,
        on_refused=lambda: note.write(SystemClock()),
        gate=context.gate,
        number=wanted.cert_serial,
    )


def _presence(wanted: Pkcs11Settings, base: Path, load_libraries: bool) -> Iterator[Lack]:
    import ctypes
    import importlib.util

    if not load_libraries:
        return
    if importlib.util.find_spec("pkcs11") is None:
        en = "python-pkcs11 is not installed here: install cebd anew, it brings it along"
        yield Lack("type", en, "此处没有安装 python-pkcs11，请重新安装 cebd")
        return
    path = base / wanted.module
    try:
        _ = ctypes.CDLL(str(path)).C_GetFunctionList
    except (OSError, AttributeError) as error:
        reason = "it has no C_GetFunctionList" if isinstance(error, AttributeError) else str(error)
        yield Lack("module", f"{path} is no PKCS#11 library: {reason}", f"{path} 不是 PKCS#11 库：{reason}")


PKCS11 = SignerKind("pkcs11", Pkcs11Settings, _open, _presence)
