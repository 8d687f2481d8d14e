"""Whether a signature holds, judged apart from the signer's code: lxml's C14N, cryptography's RSA, plain SM2; nothing of `cebd.signing`.

Specification chapter 6: one enveloped signature, last child of the root; one reference to the whole document, comments left out and
instructions before the root included; the profile follows from the certificate's key.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from cebd.messages.schema import parse_xml
from cebd.sandbox.sm2 import sm2_holds, sm2_key, sm3

Judgement = Literal["valid", "bad", "none"]

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DS = {"ds": _DSIG}
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_ENVELOPED = f"{_DSIG}enveloped-signature"
_RSA_PROFILE = (f"{_DSIG}rsa-sha1", f"{_DSIG}sha1")
_SM2_PROFILE = tuple(f"http://www.chinaport.gov.cn/2022/04/xmldsig#{name}" for name in ("sm2-sm3", "sm3"))


def judge_signature(content: bytes, trusted: x509.Certificate | None, now: datetime) -> Judgement:
    """`valid`, `bad` or `none`; with `trusted`, the certificate must be that one or be issued by it."""
    root = parse_xml(content, huge=True)
    signatures: Any = root.xpath("//ds:Signature", namespaces=_DS)
    if not signatures:
        return "none"
    last = [child for child in root if isinstance(child.tag, str)][-1]
    if len(signatures) != 1 or signatures[0] is not last:
        return "bad"
    try:
        return "valid" if _holds(root, last, trusted, now) else "bad"
    except (ValueError, TypeError, IndexError, InvalidSignature):
        return "bad"


def _holds(root: etree._Element, signature: Any, trusted: x509.Certificate | None, now: datetime) -> bool:
    def values(path: str) -> list[str]:
        return [str(value) for value in signature.xpath(path, namespaces=_DS)]

    def binary(path: str) -> bytes:
        [text] = values(f"{path}/text()")
        return base64.b64decode("".join(text.split()), validate=True)

    info = "ds:SignedInfo"
    certificate = x509.load_der_x509_certificate(binary("ds:KeyInfo/ds:X509Data/ds:X509Certificate"))
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    if trusted is not None and not _issued(certificate, trusted):
        return False
    point = sm2_key(certificate)
    methods = values(f"{info}/ds:SignatureMethod/@Algorithm") + values(
        f"{info}/ds:Reference/ds:DigestMethod/@Algorithm"
    )
    form = (
        values(f"{info}/ds:CanonicalizationMethod/@Algorithm"),
        values(f"{info}/ds:Reference/@URI"),
        values(f"{info}/ds:Reference/ds:Transforms/ds:Transform/@Algorithm"),
    )
    if form != ([_C14N], [""], [_ENVELOPED]) or tuple(methods) != (_RSA_PROFILE if point is None else _SM2_PROFILE):
        return False
    signed_info = etree.tostring(signature.find("ds:SignedInfo", _DS), method="c14n", with_comments=False)
    stated, value = binary(f"{info}/ds:Reference/ds:DigestValue"), binary("ds:SignatureValue")
    canonical = _without_signature(root, signature)
    if point is not None:
        return sm3(canonical) == stated and sm2_holds(point, signed_info, value)
    if hashlib.sha1(canonical).digest() != stated:  # noqa: S324  the profile of older certificates
        return False
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    key.verify(value, signed_info, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return True


def _without_signature(root: etree._Element, signature: Any) -> bytes:
    """The canonical document as it was before the signature went in; the text after the signature stays."""
    before = signature.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (signature.tail or "")
    else:
        root.text = (root.text or "") + (signature.tail or "")
    signature.tail = None
    root.remove(signature)
    return etree.tostring(root.getroottree(), method="c14n", with_comments=False)


def _issued(certificate: x509.Certificate, trusted: x509.Certificate) -> bool:
    if certificate == trusted:
        return True
    point = sm2_key(trusted)
    if point is None:
        certificate.verify_directly_issued_by(trusted)
        return True
    same_name = certificate.issuer == trusted.subject
    return same_name and sm2_holds(point, certificate.tbs_certificate_bytes, certificate.signature)
