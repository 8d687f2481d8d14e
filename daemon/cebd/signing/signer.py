"""What signs: a key somewhere, and the certificate that goes with it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding


class TokenError(Exception):
    """The token cannot sign now, and may later: unplugged, busy, no such slot. Work waits."""


class PinRefused(TokenError):
    """The PIN is wrong. It is never tried again, so that the token does not lock."""


@dataclass(frozen=True)
class Certificate:
    """The signing certificate as messages carry it."""

    x509: x509.Certificate

    @classmethod
    def from_der(cls, der: bytes) -> Certificate:
        return cls(x509.load_der_x509_certificate(der))

    @cached_property
    def base64(self) -> str:
        """base64 DER, as ds:X509Certificate has it."""
        return base64.b64encode(self.x509.public_bytes(Encoding.DER)).decode()

    @cached_property
    def number(self) -> str:
        """The certificate number of ds:KeyName: lower-case hex of the serial."""
        digits = f"{self.x509.serial_number:x}"
        return digits.zfill(len(digits) + len(digits) % 2)

    @property
    def rsa_key(self) -> rsa.RSAPublicKey:
        """The public key. Raises TypeError for a key of another kind."""
        key = self.x509.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise TypeError(f"the certificate's key is no RSA key but {type(key).__name__}")
        return key

    def valid_at(self, moment: datetime) -> bool:
        """Whether the moment lies in the certificate's validity."""
        return self.x509.not_valid_before_utc <= moment.astimezone(UTC) <= self.x509.not_valid_after_utc


class Signer(Protocol):
    """Signs the digest of a canonical SignedInfo by the RSA profile (SHA-1, PKCS#1 v1.5)."""

    def certificate(self) -> Certificate:
        """The signing certificate. Raises TokenError."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data`. Raises TokenError, PinRefused."""
        ...

    def close(self) -> None:
        """Let go of the token."""
        ...
