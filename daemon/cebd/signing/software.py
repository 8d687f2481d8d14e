"""A key in a file: PEM with its certificate beside it, or PKCS#12. For trials and tests."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from cebd.signing.signer import Certificate, TokenError


class SoftwareSigner:
    """Signs with an RSA key held in memory."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def load(cls, key: Path, cert: Path | None, password: str | None) -> SoftwareSigner:
        """Read the key. Without `cert` the file is PKCS#12. Raises TokenError, which never quotes the password."""
        secret = password.encode() if password else None
        try:
            if cert is None:
                private, certificate, _ = pkcs12.load_key_and_certificates(key.read_bytes(), secret)
            else:
                private = load_pem_private_key(key.read_bytes(), secret)
                certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        except OSError as error:
            raise TokenError(f"{error.filename}: {error.strerror}") from None
        except (ValueError, TypeError):
            raise TokenError(f"{key}: wrong password, or not a key file") from None
        if not isinstance(private, rsa.RSAPrivateKey) or certificate is None:
            raise TokenError(f"{key}: no RSA key with a certificate")
        if private.public_key() != certificate.public_key():
            raise TokenError(f"{key}: the certificate belongs to another key")
        return cls(private, Certificate(certificate))

    def certificate(self) -> Certificate:
        return self._certificate

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  the profile of older certificates

    def close(self) -> None:
        return
