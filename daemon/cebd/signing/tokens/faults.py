"""A TokenError, told from the process that has the token to the one that signs with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from cebd.signing.signer import (
    Certificate,
    CertificateNotValid,
    PinNotKept,
    PinRefused,
    PinUnusable,
    PinWithheld,
    TokenAway,
    TokenError,
)
from cebd.signing.tokens.driver import DeviceFault, LibraryBroken, NotListed

_KINDS = {
    kind.__name__: kind
    for kind in (
        TokenError,
        TokenAway,
        PinRefused,
        PinWithheld,
        PinUnusable,
        PinNotKept,
        DeviceFault,
        LibraryBroken,
        NotListed,
    )
}
_NOT_VALID = CertificateNotValid.__name__

PlainFault = tuple[str, str, str, tuple[bytes, ...]]


def plain_fault(error: TokenError) -> PlainFault:
    """Its kind, its two texts, and the certificates that it is about."""
    if isinstance(error, CertificateNotValid):
        return _NOT_VALID, str(error), error.zh, plain_certificates(error.certificates)
    kind = type(error).__name__
    return kind if kind in _KINDS else TokenError.__name__, str(error), error.zh, ()


def fault_of(plain: PlainFault, now: datetime) -> TokenError:
    """The same error. `now`: by which the certificates were found not to be valid."""
    kind, en, zh, certificates = plain
    if kind != _NOT_VALID:
        return _KINDS[kind](en, zh)
    error = CertificateNotValid([Certificate.from_der(der) for der in certificates], now)
    error.args, error.zh = (en,), zh
    return error


def plain_certificates(certificates: Sequence[Certificate]) -> tuple[bytes, ...]:
    """Their DER."""
    return tuple(certificate.x509.public_bytes(Encoding.DER) for certificate in certificates)
