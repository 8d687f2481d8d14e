"""A certificate authority for a test: RSA and SM2 keys, certificates as tokens carry them, and the files that tools want."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
from cryptography.x509.oid import NameOID

from cebd.signing.signer import Certificate
from cebd.signing.signers.software.signer import SoftwareSigner
from cebd.signing.sm2 import Sm2Key
from cebd.trial.sm2_keys import as_pem, new_key, with_sm2_key

DAY = timedelta(days=1)


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """An RSA-2048 key; the same name is the same key for the length of the process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def sm2_key(name: str) -> Sm2Key:
    """An SM2 key; the same name is the same key for the length of the process."""
    return new_key()


class Authority:
    """Issues certificates, valid from yesterday for a year unless said otherwise."""

    def __init__(self, name: str = "authority") -> None:
        self.name = name
        self.key = rsa_key(f"the key of {name}")
        self.certificate = self._certificate(name, self.key.public_key(), 1, -DAY, 365 * DAY, None, is_authority=True)

    def issue(
        self,
        public: CertificatePublicKeyTypes,
        serial: int = 0x0A1B2C,
        begins: timedelta = -DAY,
        ends: timedelta = 365 * DAY,
        usage: x509.KeyUsage | None = None,
    ) -> x509.Certificate:
        """A certificate; `begins` and `ends` count from now."""
        return self._certificate(f"enterprise {serial:x}", public, serial, begins, ends, usage, is_authority=False)

    def _certificate(
        self,
        name: str,
        public: CertificatePublicKeyTypes,
        serial: int,
        begins: timedelta,
        ends: timedelta,
        usage: x509.KeyUsage | None,
        *,
        is_authority: bool,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(public)
            .serial_number(serial)
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if usage is not None:
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self, folder: Path) -> Path:
        """The authority's certificate as a file."""
        return write_pem(folder / f"{self.name}.pem", self.certificate)


class Sm2Authority:
    """Issues certificates of SM2 keys, signed with SM2, as `Authority` does."""

    def __init__(self, name: str = "authority") -> None:
        self._like = Authority(name)
        self.key = sm2_key(f"the key of {name}")
        self.certificate = with_sm2_key(self._like.certificate, self.key.point, self.key)

    def issue(self, key: Sm2Key, *arguments: int | timedelta, **more: timedelta | x509.KeyUsage) -> x509.Certificate:
        """A certificate; the arguments are those of `Authority.issue`."""
        stand_in = self._like.issue(self._like.key.public_key(), *arguments, **more)  # type: ignore[arg-type]
        return with_sm2_key(stand_in, key.point, self.key)


def usage(*, signature: bool) -> x509.KeyUsage:
    """The key usage of a certificate for signatures, or of the one for encryption that tokens hold beside it."""
    return x509.KeyUsage(signature, signature, not signature, not signature, False, False, False, False, False)


def a_signer(authority: Authority, serial: int = 0x0A1B2C) -> SoftwareSigner:
    """A signer whose certificate the authority issued."""
    key = rsa_key("the enterprise's")
    return SoftwareSigner(key, Certificate(authority.issue(key.public_key(), serial)))


def an_sm2_signer(authority: Sm2Authority, serial: int = 0x0A1B2C) -> SoftwareSigner:
    """A signer whose SM2 certificate the authority issued."""
    key = sm2_key("the enterprise's")
    return SoftwareSigner(key, Certificate(authority.issue(key, serial)))


def write_pem(path: Path, certificate: x509.Certificate) -> Path:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def write_der(path: Path, certificate: x509.Certificate) -> Path:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    return path


def write_key(path: Path, key: PrivateKeyTypes, password: str | None = None) -> Path:
    """The key as PKCS#8 in PEM form."""
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        how = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))
    return path


def write_sm2_key(path: Path, key: Sm2Key, password: str | None = None) -> Path:
    """The key as PKCS#8 in PEM form, encrypted by OpenSSL."""
    if password is None:
        path.write_bytes(as_pem(key))
        return path
    plain = path.with_suffix(".plain")
    plain.write_bytes(as_pem(key))
    command = ["openssl", "pkcs8", "-topk8", "-in", plain, "-out", path, "-passout", "stdin"]
    subprocess.run(command, input=password.encode(), check=True, capture_output=True)
    plain.unlink()
    return path


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
