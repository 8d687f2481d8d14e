"""Whether a signature holds, judged apart from the signer's code: lxml's C14N and cryptography's RSA, nothing of `cebd.signing`."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

_DS = {"ds": "http://www.w3.org/2000/09/xmldsig#"}
Judgement = Literal["valid", "bad", "none"]


def judge_signature(root: etree._Element, trusted: x509.Certificate | None) -> Judgement:
    """`valid`, `bad` or `none`; with `trusted`, a certificate that it did not issue makes the signature bad."""
    signatures: Any = root.xpath("ds:Signature", namespaces=_DS)
    if not signatures:
        return "none"
    if len(signatures) != 1:
        return "bad"
    try:
        return "valid" if _holds(root, trusted) else "bad"
    except (ValueError, TypeError, IndexError, InvalidSignature):
        return "bad"


def _holds(root: etree._Element, trusted: x509.Certificate | None) -> bool:
    document: Any = copy.deepcopy(root.getroottree())
    signature: Any = document.getroot().xpath("ds:Signature", namespaces=_DS)[0]

    def text(path: str) -> str:
        return "".join(str(signature.xpath(f"string({path})", namespaces=_DS)).split())

    info = signature.xpath("ds:SignedInfo", namespaces=_DS)[0]
    signed_info = etree.tostring(info, method="c14n", with_comments=False)
    stated = base64.b64decode(text("ds:SignedInfo/ds:Reference/ds:DigestValue"), validate=True)
    value = base64.b64decode(text("ds:SignatureValue"), validate=True)
    certificate = x509.load_der_x509_certificate(
        base64.b64decode(text("ds:KeyInfo/ds:X509Data/ds:X509Certificate"), validate=True)
    )
    if trusted is not None:
        certificate.verify_directly_issued_by(trusted)
    before, parent = signature.getprevious(), signature.getparent()
    if signature.tail and before is not None:
        before.tail = (before.tail or "") + signature.tail
    signature.tail = None
    parent.remove(signature)
    canonical = etree.tostring(document, method="c14n", with_comments=False)
    if hashlib.sha1(canonical).digest() != stated:  # noqa: S324  the profile of older certificates
        return False
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    key.verify(value, signed_info, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return True
