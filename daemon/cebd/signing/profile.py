"""Signature profiles of specification chapter 6: a signature's methods and their computation. The certificate's key decides."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha1

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cebd.messages.description import DS
from cebd.signing.sm2 import DEFAULT_ID, holds, point_of, sm3

_SM2 = "http://www.chinaport.gov.cn/2022/04/xmldsig#"


@dataclass(frozen=True)
class Profile:
    """The two methods of a signature, never mixed.

    `name`: the kind of key. `methods`: signature and digest, for people. `digest`: of the bytes of a document. `verify`: certificate,
    signature value, signed bytes; raises cryptography's InvalidSignature, also for a value of another length than the profile has.
    """

    name: str
    methods: str
    signature_uri: str
    digest_uri: str
    digest: Callable[[bytes], bytes]
    verify: Callable[[x509.Certificate, bytes, bytes], None]


def rsa_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """The public key. Raises TypeError for a key of another kind."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):  # cryptography reads the certificate but not the key
        raise TypeError("the certificate's key is of a kind that is not known here, and no RSA key") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"the certificate's key is neither RSA nor SM2 but {type(key).__name__}")
    return key


def sm2_point(certificate: x509.Certificate) -> bytes:
    """x and y of the public key, 64 bytes. Raises TypeError for a key of another kind."""
    point = point_of(certificate)
    if point is None:
        raise TypeError("the certificate's key is no SM2 key")
    return point


def _sha1(document: bytes) -> bytes:
    return sha1(document).digest()  # noqa: S324  the profile of older certificates


def _verify_rsa_sha1(certificate: x509.Certificate, value: bytes, signed: bytes) -> None:
    rsa_key(certificate).verify(value, signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def _verify_sm2_sm3(user_id: str, certificate: x509.Certificate, value: bytes, signed: bytes) -> None:
    try:
        if holds(sm2_point(certificate), signed, value, user_id):
            return
    except ValueError:
        pass  # not 64 bytes
    raise InvalidSignature


RSA_SHA1 = Profile("RSA", "RSA-SHA1", f"{DS}rsa-sha1", f"{DS}sha1", _sha1, _verify_rsa_sha1)


@cache
def sm2_sm3(user_id: str) -> Profile:
    """The profile of SM2 certificates, for the user id that the customs side wants."""
    return Profile("SM2", "SM2-SM3", f"{_SM2}sm2-sm3", f"{_SM2}sm3", sm3, partial(_verify_sm2_sm3, user_id))


SM2_SM3 = sm2_sm3(DEFAULT_ID)


@cache
def sm2_of_before(user_id: str) -> Profile:
    """The methods that programs wrote for SM2 before the specification of 202205 named its own: read, never written."""
    return Profile("SM2", "SM2-SM3", f"{DS}sm2-sm3", f"{DS}sha1", _sha1, partial(_verify_sm2_sm3, user_id))


def profile_of(certificate: x509.Certificate, user_id: str) -> Profile:
    """The profile of the certificate's key. Raises TypeError, naming the kind of key, when no profile supports it."""
    if point_of(certificate) is not None:
        return sm2_sm3(user_id)
    rsa_key(certificate)
    return RSA_SHA1


def profiles_read(user_ids: Collection[str]) -> list[Profile]:
    """Every profile that a signature may have: those of today for these user ids of SM2, and then that of before."""
    return [RSA_SHA1, *map(sm2_sm3, user_ids), *map(sm2_of_before, user_ids)]
