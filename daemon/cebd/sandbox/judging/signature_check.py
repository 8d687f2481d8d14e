"""Whether a signature holds, judged apart from the signer's code: lxml's C14N, cryptography's RSA, plain SM2; nothing of `cebd.signing`.

Specification chapter 6: one enveloped signature, last child of the root but for an extension; one reference to the whole document,
comments left out and instructions before the root included; the profile follows from the certificate's key.
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
from cebd.sandbox.judging.sm2 import sm2_holds, sm2_key, sm3

Judgement = Literal["valid", "bad", "none"]

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DS = {"ds": _DSIG}
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_ENVELOPED = f"{_DSIG}enveloped-signature"
_SAME_IN_BOTH = (_C14N, "", _ENVELOPED)
_RSA_PROFILE = (f"{_DSIG}rsa-sha1", f"{_DSIG}sha1")
_SM2_PROFILE = tuple(f"http://www.chinaport.gov.cn/2022/04/xmldsig#{name}" for name in ("sm2-sm3", "sm3"))


def judge_signature(
    content: bytes, trusted: x509.Certificate | None, now: datetime, *, sm2_der: bool = False
) -> Judgement:
    """`valid`, `bad` or `none`; with `trusted`, the certificate must be that one or be issued by it. `sm2_der`: see Scenario."""
    root = parse_xml(content, huge=True)
    signatures: Any = root.xpath("//ds:Signature", namespaces=_DS)
    if not signatures:
        return "none"
    children = [child for child in root if isinstance(child.tag, str)]
    # Export messages have their extension after it; where it may stand the schema says, which was asked before.
    last = children[-2] if etree.QName(children[-1]).localname == "ExtendMessage" else children[-1]
    if len(signatures) != 1 or signatures[0] is not last:
        return "bad"
    try:
        return "valid" if _holds(root, last, trusted, now, sm2_der) else "bad"
    except (ValueError, TypeError, IndexError, InvalidSignature):
        return "bad"


def _holds(
    root: etree._Element, signature: Any, trusted: x509.Certificate | None, now: datetime, sm2_der: bool
) -> bool:
    certificate = x509.load_der_x509_certificate(_binary(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate"))
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    if trusted is not None and not _issued(certificate, trusted):
        return False
    point = sm2_key(certificate)
    if _form(signature) != (*_SAME_IN_BOTH, *(_RSA_PROFILE if point is None else _SM2_PROFILE)):
        return False
    signed_info = etree.tostring(signature.find("ds:SignedInfo", _DS), method="c14n", with_comments=False)
    stated = _binary(signature, "ds:SignedInfo/ds:Reference/ds:DigestValue")
    value = _binary(signature, "ds:SignatureValue")
    canonical = _without_signature(root, signature)
    if point is not None:
        in_der = sm2_der and len(value) != 64
        return sm3(canonical) == stated and sm2_holds(point, signed_info, value, der=in_der)
    key = certificate.public_key()
    digest = hashlib.sha1(canonical).digest()  # noqa: S324  the profile of older certificates
    if digest != stated or not isinstance(key, rsa.RSAPublicKey):
        return False
    key.verify(value, signed_info, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return True


def _form(signature: Any) -> tuple[str, ...]:
    """How it was made: canonicalization, what it refers to, transforms, signature method, digest method."""
    reference = "ds:SignedInfo/ds:Reference"
    paths = (
        "ds:SignedInfo/ds:CanonicalizationMethod/@Algorithm",
        f"{reference}/@URI",
        f"{reference}/ds:Transforms/ds:Transform/@Algorithm",
        "ds:SignedInfo/ds:SignatureMethod/@Algorithm",
        f"{reference}/ds:DigestMethod/@Algorithm",
    )
    return tuple(str(value) for path in paths for value in signature.xpath(path, namespaces=_DS))


def _binary(signature: Any, path: str) -> bytes:
    """The base64 of that one element. Raises ValueError when there is none, or several."""
    [text] = signature.xpath(f"{path}/text()", namespaces=_DS)
    return base64.b64decode("".join(text.split()), validate=True)


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
    return same_name and sm2_holds(point, certificate.tbs_certificate_bytes, certificate.signature, der=True)
