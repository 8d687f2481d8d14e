"""Keys and self-signed certificates of the two parties, made once in the folder of the customs side, and the port of the station's door."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cebd.as2.cms import Own

STATION, CUSTOMS = "DXPENT0000010001", "DXPEDCCEB0000002"
_YEARS = timedelta(days=3650)


def own(folder: Path, name: str) -> Own:
    """The party's key and certificate, which are made where they are not there."""
    cert, key = cert_of(folder, name), key_of(folder, name)
    if not cert.exists():
        _make(cert, key, name)
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)  # noqa: S101
    return Own(x509.load_pem_x509_certificate(cert.read_bytes()), loaded)


def cert_of(folder: Path, name: str) -> Path:
    return folder / f"as2.{name}.cert.pem"


def key_of(folder: Path, name: str) -> Path:
    return folder / f"as2.{name}.key.pem"


def door_port(folder: Path) -> int:
    """Where the station listens: a port that was free when it was first asked for."""
    path = folder / "as2.door"
    if not path.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            path.write_text(str(probe.getsockname()[1]), encoding="ascii")
    return int(path.read_text(encoding="ascii"))


def _make(cert: Path, key: Path, name: str) -> None:
    made, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, made.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _YEARS)
    content = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    cert.write_bytes(builder.sign(made, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
