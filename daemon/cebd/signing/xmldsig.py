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
from typing import Any

from lxml import etree

from cebd.messages.description import CEB, DS
from cebd.messages.schema import NotXml, parse_xml
from cebd.signing.signer import Signer

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f"{DS}enveloped-signature"
SIGNATURE = f"{{{DS}}}Signature"
_UNESCAPED = re.compile(rb"&(?!(?:amp|lt|gt|quot|#x9|#xA|#xD);)")  # but for what C14N writes (section 2.3)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_EXTENSION = re.compile(rb"<(?:[^\s<>/:]+:)?ExtendMessage[ >]")  # the first match: nothing before it may hold another


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


def signature_over(
    document: bytes,
    signer: Signer,
    namespaces: Mapping[str | None, str] | None = None,
    *,
    digested: bytes | None = None,
) -> bytes:
    """The `ds:Signature` of a document in canonical form, to be put before its root's end tag. `digested`: its digest by the signer's
    profile, if that was computed already.
    """
    certificate, profile = signer.certificate(), signer.profile
    inherited = _declarations(namespaces if namespaces is not None else {"ceb": CEB})
    digest = base64.b64encode(digested or profile.digest(document)).decode()
    inner = (
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{profile.signature_uri}"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform></ds:Transforms>'
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
    must_be_whole(root)
    try:
        with taken_out(root.findall(SIGNATURE)):
            document = canonical(root.getroottree())
    except etree.C14NError as error:  # a relative namespace name (C14N 1.0 section 1.3)
        raise NotXml(f"no canonical form: {error}") from None
    if _UNESCAPED.search(document) is not None:
        raise NotXml("no canonical form: a namespace name has a sign in it that libxml2 does not escape")
    return document, {**root.nsmap}


def canonical(part: Any, *, with_comments: bool = False) -> bytes:
    """The canonical form of a document (an element tree), or of an element in its document. Raises etree.C14NError."""
    return etree.tostring(part, method="c14n", with_comments=with_comments)


def must_be_whole(root: etree._Element) -> None:
    """Raises NotXml for an element inside a document, and for a root whose attributes would go into SignedInfo."""
    if root.getroottree().getroot() is not root:
        raise NotXml("the element is not the root of its document")
    without_xml_attributes(root)


def without_xml_attributes(element: etree._Element) -> None:
    """C14N 1.0 (section 2.4) would pass them on to SignedInfo; no message has them."""
    for name in map(str, element.attrib):
        if name.startswith(_XML):
            raise NotXml(f"{etree.QName(element).localname} carries xml:{name.removeprefix(_XML)}")


@contextmanager
def taken_out(signatures: list[etree._Element]) -> Iterator[None]:
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
