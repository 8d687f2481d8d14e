"""Signing a message file that someone else made: made canonical once, a placeholder replaced, verified before it is given back."""

from __future__ import annotations

from datetime import UTC, datetime

from cebd.messages.envelope import carrying, message_of
from cebd.messages.schema import after_signature, parse_xml
from cebd.messages.signatures import remove_signatures
from cebd.signing.signer import Signer, TokenError, require_valid
from cebd.signing.verification import BadSignature, Readers, verify_bytes
from cebd.signing.xmldsig import canonical_unsigned, sign_canonical

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def sign_document(content: bytes, signer: Signer, now: datetime | None = None) -> bytes:
    """The document with a signature of this signer: UTF-8 with a declaration, comments left out, white space as it was. A message in its
    envelope is signed there, and the envelope given back.

    Raises NotXml, TokenError, and CertificateNotValid by `now` (default: the computer's clock).
    """
    outermost = parse_xml(content, huge=True)
    root = message_of(outermost)
    remove_signatures(root, but_children=True)
    document, namespaces = canonical_unsigned(root)
    require_valid(signer.certificate(), now or datetime.now(UTC))
    extended = after_signature(root) is not None
    signed = _DECLARATION + sign_canonical(document, signer, namespaces, extended=extended)
    try:
        verify_bytes(signed, by=Readers((signer.profile,)))
    except BadSignature as error:
        raise TokenError(
            f"the signer made a signature that does not hold: {error}", f"所作的签名无效：{error.zh}"
        ) from None
    return signed if root is outermost else carrying(outermost, signed)
