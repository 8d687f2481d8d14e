"""Enveloped XMLDSig of specification chapter 6: C14N 1.0, one reference to the whole document; the methods are the profile's.

The signature covers the canonical form of the whole document without comments, with the instructions before and after the root.
A canonical document is signed without being parsed: its digest is that of its bytes, and the signature is put before the root's end tag.
SignedInfo is canonicalized with the namespaces in scope at its place: the root's and `ds` (C14N 1.0 section 2.3, namespace axis).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from lxml import etree

from cebd.messages.description import CEB, DS
from cebd.messages.schema import NotXml, after_signature, parse_xml
from cebd.signing.profile import Profile, profile_named
from cebd.signing.signer import Certificate, Signer

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_ENVELOPED = f"{DS}enveloped-signature"
_SIGNATURE = f"{{{DS}}}Signature"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_SHAPE = {
    "": ("SignedInfo", "SignatureValue", "KeyInfo"),
    "SignedInfo": ("CanonicalizationMethod", "SignatureMethod", "Reference"),
    "SignedInfo/CanonicalizationMethod": (),
    "SignedInfo/SignatureMethod": (),
    "SignedInfo/Reference": ("Transforms", "DigestMethod", "DigestValue"),
    "SignedInfo/Reference/Transforms": ("Transform",),
    "SignedInfo/Reference/Transforms/Transform": (),
    "SignedInfo/Reference/DigestMethod": (),
}
_SIGNATURE_METHOD = "SignedInfo/SignatureMethod"
_EXTENSION = re.compile(rb"<(?:[^\s<>/:]+:)?ExtendMessage[ >]")  # the first match: nothing before it may hold another
_NO_SPACE = str.maketrans("", "", " \t\r\n")


class BadSignature(Exception):
    """The signature does not hold; the message says which part of it."""


@dataclass(frozen=True)
class Verified:
    """A valid signature: its certificate, and whether the chain leads to the given authority (None: no authority given)."""

    certificate: Certificate
    trusted: bool | None


def sign_canonical(
    document: bytes, signer: Signer, namespaces: Mapping[str | None, str] | None = None, *, extended: bool = False
) -> bytes:
    """Sign a document in canonical form. `namespaces`: the namespaces of its root (default: `ceb` alone).

    `extended`: it is an export message with an ExtendMessage, which stands after the signature.
    """
    signature = signature_over(document, signer, namespaces)
    extension = _EXTENSION.search(document) if extended else None
    place = extension.start() if extension else _end_tag(document)
    return document[:place] + signature + document[place:]


def signature_over(document: bytes, signer: Signer, namespaces: Mapping[str | None, str] | None = None) -> bytes:
    """The `ds:Signature` of a document in canonical form, to be put before its root's end tag."""
    certificate, profile = signer.certificate(), signer.profile
    inherited = _declarations(namespaces if namespaces is not None else {"ceb": CEB})
    digest = base64.b64encode(profile.digest(document)).decode()
    inner = (
        f'<ds:CanonicalizationMethod Algorithm="{_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{profile.signature_uri}"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{_ENVELOPED}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{profile.digest_uri}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo>"
    )
    value = base64.b64encode(signer.sign(f"<ds:SignedInfo{inherited}>{inner}".encode())).decode()
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inner}<ds:SignatureValue>{value}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:KeyName>{certificate.number}</ds:KeyName><ds:X509Data><ds:X509Certificate>"
        f"{certificate.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    ).encode()


def canonical_unsigned(root: etree._Element) -> tuple[bytes, dict[str | None, str]]:
    """The whole document in canonical form without its signature, and the namespaces its root declares.

    `root` is not changed. Raises NotXml for a document without a canonical form, or with a form that is not signed here.
    """
    _must_be_whole(root)
    try:
        with _taken_out(root.findall(_SIGNATURE)):
            return _canonical(root.getroottree()), {**root.nsmap}
    except etree.C14NError as error:  # a relative namespace name (C14N 1.0 section 1.3)
        raise NotXml(f"no canonical form: {error}") from None


