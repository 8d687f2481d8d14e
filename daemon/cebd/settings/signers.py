"""[signer.NAME]: who signs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cebd.settings_table import Secret, Table, Text

CertificateNumber = Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{2})+$", to_lower=True)]
"""A certificate's number in hex, as `cebd status` shows it: no other certificate signs."""


class SoftwareSigner(Table):
    """A key in a file (PEM or PKCS#12): for trials and tests."""

    type: Literal["software"]
    key: Path
    cert: Path | None = None
    password: Secret | None = None


class Pkcs11Signer(Table):
    """A hardware token through its PKCS#11 library."""

    type: Literal["pkcs11"]
    module: Path
    token: Text
    pin: Secret
    key_label: str | None = None
    cert_label: str | None = None
    cert_serial: CertificateNumber | None = None


Signer = Annotated[SoftwareSigner | Pkcs11Signer, Field(discriminator="type")]
