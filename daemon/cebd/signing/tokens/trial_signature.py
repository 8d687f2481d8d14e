"""Which way of signing is that of a certificate: by a signature that holds. It tells whether the key is the certificate's as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha1

from cryptography.exceptions import InvalidSignature

from cebd.signing.profile import profile_of
from cebd.signing.signer import Certificate, TokenError
from cebd.signing.sm2 import RAW_BYTES, Sm2Missing
from cebd.signing.tokens.driver import DeviceFault

_TRIAL = b"cebd: does this key belong to this certificate?"
_SHA1_DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")  # RFC 8017 section 9.2, note 1
_FIELD = 32

Sign = Callable[[bytes], bytes]
"""The signature value over a text."""


class Declined(DeviceFault):
    """The token does not sign in this way, or not by this key; nothing else is wrong with it."""


def way_that_holds(ways: Iterable[Sign], certificate: Certificate, sm2_id: str) -> Sign | None:
    """The first whose signature is the certificate's; None when no signature is. Raises TokenError, as the ways do."""
    profile = profile_of(certificate.x509, sm2_id)
    for sign in ways:
        try:
            profile.verify(certificate.x509, sign(_TRIAL), _TRIAL)
        except (InvalidSignature, Declined):
            continue
        except Sm2Missing as error:
            raise TokenError(str(error), error.zh) from None
        return sign
    return None


def sha1_digest(data: bytes) -> bytes:
    """20 bytes."""
    return sha1(data).digest()  # noqa: S324  the profile of older certificates


def sha1_digest_info(data: bytes) -> bytes:
    """The DigestInfo, in DER, that an RSA signature is made of."""
    return _SHA1_DIGEST_INFO + sha1_digest(data)


def padded(told: bytes, size: int) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017 section 9.2): the block of `size` bytes that a bare RSA key signs."""
    return b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told


def raw_of_fields(content: bytes) -> bytes:
    """r and s, 32 bytes each, of what a library has written into 128 zeros: two fields of 64 bytes (ECCSIGNATUREBLOB, ECCSignature) with
    the number at the right, or two of 32 as libraries for keys of 256 bits have them. Raises DeviceFault for any other form.
    """
    long = [content[at : at + 2 * _FIELD] for at in (0, 2 * _FIELD)]
    if not any(long[1]):
        return content[:RAW_BYTES]
    if any(any(field[:_FIELD]) for field in long):
        raise DeviceFault("a signature that is not of two numbers of 32 bytes", "签名值不是两个 32 字节的数")
    return b"".join(field[_FIELD:] for field in long)