def verify(root: etree._Element, trusted: Certificate | None = None) -> Verified:
    """Check the one signature of the document of which `root` is the root, from its own values; `root` stays as it is.

    Raises BadSignature. `trusted` is the authority's certificate: the signing certificate must be issued by it (or be it).
    """

    def unsigned(signature: etree._Element) -> bytes:
        with _taken_out([signature]):
            return _canonical(root.getroottree())

    return _verified(root, unsigned, trusted)


def verify_apart(signature: bytes, unsigned: bytes) -> Verified:
    """Check the signature that belongs before the end tag of `unsigned`, a message composed here (in canonical form).

    The digest is computed from the given bytes: only the signature is parsed. Raises BadSignature.
    """
    start, end = unsigned.index(b">") + 1, unsigned.rindex(b"</")
    try:
        alone = parse_xml(unsigned[:start] + signature + unsigned[end:])
    except NotXml as error:
        raise BadSignature(str(error)) from None
    if len(alone) != 1 or alone.text or alone[0].tail:
        raise BadSignature("there is more than the signature alone")
    return _verified(alone, lambda _signature: unsigned, None)


def _verified(
    root: etree._Element, unsigned_of: Callable[[etree._Element], bytes], trusted: Certificate | None
) -> Verified:
    try:
        _must_be_whole(root)
        signature = _only_signature(root)
        _without_xml_attributes(signature)
    except NotXml as error:
        raise BadSignature(str(error)) from None
    profile = _check_form(signature)
    stated = _decoded(signature, "SignedInfo/Reference/DigestValue")
    value = _decoded(signature, "SignatureValue")
    der = _decoded(signature, "KeyInfo/X509Data/X509Certificate")
    try:
        certificate = Certificate.from_der(der)
        own = certificate.profile
    except (ValueError, TypeError) as error:
        raise BadSignature(f"X509Certificate: {error}") from None
    if own != profile:
        raise BadSignature(
            f"the methods are of the {profile.name} profile, the certificate's key of the {own.name} profile"
        )
    try:
        canonical_info = _canonical(_at(signature, "SignedInfo")[0])
        digest = profile.digest(unsigned_of(signature))
    except etree.C14NError as error:
        raise BadSignature(f"no canonical form: {error}") from None
    if digest != stated:
        raise BadSignature("the digest differs: the content was changed after signing")
    try:
        profile.verify(certificate.x509, value, canonical_info)
    except InvalidSignature:
        raise BadSignature("the signature value does not belong to this content and certificate") from None
    return Verified(certificate, _issued_by(certificate, trusted) if trusted is not None else None)


def verify_bytes(content: bytes, trusted: Certificate | None = None) -> Verified:
    """Check the signature of a document given as bytes. Raises BadSignature and NotXml."""
    return verify(parse_xml(content, huge=True), trusted)


def _canonical(part: Any) -> bytes:
    return etree.tostring(part, method="c14n", with_comments=False)


def _must_be_whole(root: etree._Element) -> None:
    if root.getroottree().getroot() is not root:
        raise NotXml("the element is not the root of its document")
    _without_xml_attributes(root)


def _without_xml_attributes(element: etree._Element) -> None:
    """C14N 1.0 (section 2.4) would pass them on to SignedInfo; no message has them."""
    for name in map(str, element.attrib):
        if name.startswith(_XML):
            raise NotXml(f"{etree.QName(element).localname} carries xml:{name.removeprefix(_XML)}")


def _only_signature(root: etree._Element) -> etree._Element:
    signatures = list(root.iter(_SIGNATURE))
    if len(signatures) != 1:
        raise BadSignature(f"{len(signatures)} signatures instead of one")
    following = after_signature(root)
    last = next((child for child in reversed(root) if isinstance(child.tag, str) and child is not following), None)
    if signatures[0] is not last:
        raise BadSignature("the signature is not the last child of the root")
    return signatures[0]


