"""SM2 signatures verified in plain arithmetic (GB/T 32918.2): slow, short, and owing nothing to the code that signs.

cryptography has SM3 but no SM2 key: it reads an SM2 certificate, not the point in it.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

# The recommended curve, GB/T 32918.5.
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_ID = b"1234567812345678"  # the default of GB/T 35276
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_ZERO = (0, 1, 0)

Point = tuple[int, int]
_Jacobian = tuple[int, int, int]


def sm3(content: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def sm2_key(certificate: x509.Certificate) -> Point | None:
    """The public point of an SM2 certificate; None when its key is of another kind."""
    if certificate.public_key_algorithm_oid.dotted_string != "1.2.840.10045.2.1":
        return None
    rest = _inside(certificate.tbs_certificate_bytes)
    if rest[0] == 0xA0:  # the version
        rest = _after(rest)
    for _ in range(5):  # serial number, signature algorithm, issuer, validity, subject
        rest = _after(rest)
    info = _inside(rest)
    if _SM2_CURVE not in info[: len(info) - len(_after(info))]:
        return None
    point = _inside(_after(info))[1:]  # a BIT STRING begins with its count of unused bits
    if len(point) != 65 or point[0] != 4:
        return None
    x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
    return (x, y) if (y * y - (x * x + _A) * x - _B) % _P == 0 else None


def sm2_holds(key: Point, content: bytes, signature: bytes, *, der: bool = False) -> bool:
    """Whether the signature over the content is by that key: 64 bytes r and s, or DER where that is wanted. Raises ValueError."""
    if der:
        r, s = decode_dss_signature(signature)
    elif len(signature) == 64:
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    else:
        return False
    t = (r + s) % _N
    if not (0 < r < _N and 0 < s < _N and t):
        return False
    parts = b"".join(number.to_bytes(32) for number in (_A, _B, *_G, *key))
    identity = sm3((len(_ID) * 8).to_bytes(2) + _ID + parts)
    e = int.from_bytes(sm3(identity + content))
    x, _, z = _sum_of_products(s, _G, t, key)
    if z == 0:
        return False
    return (e + x * pow(z, -2, _P) % _P) % _N == r


def _sum_of_products(first: int, point: Point, second: int, other: Point) -> _Jacobian:
    """first * point + second * other, both in one pass over the bits."""
    left, right = (*point, 1), (*other, 1)
    choices = (_ZERO, left, right, _add(left, right))
    total = _ZERO
    for bit in range(255, -1, -1):
        total = _double(total)
        choice = (first >> bit & 1) | (second >> bit & 1) << 1
        if choice:
            total = _add(total, choices[choice])
    return total


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if z == 0 or y == 0:
        return _ZERO
    yy = y * y % _P
    s = 4 * x * yy % _P
    zz = z * z % _P
    m = 3 * (x - zz) * (x + zz) % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * yy * yy) % _P, 2 * y * z % _P


def _add(left: _Jacobian, right: _Jacobian) -> _Jacobian:
    if left[2] == 0 or right[2] == 0:
        return right if left[2] == 0 else left
    x1, y1, z1 = left
    x2, y2, z2 = right
    zz1, zz2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * zz2 % _P, x2 * zz1 % _P
    s1, s2 = y1 * z2 * zz2 % _P, y2 * z1 * zz1 % _P
    if u1 == u2:
        return _double(left) if s1 == s2 else _ZERO
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    hhh = h * hh % _P
    v = u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, h * z1 * z2 % _P


def _length(der: bytes) -> tuple[int, int]:
    """Where the content of the first DER value begins and ends (X.690 section 8.1.3)."""
    if der[1] < 0x80:
        return 2, 2 + der[1]
    size = der[1] & 0x7F
    begin = 2 + size
    return begin, begin + int.from_bytes(der[2:begin])


def _inside(der: bytes) -> bytes:
    begin, end = _length(der)
    return der[begin:end]


def _after(der: bytes) -> bytes:
    return der[_length(der)[1] :]
