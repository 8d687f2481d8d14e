"""An AS2 message: content, signed, then encrypted; and opened again.

The MIC is the digest of what was signed, header fields of the part included (RFC 4130, 7.3.1).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import new as new_digest
from hashlib import sha256
from uuid import uuid4

from cryptography import x509

from cebd.as2.cms import BadSignature, CannotDecrypt, Own, decrypt, encrypt, sign, verify
from cebd.as2.mime import BadMime, Entity, of_http, with_headers

_MICALGS = {"sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}


class Refused(Exception):
    """A message that is not taken. `error`: AS2's word for it (RFC 4130, 7.5.4); the message says why."""

    def __init__(self, error: str, why: str) -> None:
        self.error = error
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Composed:
    """What is sent: the body, the header fields of its MIME entity, and the MIC that the receipt must name."""

    headers: dict[str, str]
    body: bytes = field(repr=False)
    mic: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What came: the content, its MIC and how that was made."""

    content: bytes = field(repr=False)
    mic: str
    micalg: str


def compose(content: bytes, file_name: str, own: Own, partner: x509.Certificate | None) -> Composed:
    """Signed, and encrypted where there is a certificate of the partner to encrypt for."""
    part = with_headers(
        "application/octet-stream",
        "binary",
        content,
        Content_Disposition=f'attachment; filename="{file_name}"',
    )
    mic = base64.b64encode(sha256(part).digest()).decode()
    content_type, body = signed_entity(part, own)
    if partner is None:
        return Composed({"Content-Type": content_type}, body, mic)
    headers = {
        "Content-Type": "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "Content-Transfer-Encoding": "binary",
    }
    return Composed(headers, encrypt(with_headers(content_type, "", body), partner), mic)


def signed_entity(part: bytes, own: Own) -> tuple[str, bytes]:
    """A part with its signature: Content-Type and body of multipart/signed."""
    boundary = f"cebd-{uuid4().hex}"
    signature = with_headers(
        "application/pkcs7-signature; name=smime.p7s",
        "base64",
        base64.encodebytes(sign(part, own)).replace(b"\n", b"\r\n"),
        Content_Disposition="attachment; filename=smime.p7s",
    )
    line = b"--" + boundary.encode()
    body = line + b"\r\n" + part + b"\r\n" + line + b"\r\n" + signature + b"\r\n" + line + b"--\r\n"
    kind = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256'
    return f'{kind}; boundary="{boundary}"', body


def open_message(
    content_type: str, transfer_encoding: str, body: bytes, own: Own, known: Sequence[x509.Certificate]
) -> Opened:
    """A message that must be signed by one of those known. Raises Refused."""
    try:
        entity = of_http(content_type, body, transfer_encoding)
        if entity.content_type == "application/pkcs7-mime":
            entity = _decrypted(entity, own)
        part, micalg = verified(entity, known)
        content = part.decoded()
    except BadMime as why:
        raise Refused("unexpected-processing-error", str(why)) from None
    except BadSignature as why:
        raise Refused("authentication-failed", str(why)) from None
    mic = base64.b64encode(new_digest(micalg, part.raw).digest()).decode()
    return Opened(content, mic, micalg)


def verified(entity: Entity, known: Sequence[x509.Certificate]) -> tuple[Entity, str]:
    """The part that was signed, and the digest that was named for it. Raises Refused, BadMime, BadSignature."""
    if entity.content_type != "multipart/signed":
        raise Refused("insufficient-message-security", f"{entity.content_type} is not signed")
    parts = entity.parts()
    if len(parts) != 2:
        raise BadMime(f"{len(parts)} parts where a signature has two")
    part, signature = parts
    verify(part.raw, signature.decoded(), known)
    named = entity.parameter("micalg").lower().replace("-", "")
    return part, _MICALGS.get(named, "sha256")


def _decrypted(entity: Entity, own: Own) -> Entity:
    from cebd.as2.mime import read_entity

    kind = entity.parameter("smime-type").lower()
    if kind not in ("enveloped-data", ""):
        raise Refused("unexpected-processing-error", f"{kind} is not known here")
    try:
        return read_entity(decrypt(entity.decoded(), own))
    except CannotDecrypt as why:
        raise Refused("decryption-failed", str(why)) from None