def _check_form(signature: etree._Element) -> Profile:
    """The profile of the signature's methods.

    Everything else an XMLDSig may say is refused: other references, transforms, methods and objects are doors.
    """
    for path, wanted in _SHAPE.items():
        element = _at(signature, path)[0]
        found = tuple(str(child.tag) for child in element if isinstance(child.tag, str))
        if found != tuple(f"{{{DS}}}{name}" for name in wanted):
            names = ", ".join(name.rpartition("}")[2] for name in found) or "nothing"
            raise BadSignature(f"{path or 'Signature'} holds {names} instead of {', '.join(wanted) or 'nothing'}")
    profile = profile_named(_at(signature, _SIGNATURE_METHOD)[0].get("Algorithm"))
    algorithms = {
        "SignedInfo/CanonicalizationMethod": _C14N,
        _SIGNATURE_METHOD: profile.signature_uri,
        "SignedInfo/Reference/Transforms/Transform": _ENVELOPED,
        "SignedInfo/Reference/DigestMethod": profile.digest_uri,
    }
    for path, algorithm in algorithms.items():
        given = _at(signature, path)[0].get("Algorithm")
        if given != algorithm:
            raise BadSignature(f"{path}: {given} is not of the {profile.name} profile")
    if _at(signature, "SignedInfo/Reference")[0].get("URI") != "":
        raise BadSignature("the reference is not to the whole document")
    return profile


def _at(signature: etree._Element, path: str) -> list[etree._Element]:
    if not path:
        return [signature]
    return signature.findall("/".join(f"{{{DS}}}{name}" for name in path.split("/")))


def _decoded(signature: etree._Element, path: str) -> bytes:
    """The base64 value of the element. A value that decodes to the same bytes but is written differently is refused as changed."""
    what = path.rpartition("/")[2]
    found = _at(signature, path)
    if len(found) != 1:
        raise BadSignature(f"{len(found)} {what} instead of one")
    text = str(found[0].xpath("string()")).translate(_NO_SPACE)
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise BadSignature(f"{what} is no base64") from None
    if not value or base64.b64encode(value).decode() != text:
        raise BadSignature(f"{what} is no base64")
    return value


@contextmanager
def _taken_out(signatures: list[etree._Element]) -> Iterator[None]:
    """The document without these children of its root, for as long as the block lasts. The text after each belongs to the document.

    Not a copy: lxml turns round the order of the instructions after the root when it copies a document.
    """
    put_back: list[Callable[[], None]] = []
    for signature in signatures:
        put_back.append(_take_out(signature))
    try:
        yield
    finally:
        for put in reversed(put_back):
            put()


def _take_out(signature: etree._Element) -> Callable[[], None]:
    """Remove only the element; the returned function puts everything back."""
    parent, before = signature.getparent(), signature.getprevious()
    assert parent is not None  # noqa: S101
    place, tail = parent.index(signature), signature.tail
    text = parent.text if before is None else before.tail
    signature.tail = None
    parent.remove(signature)
    if before is None:
        parent.text = (text or "") + (tail or "")
    else:
        before.tail = (text or "") + (tail or "")

    def put_back() -> None:
        parent.insert(place, signature)
        signature.tail = tail
        if before is None:
            parent.text = text
        else:
            before.tail = text

    return put_back


def _end_tag(document: bytes) -> int:
    """The position of the root's end tag. In canonical form it is the last `</`, unless instructions with a `</` follow."""
    if not document.endswith(b"?>"):
        return document.rindex(b"</")
    following = parse_xml(document, huge=True).itersiblings()
    after = sum(len(etree.tostring(instruction, encoding="UTF-8", with_tail=False)) + 1 for instruction in following)
    return document.rindex(b"</", 0, len(document) - after)


def _declarations(namespaces: Mapping[str | None, str]) -> str:
    """Namespace nodes in the order of C14N: the default first, then by prefix."""
    scope = {**namespaces, "ds": DS}
    return "".join(
        f' xmlns{":" + prefix if prefix else ""}="{uri}"'
        for prefix, uri in sorted(scope.items(), key=lambda item: item[0] or "")
        if uri  # xmlns="" on the root says nothing, and is not written
    )


def _issued_by(certificate: Certificate, authority: Certificate) -> bool:
    if certificate.x509 == authority.x509:
        return True
    try:
        certificate.x509.verify_directly_issued_by(authority.x509)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def signature_holds(root: Any) -> bool:
    """Whether a dropped message carries a valid signature (of anyone)."""
    try:
        verify(root)
    except BadSignature:
        return False
    return True
