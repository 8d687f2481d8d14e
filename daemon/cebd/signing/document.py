"""Signing a message file as a whole, for the command line: canonicalized, a placeholder replaced, verified before it is given back."""

from __future__ import annotations

from cebd.messages.schema import parse_xml
from cebd.signing.signer import Signer, TokenError
from cebd.signing.xmldsig import BadSignature, canonical_unsigned, sign_canonical, verify_bytes


def sign_document(content: bytes, signer: Signer) -> bytes:
    """The document with a signature of this signer. Raises NotXml, TokenError."""
    document, namespaces = canonical_unsigned(parse_xml(content, huge=True))
    signed = sign_canonical(document, signer, namespaces)
    try:
        verify_bytes(signed)
    except BadSignature as error:
        raise TokenError(f"the signer made a signature that does not hold: {error}") from None
    return signed
