"""Signature profiles of specification chapter 6: a signature's methods and their computation. The certificate's key decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cebd.messages.description import DS


@dataclass(frozen=True)
class Profile:
    """The two methods of a signature, never mixed.

    `digest`: of the bytes of a document. `verify`: certificate, signature value, signed bytes; raises cryptography's InvalidSignature.
    """

    name: str
    signature_uri: str
    digest_uri: str
    digest: Callable[[bytes], bytes]
    verify: Callable[[x509.Certificate, bytes, bytes], None]


def rsa_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """The public key. Raises TypeError for a key of another kind."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):  # an SM2 key: cryptography reads the certificate but not the key
        raise TypeError("the certificate's key is of a kind that is not known here, and no RSA key") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"the certificate's key is no RSA key but {type(key).__name__}")
    return key


def _sha1(document: bytes) -> bytes:
    return sha1(document).digest()  # noqa: S324  the profile of older certificates


def _verify_rsa_sha1(certificate: x509.Certificate, value: bytes, signed: bytes) -> None:
    rsa_key(certificate).verify(value, signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


RSA_SHA1 = Profile("RSA", f"{DS}rsa-sha1", f"{DS}sha1", _sha1, _verify_rsa_sha1)

PROFILES: tuple[Profile, ...] = (RSA_SHA1,)


def profile_of(certificate: x509.Certificate) -> Profile:
    """The profile of the certificate's key. Raises TypeError, naming the kind of key, when no profile supports it."""
    rsa_key(certificate)
    return RSA_SHA1


def profile_named(signature_uri: str | None) -> Profile:
    """The profile of this signature method; for an unknown method the profile to compare it with."""
    return next((profile for profile in PROFILES if profile.signature_uri == signature_uri), RSA_SHA1)
