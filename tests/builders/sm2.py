"""What OpenSSL's command line says of SM2 signatures: nothing of cebd is in it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from asn1crypto.core import Integer, SequenceOf
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

ID = "1234567812345678"


class _Numbers(SequenceOf):  # type: ignore[misc]
    _child_spec = Integer


def as_der(raw: bytes) -> bytes:
    """SEQUENCE { r INTEGER, s INTEGER } of a value of 64 bytes."""
    assert len(raw) == 64
    numbers = [int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")]
    return bytes(_Numbers(numbers).dump())


def openssl_accepts_sm2(certificate: x509.Certificate, raw: bytes, data: bytes, user_id: str = ID) -> bool:
    """Whether the value of 64 bytes over the data is by the certificate's key."""
    with tempfile.TemporaryDirectory(prefix="cebd-") as name:
        folder = Path(name)
        for file, content in (("c", certificate.public_bytes(Encoding.PEM)), ("s", as_der(raw)), ("m", data)):
            (folder / file).write_bytes(content)
        command = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-rawin",
            "-digest",
            "sm3",
            "-certin",
            "-inkey",
            "c",
            "-sigfile",
            "s",
        ]
        asked = [*command, "-in", "m", "-pkeyopt", f"distid:{user_id}"]
        return subprocess.run(asked, cwd=folder, capture_output=True, check=False).returncode == 0
