"""The contract of a signer: a private key, wherever it is, and its certificate."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol, Self, runtime_checkable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cebd.clock import CST
from cebd.problems.problem import Problem, problem
from cebd.signing.profile import Profile, profile_of
from cebd.signing.sm2 import DEFAULT_ID


class TokenError(Exception):
    """The token cannot sign now, and may later: unplugged, busy, no such slot. Work waits.

    `problem` is an id of the catalogue, `party` is who deals with it (`cebd.store.conditions.Party`). `zh` is the reason in Chinese;
    without it, the reason of a library stands in both languages.
    """

    problem = "CEBD-1501"
    party = "token"

    def __init__(self, reason: str, zh: str | None = None) -> None:
        super().__init__(reason)
        self.zh = reason if zh is None else zh

    def said(self, value: object = None) -> Problem:
        """The problem for people. `value`: the message or signer concerned."""
        return problem(self.problem, value=value, reason=str(self), reason_zh=self.zh)

    def on(self, token: str) -> Self:
        """The same error, its texts led by the token's name."""
        self.args = (f"{token}: {self}",)
        self.zh = f"{token}：{self.zh}"
        return self


class TokenAway(TokenError):
    """No token of that name, or it was pulled out: the PIN was not looked at. A restarted library may see the token."""


class PinRefused(TokenError):
    """The PIN is wrong. It is never tried again, so that the token does not lock."""

    problem = "CEBD-1502"
    party = "administrator"


class PinWithheld(PinRefused):
    """The token says that it is locked, or that the next wrong PIN locks it: none is shown, whichever it is."""

    problem = "CEBD-1536"


class PinUnusable(TokenError):
    """The setting's text cannot be a PIN. It is never shown to a token, for that could cost a try."""

    problem = "CEBD-1520"
    party = "administrator"


class PinNotKept(TokenError):
    """What comes of a PIN cannot be written down; so none is shown, for it might be shown again and again."""

    problem = "CEBD-1525"
    party = "administrator"


class CertificateNotValid(TokenError):
    """The certificate is not valid now: customs would refuse what it signs. The text names serial and validity."""

    problem = "CEBD-1503"
    party = "administrator"

    def __init__(self, certificates: Sequence[Certificate], now: datetime) -> None:
        """The problem names the certificate that becomes valid next, or else the one that expired last."""
        self.certificates = tuple(certificates)
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
    @lru_cache(16)  # every signed message carries its certificate, which is parsed when the signature is verified
    def from_der(cls, der: bytes) -> Certificate:
        """Raises ValueError for bytes that are not a certificate."""
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
        """The signature profile of its key, with the usual user id of SM2. Raises TypeError, naming the kind of key, when no profile
        supports it."""
        return profile_of(self.x509, DEFAULT_ID)

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
        """The signature profile of its certificate. Raises TokenError."""
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


class PinTries(NamedTuple):
    """What a token says of its PIN. `left`: None where it does not count aloud; `is_low`: a wrong PIN was entered since the last right one;
    `is_last`: one more wrong PIN locks it, or it is locked."""

    left: int | None = None
    is_low: bool = False
    is_last: bool = False


@runtime_checkable
class SaysTries(Protocol):
    """A signer whose token says how many tries are left. `tries`: as it was opened last; None before."""

    tries: PinTries | None


class Gate(Protocol):
    """Decides whether a token may be used, before it is shown a PIN and before its certificate signs. `token` is its serial number."""

    def before_login(self, token: str, model: str, certificates: Callable[[], Sequence[Certificate]]) -> None:
        """`certificates` reads the certificates that the token shows without a login. Raises TokenError."""
        ...

    def before_use(self, token: str, model: str, certificate: Certificate) -> None:
        """Raises TokenError."""
        ...
