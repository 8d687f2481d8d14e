"""An SM2 key in a file, of which cryptography knows no kind: asn1crypto takes PEM and PKCS#12 apart, cryptography's ciphers decrypt.

Read are the key alone (`EC PRIVATE KEY`, `SM2 PRIVATE KEY`), PKCS#8 (`PRIVATE KEY`), also encrypted by PBES2 (RFC 8018 section 6.2) with
AES or SM4, as OpenSSL and GmSSL write it, and PKCS#12 of such parts. cryptography is asked first: it tells a wrong password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from cebd.signing.sm2 import is_sm2_curve

_AES = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32}  # bytes of the key
_SM4_CBC = "1.2.156.10197.1.104.2"
_PSEUDO_RANDOM: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "1.2.156.10197.1.401.2": hashes.SM3,
}


class OtherEncryption(Exception):
    """The file is encrypted in another way than is read here."""


def secret_of_pem(content: bytes, password: bytes | None) -> bytes | None:
    """The secret of the SM2 key in the PEM file, 32 bytes; None when none is found with that password. Raises OtherEncryption."""
    from asn1crypto import keys, pem

    with suppress(ValueError, TypeError):
        for name, headers, der in pem.unarmor(content, multiple=True):
            if headers:
                raise OtherEncryption("Proc-Type: 4,ENCRYPTED")
            if name == "PRIVATE KEY":
                return _secret(keys.PrivateKeyInfo.load(der))
            if name == "ENCRYPTED PRIVATE KEY":
                return _secret(keys.PrivateKeyInfo.load(_decrypted(keys.EncryptedPrivateKeyInfo.load(der), password)))
            if name.endswith(" PRIVATE KEY"):
                key = keys.ECPrivateKey.load(der)
                return _number(key) if is_sm2_curve(key["parameters"]) else None
    return None


def pair_of_pkcs12(content: bytes, password: bytes | None) -> tuple[bytes | None, list[bytes]]:
    """The secret of the SM2 key in the PKCS#12 file, and the certificates in it, as DER. Raises OtherEncryption."""
    secret, certificates = None, []
    with suppress(ValueError, TypeError):
        for kind, value in _bags(content, password):
            if kind == "cert_bag":
                certificates.append(value["cert_value"].parsed.dump())
            else:
                secret = _secret(value) or secret
    return secret, certificates


def _bags(content: bytes, password: bytes | None) -> Iterator[tuple[str, Any]]:
    """Keys, decrypted, and certificates."""
    from asn1crypto import keys, pkcs12

    for part in pkcs12.Pfx.load(content).authenticated_safe:
        inside = part["content"]
        if part["content_type"].native == "encrypted_data":
            held = inside["encrypted_content_info"]
            plain = _decrypt(held["content_encryption_algorithm"], held["encrypted_content"].native, password)
        else:
            plain = inside.native
        for bag in pkcs12.SafeContents.load(plain):
            kind, value = bag["bag_id"].native, bag["bag_value"]
            if kind == "pkcs8_shrouded_key_bag":
                yield "key_bag", keys.PrivateKeyInfo.load(_decrypted(value, password))
            elif kind in ("key_bag", "cert_bag"):
                yield kind, value


def _secret(info: Any) -> bytes | None:
    """Of a PrivateKeyInfo; None when it is no SM2 key."""
    return _number(info["private_key"].parsed) if is_sm2_curve(info["private_key_algorithm"]["parameters"]) else None


def _number(key: Any) -> bytes:
    return int(key["private_key"].native).to_bytes(32)


def _decrypted(info: Any, password: bytes | None) -> bytes:
    return _decrypt(info["encryption_algorithm"], info["encrypted_data"].native, password)


def _decrypt(how: Any, content: bytes, password: bytes | None) -> bytes:
    """Raises ValueError, for a wrong password too, and OtherEncryption."""
    if how["algorithm"].native != "pbes2":
        raise OtherEncryption(how["algorithm"].native)
    derivation, scheme = how["parameters"]["key_derivation_func"], how["parameters"]["encryption_scheme"]
    cipher, parameters = scheme["algorithm"].native, derivation["parameters"]
    if derivation["algorithm"].native != "pbkdf2" or (cipher not in _AES and cipher != _SM4_CBC):
        raise OtherEncryption(cipher)
    size = _AES.get(cipher, 16)
    digest = _PSEUDO_RANDOM.get(parameters["prf"]["algorithm"].native)
    if digest is None:
        raise OtherEncryption(parameters["prf"]["algorithm"].native)
    salt, rounds = parameters["salt"].native, parameters["iteration_count"].native
    key = PBKDF2HMAC(digest(), size, salt, rounds).derive(password or b"")
    algorithm = algorithms.SM4(key) if cipher == _SM4_CBC else algorithms.AES(key)
    decryptor = Cipher(algorithm, modes.CBC(scheme["parameters"].native)).decryptor()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()
