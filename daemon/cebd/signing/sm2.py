"""SM2 with SM3 (GB/T 32918.2 and 32918.5): a certificate's point, the digest that is signed, the forms of a signature value.

cryptography has SM3 and no SM2: it reads the certificate but not the point in it, which asn1crypto does; gmssl-pyx makes and checks the
signatures. A digest computed here and signed as such is ten times as fast as handing gmssl-pyx the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from cebd.signing.c_errors import unheard

DEFAULT_ID = "1234567812345678"
"""The user id that customs and most others sign with (GB/T 35276)."""

CURVE = "1.2.156.10197.1.301"
SIGNATURE_ALGORITHM = "1.2.156.10197.1.501"
"""Of certificates: SM2 with SM3."""

RAW_BYTES = 64
_ELLIPTIC = "1.2.840.10045.2.1"  # the algorithm of all keys on elliptic curves
_NUMBER_BYTES = 32
_CURVE_PARAMETERS = bytes.fromhex(  # a, b, and the generator's x and y: GB/T 32918.5
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


class Sm2Missing(Exception):
    """gmssl-pyx is not installed: it comes with cebd where there is a wheel of it."""

    zh = "此处没有安装 SM2 所需的 gmssl-pyx：pip install gmssl-pyx"

    def __init__(self) -> None:
        super().__init__("SM2 needs gmssl-pyx, which is not installed here: pip install gmssl-pyx")


@dataclass(frozen=True)
class Sm2Key:
    """A private key: 32 bytes, and its point: x and y, 64 bytes."""

    secret: bytes = field(repr=False)
    point: bytes

    def sign(self, data: bytes, user_id: str) -> bytes:
        """The signature value over the text: r and s, 64 bytes. Raises Sm2Missing."""
        return raw_of(_gmssl().sm2_sign_sm3_digest(self.secret, digest_to_sign(self.point, data, user_id)))


def sm3(data: bytes) -> bytes:
    """32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def digest_to_sign(point: bytes, data: bytes, user_id: str) -> bytes:
    """SM3(Z || data), 32 bytes: what an SM2 key signs, in software or on a token."""
    return sm3(_of_user(point, user_id) + data)


@lru_cache(16)
def _of_user(point: bytes, user_id: str) -> bytes:
    """Z, 32 bytes: the digest of user id, curve and point. The length of the id is counted in bits."""
    name = user_id.encode()
    return sm3((len(name) * 8).to_bytes(2) + name + _CURVE_PARAMETERS + point)


@lru_cache(16)
def point_of(certificate: x509.Certificate) -> bytes | None:
    """x and y of the certificate's key, 64 bytes; None when its key is of another kind."""
    if certificate.public_key_algorithm_oid.dotted_string != _ELLIPTIC:
        return None
    from asn1crypto import x509 as asn1  # not for RSA: it takes a while, and memory

    try:
        content = asn1.Certificate.load(certificate.public_bytes(Encoding.DER))["tbs_certificate"]
        info = content["subject_public_key_info"]
        if not is_sm2_curve(info["algorithm"]["parameters"]):
            return None
        point = bytes(info["public_key"])
    except (ValueError, TypeError, KeyError):  # damaged inside
        return None
    return point[1:] if len(point) == 1 + RAW_BYTES and point[0] == 4 else None  # 4: not compressed


def is_sm2_curve(parameters: Any) -> bool:
    """Whether these parameters of a key, in asn1crypto's form, name the SM2 curve."""
    from asn1crypto.keys import ECDomainParameters

    named = isinstance(parameters, ECDomainParameters) and parameters.name == "named"
    return named and bool(parameters.chosen.dotted == CURVE)


def raw_of(der: bytes) -> bytes:
    """r and s, 32 bytes each, of a signature in DER. Raises ValueError."""
    r, s = decode_dss_signature(der)
    try:
        return r.to_bytes(_NUMBER_BYTES) + s.to_bytes(_NUMBER_BYTES)
    except OverflowError:
        raise ValueError("r or s is longer than 32 bytes") from None


def der_of(raw: bytes) -> bytes:
    """The DER of a signature of 64 bytes. Raises ValueError for any other length: it is never cut or filled up."""
    if len(raw) != RAW_BYTES:
        raise ValueError(f"{len(raw)} bytes instead of {RAW_BYTES}")
    return encode_dss_signature(int.from_bytes(raw[:_NUMBER_BYTES]), int.from_bytes(raw[_NUMBER_BYTES:]))


def holds(point: bytes, data: bytes, raw: bytes, user_id: str) -> bool:
    """Whether the signature of 64 bytes over the text is by that key. Raises ValueError for another length, and Sm2Missing."""
    gmssl, der = _gmssl(), der_of(raw)
    try:
        with unheard():
            return bool(gmssl.sm2_verify_sm3_digest(point, digest_to_sign(point, data, user_id), der))
    except gmssl.GmsslInnerError:  # r or s out of range, a point beside the curve
        return False


def _gmssl() -> Any:
    try:
        import gmssl_pyx
    except ImportError:
        raise Sm2Missing from None
    return gmssl_pyx
