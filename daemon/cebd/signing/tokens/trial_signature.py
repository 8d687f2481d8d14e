"""Which way of signing is that of a certificate: by a signature that holds. It tells whether the key is the certificate's as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha1

from cryptography.exceptions import InvalidSignature

from cebd.signing.profile import profile_of, sm2_point
from cebd.signing.signer import Certificate, TokenError
from cebd.signing.sm2 import RAW_BYTES, Sm2Missing, digest_to_sign
from cebd.signing.tokens.driver import Declined, DeviceFault

TRIAL = b"cebd: does this key belong to this certificate?"
_SHA1_DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")  # RFC 8017 section 9.2, note 1
_FIELD = 32

Sign = Callable[[bytes], bytes]
"""The signature value over a text."""


class Ways:
    """How a token signs for each of its certificates; found once. `ways_of`: what may be tried for a certificate."""

    def __init__(self, token: str, sm2_id: str, ways_of: Callable[[Certificate], Iterable[Sign]]) -> None:
        self._token, self._sm2_id, self._ways_of = token, sm2_id, ways_of
        self._found: dict[Certificate, Sign | None] = {}

    def forget(self) -> None:
        """The token was opened anew."""
        self._found = {}

    def can_sign(self, certificate: Certificate) -> bool:
        """Whether one of the ways holds. Raises TokenError, as the ways do."""
        if certificate not in self._found:
            self._found[certificate] = way_that_holds(self._ways_of(certificate), certificate, self._sm2_id)
        return self._found[certificate] is not None

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        """Raises TokenError."""
        sign = self._found[certificate] if self.can_sign(certificate) else None
        if sign is None:
            raise DeviceFault(f"{self._token}: the key is gone", f"{self._token}：密钥不见了")
        return sign(data)


def way_that_holds(ways: Iterable[Sign], certificate: Certificate, sm2_id: str) -> Sign | None:
    """The first whose signature is the certificate's; None when no signature is. Raises TokenError, as the ways do."""
    profile = profile_of(certificate.x509, sm2_id)
    for sign in ways:
        try:
            profile.verify(certificate.x509, sign(TRIAL), TRIAL)
        except (InvalidSignature, Declined):
            continue
        except Sm2Missing as error:
            raise TokenError(str(error), error.zh) from None
        return sign
    return None


def sm2_way(certificate: Certificate, sm2_id: str, sign: Sign) -> Sign:
    """By a function that has 128 bytes of fields over a digest."""
    point = sm2_point(certificate.x509)
    return lambda data: raw_of_fields(sign(digest_to_sign(point, data, sm2_id)))


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
