"""Enveloped XMLDSig by the RSA profile of specification chapter 6: C14N 1.0, one reference to the whole document, SHA-1.

A canonical document is signed without being parsed: its digest is that of its bytes, and the signature is put before the root's end tag.
SignedInfo is canonicalized by what is in scope at its place: the root's namespaces and `ds` (C14N 1.0 section 2.3, namespace axis).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from cebd.messages.description import CEB, DS
from cebd.messages.schema import parse_xml
from cebd.signing.signer import Certificate, Signer

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_RSA_SHA1 = f"{DS}rsa-sha1"
_SHA1 = f"{DS}sha1"
_ENVELOPED = f"{DS}enveloped-signature"


class BadSignature(Exception):
    """The signature does not hold; the message says which part of it."""


@dataclass(frozen=True)
class Verified:
    """A signature that holds: by whom, and whether the chain leads to the authority asked about (None: not asked)."""

    certificate: Certificate
    trusted: bool | None


def sign_canonical(document: bytes, signer: Signer, namespaces: Mapping[str | None, str] | None = None) -> bytes:
    """Sign a document in canonical form. `namespaces` are those its root declares (default: `ceb` alone)."""
    certificate = signer.certificate()
    inherited = _declarations(dict(namespaces) if namespaces is not None else {"ceb": CEB})
    digest = base64.b64encode(sha1(document).digest()).decode()  # noqa: S324  the profile of older certificates
    inner = (
        f'<ds:CanonicalizationMethod Algorithm="{_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{_RSA_SHA1}"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{_ENVELOPED}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_SHA1}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo>"
    )
    value = base64.b64encode(signer.sign(f"<ds:SignedInfo{inherited}>{inner}".encode())).decode()
    signature = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inner}<ds:SignatureValue>{value}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:KeyName>{certificate.number}</ds:KeyName><ds:X509Data><ds:X509Certificate>"
        f"{certificate.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    end = document.rindex(b"</")
    return document[:end] + signature.encode() + document[end:]


def canonical_unsigned(root: etree._Element) -> tuple[bytes, dict[str | None, str]]:
    """The document in canonical form without its signature, and the namespaces its root declares."""
    for signature in root.findall(f"{{{DS}}}Signature"):
        _take_out(signature)
    return etree.tostring(root, method="c14n", with_comments=False), {**root.nsmap}


def verify(root: etree._Element, trusted: Certificate | None = None) -> Verified:
    """Check the document's one signature from its own values. The element is taken out of `root` while doing so.

    Raises BadSignature. `trusted` is the authority's certificate: the signing certificate must be issued by it (or be it).
    """
    signatures = root.findall(f"{{{DS}}}Signature")
    if len(signatures) != 1:
        raise BadSignature(f"{len(signatures)} signatures instead of one")
    signature = signatures[0]
    info = signature.find(f"{{{DS}}}SignedInfo")
    if info is None:
        raise BadSignature("no SignedInfo")
    _only_this_profile(info)
    canonical_info = etree.tostring(info, method="c14n", with_comments=False)
    value = _decoded(signature.findtext(f"{{{DS}}}SignatureValue"), "SignatureValue")
    stated = _decoded(info.findtext(f"{{{DS}}}Reference/{{{DS}}}DigestValue"), "DigestValue")
    der = _decoded(signature.findtext(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate"), "X509Certificate")
    try:
        certificate = Certificate.from_der(der)
        key = certificate.rsa_key
    except (ValueError, TypeError) as error:
        raise BadSignature(f"X509Certificate: {error}") from None
    _take_out(signature)
    if sha1(etree.tostring(root, method="c14n", with_comments=False)).digest() != stated:  # noqa: S324
        raise BadSignature("the digest differs: the content was changed after signing")
    try:
        key.verify(value, canonical_info, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except InvalidSignature:
        raise BadSignature("the signature value does not belong to this content and certificate") from None
    return Verified(certificate, _issued_by(certificate, trusted) if trusted is not None else None)


def verify_bytes(content: bytes, trusted: Certificate | None = None) -> Verified:
    """Check the signature of a document given as bytes. Raises BadSignature and NotXml."""
    return verify(parse_xml(content, huge=True), trusted)


def _only_this_profile(info: etree._Element) -> None:
    """Everything else an XMLDSig may say is refused: other references, transforms and methods are doors."""
    expected = {
        "CanonicalizationMethod": _C14N,
        "SignatureMethod": _RSA_SHA1,
        "Reference": None,
        "Reference/Transforms/Transform": _ENVELOPED,
        "Reference/DigestMethod": _SHA1,
    }
    for path, algorithm in expected.items():
        found = info.findall("/".join(f"{{{DS}}}{name}" for name in path.split("/")))
        if len(found) != 1:
            raise BadSignature(f"{len(found)} {path} instead of one")
        if algorithm is not None and found[0].get("Algorithm") != algorithm:
            raise BadSignature(f"{path}: {found[0].get('Algorithm')} is not of the RSA profile")
        if path == "Reference" and found[0].get("URI") != "":
            raise BadSignature("the reference is not to the whole document")


def _take_out(signature: etree._Element) -> None:
    """Remove the element alone: the text after it belongs to the document."""
    parent = signature.getparent()
    assert parent is not None  # noqa: S101
    before = signature.getprevious()
    if signature.tail:
        if before is not None:
            before.tail = (before.tail or "") + signature.tail
        else:
            parent.text = (parent.text or "") + signature.tail
    signature.tail = None
    parent.remove(signature)


def _declarations(namespaces: dict[str | None, str]) -> str:
    """Namespace nodes in the order of C14N: the default first, then by prefix."""
    scope = {**namespaces, "ds": DS}
    ordered = sorted(scope.items(), key=lambda item: item[0] or "")
    return "".join(f' xmlns:{prefix}="{uri}"' if prefix else f' xmlns="{uri}"' for prefix, uri in ordered)


def _decoded(text: str | None, what: str) -> bytes:
    try:
        return base64.b64decode((text or "").replace("\n", "").replace("\r", "").replace(" ", ""), validate=True)
    except ValueError:
        raise BadSignature(f"{what} is no base64") from None


def _issued_by(certificate: Certificate, authority: Certificate) -> bool:
    if certificate.x509 == authority.x509:
        return True
    try:
        certificate.x509.verify_directly_issued_by(authority.x509)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
