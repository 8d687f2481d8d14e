"""Signing, verifying, encrypting and decrypting by CMS (RFC 5652): SHA-256, RSA, AES-256.

cryptography makes and decrypts; it does not verify, so signatures are read with asn1crypto. Certificates are pinned: a signature is by
one of those that are known, or by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_digest
from typing import Any

from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class BadSignature(Exception):
    """The signature does not hold, or is by somebody who is not known; the message says why."""


class CannotDecrypt(Exception):
    """The content is not for our key, or encrypted in a way that is not known here."""


@dataclass(frozen=True, slots=True)
class Own:
    """Our key with its certificate."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def sign(content: bytes, own: Own) -> bytes:
    """A detached signature (DER)."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    options = (
        pkcs7.PKCS7Options.DetachedSignature,
        pkcs7.PKCS7Options.Binary,
        pkcs7.PKCS7Options.NoCapabilities,
    )
    return builder.add_signer(own.certificate, own.key, hashes.SHA256()).sign(Encoding.DER, options)


def encrypt(content: bytes, certificate: x509.Certificate) -> bytes:
    """Enveloped data (DER) for the key of that certificate."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(algorithms.AES256)
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def decrypt(enveloped: bytes, own: Own) -> bytes:
    """Raises CannotDecrypt."""
    try:
        return pkcs7.pkcs7_decrypt_der(enveloped, own.certificate, own.key, [])
    except Exception as error:  # many kinds; their texts say nothing of the key
        raise CannotDecrypt(f"{type(error).__name__}: {error}") from None


def verify(content: bytes, signature: bytes, known: Sequence[x509.Certificate]) -> x509.Certificate:
    """Who of those known has signed the content. Raises BadSignature."""
    try:
        signed = asn1.ContentInfo.load(signature)["content"]
        signers = list(signed["signer_infos"])
    except Exception as error:  # asn1crypto has many
        raise BadSignature(f"no CMS signature ({type(error).__name__})") from None
    reasons = []
    for signer in signers:
        for certificate in known:
            if not _is_by(signer["sid"], certificate):
                continue
            try:
                _check(content, signer, certificate)
            except BadSignature as why:
                reasons.append(str(why))
            except Exception as error:  # damaged within
                reasons.append(type(error).__name__)
            else:
                return certificate
    raise BadSignature("; ".join(reasons) or "signed by a certificate that is not known")


def usable(certificates: Sequence[x509.Certificate], now: datetime) -> x509.Certificate | None:
    """The first that is valid now: of two at a change, the old one as long as it holds."""
    for certificate in certificates:
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return certificate
    return None


def _is_by(sid: Any, certificate: x509.Certificate) -> bool:  # asn1crypto has no types
    if sid.name == "issuer_and_serial_number":
        return bool(
            sid.chosen["serial_number"].native == certificate.serial_number
            and sid.chosen["issuer"].dump() == certificate.issuer.public_bytes()
        )
    try:
        key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return False
    return bool(sid.chosen.native == key_id)


def _check(content: bytes, signer: Any, certificate: x509.Certificate) -> None:
    """Raises BadSignature, and asn1crypto's errors."""
    name = signer["digest_algorithm"]["algorithm"].native
    if name not in _HASHES:
        raise BadSignature(f"digest {name} is too weak or not known")
    signed = content
    attributes = signer["signed_attrs"]
    if len(attributes):
        values = {one["type"].native: one["values"][0].native for one in attributes}
        if values.get("message_digest") != new_digest(name, content).digest():
            raise BadSignature("the content is not what was signed")
        signed = attributes.untag().dump()
    key, value, digest = certificate.public_key(), signer["signature"].native, _HASHES[name]()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, signed, ec.ECDSA(digest))
        else:
            raise BadSignature(f"a key of a kind that is not known: {type(key).__name__}")
    except InvalidSignature:
        raise BadSignature("the signature does not hold") from None
