"""What signs: a key somewhere, and the certificate that goes with it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Protocol, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cebd.clock import CST
from cebd.problems.problem import Problem, problem
from cebd.signing.profile import Profile, profile_of


class TokenError(Exception):
    """The token cannot sign now, and may later: unplugged, busy, no such slot. Work waits.

    `problem` is an id of the catalogue, `party` whose matter it is (`cebd.store.conditions.Party`).
    """

    problem = "CEBD-1501"
    party = "token"

    def said(self, value: object = None) -> Problem:
        """The problem for people; `value` is what it is about (a message)."""
        return problem(self.problem, value=value, reason=str(self))

    def on(self, token: str) -> Self:
        """The same error, its text led by the token's name."""
        self.args = (f"{token}: {self}",)
        return self


class TokenAway(TokenError):
    """No token of that name, or one that was pulled out: nobody has looked at the PIN. The library started anew may find it."""


class PinRefused(TokenError):
    """The PIN is wrong. It is never tried again, so that the token does not lock."""

    problem = "CEBD-1502"
    party = "administrator"


class PinUnusable(TokenError):
    """What stands where the PIN should be can be none: no token is shown it, for that could cost a try."""

    problem = "CEBD-1520"
    party = "administrator"


class CertificateNotValid(TokenError):
    """The certificate is not valid now: customs would refuse what it signs. The text names serial and validity."""

    problem = "CEBD-1503"
    party = "administrator"

    def __init__(self, certificates: Sequence[Certificate], now: datetime) -> None:
        """Of several that could sign at another time, the one that is nearest is said."""
        later = [certificate for certificate in certificates if certificate.x509.not_valid_before_utc > now]
        if later:
            self.problem = "CEBD-1521"
            nearest = min(later, key=lambda certificate: certificate.x509.not_valid_before_utc)
            moment = nearest.x509.not_valid_before_utc
        else:
            nearest = max(certificates, key=lambda certificate: certificate.x509.not_valid_after_utc)
            moment = nearest.x509.not_valid_after_utc
        listed = ", ".join(sorted(map(str, certificates)))
        self._number, self._date = nearest.number, f"{moment.astimezone(CST):%Y-%m-%d %H:%M}"
        super().__init__(listed)

    def said(self, value: object = None) -> Problem:
        """See TokenError; names the certificate, and since or until when it is valid."""
        return problem(self.problem, value=value, reason=str(self), number=self._number, date=self._date)


@dataclass(frozen=True)
class Certificate:
    """The signing certificate as messages carry it."""

    x509: x509.Certificate

    @classmethod
    @lru_cache(16)  # it is read back out of every message it signed
    def from_der(cls, der: bytes) -> Certificate:
        """Raises ValueError for what is no certificate."""
        try:
            return cls(x509.load_der_x509_certificate(der))
        except x509.InvalidVersion as error:
            raise ValueError(str(error)) from None

    @cached_property
    def base64(self) -> str:
        """base64 DER, as ds:X509Certificate has it."""
        return base64.b64encode(self.x509.public_bytes(Encoding.DER)).decode()

    @cached_property
    def number(self) -> str:
        """The certificate number of ds:KeyName: lower-case hex of the serial."""
        digits = f"{self.x509.serial_number:x}"
        return digits.zfill(len(digits) + len(digits) % 2)

    @cached_property
    def profile(self) -> Profile:
        """How its key signs. Raises TypeError, naming the kind of key, when no profile is for it."""
        return profile_of(self.x509)

    def valid_at(self, moment: datetime) -> bool:
        """Whether the moment lies in the certificate's validity."""
        return self.x509.not_valid_before_utc <= moment.astimezone(UTC) <= self.x509.not_valid_after_utc

    def may_sign(self) -> bool:
        """Whether its key usage allows signatures; tokens also hold certificates for encryption (RFC 5280 4.2.1.3)."""
        try:
            usage = self.x509.extensions.get_extension_for_class(x509.KeyUsage).value
        except (x509.ExtensionNotFound, ValueError):
            return True
        return usage.digital_signature or usage.content_commitment

    def __str__(self) -> str:
        """Serial and validity, by which a person tells certificates apart."""
        return f"{self.number} ({self.x509.not_valid_before_utc:%Y-%m-%d} .. {self.x509.not_valid_after_utc:%Y-%m-%d})"


def require_valid(certificate: Certificate, now: datetime) -> None:
    """Raises CertificateNotValid, naming the certificate."""
    if not certificate.valid_at(now):
        raise CertificateNotValid([certificate], now)


class Signer(Protocol):
    """Signs a canonical SignedInfo by its profile."""

    @property
    def profile(self) -> Profile:
        """How it signs: that of its certificate. Raises TokenError."""
        ...

    def certificate(self) -> Certificate:
        """The signing certificate. Raises TokenError."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature value over `data`. Raises TokenError, PinRefused."""
        ...

    def close(self) -> None:
        """Let go of the token."""
        ...


class Gate(Protocol):
    """Whether a token may be used; asked before it is shown a PIN, and before its certificate signs. `token` is its serial number."""

    def before_login(self, token: str, model: str, certificates: Callable[[], Sequence[Certificate]]) -> None:
        """`certificates`: those that the token shows without a login. Raises TokenError."""
        ...

    def before_use(self, token: str, model: str, certificate: Certificate) -> None:
        """Raises TokenError."""
        ...
