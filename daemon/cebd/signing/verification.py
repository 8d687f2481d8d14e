"""Whether a signature holds, from its own values: one form is admitted, the specification's, and what programs wrote before it is read.

| form | read | written, and left as it is in a dropped message |
| --- | --- | --- |
| RSA-SHA1, and SM2-SM3 with the methods of 202205 and a value of 64 bytes | yes | yes |
| an SM2 value in DER | yes | no |
| the SM2 method of before 202205, with a SHA-1 digest | yes | no |
| SignedInfo canonicalized with comments | yes | no |
| anything else: other references, transforms, methods, objects | no | no |
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree

from cebd.messages.description import DS
from cebd.messages.schema import NotXml, after_signature, parse_xml
from cebd.signing.profile import Profile, profiles_read
from cebd.signing.signer import Certificate
from cebd.signing.sm2 import DEFAULT_ID, SIGNATURE_ALGORITHM, Sm2Missing, holds, point_of, raw_of
from cebd.signing.xmldsig import (
    C14N,
    ENVELOPED,
    SIGNATURE,
    canonical,
    must_be_whole,
    taken_out,
    without_xml_attributes,
)

_WITH_COMMENTS = f"{C14N}#WithComments"
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
_CANONICALIZATION = "SignedInfo/CanonicalizationMethod"
_SIGNATURE_METHOD = "SignedInfo/SignatureMethod"
_NO_SPACE = str.maketrans("", "", " \t\r\n")


class BadSignature(Exception):
    """The signature does not hold; the message, and `zh`, say which part of it."""

    def __init__(self, reason: str, zh: str) -> None:
        super().__init__(reason)
        self.zh = zh


class OtherForm(Enum):
    """A form that is read and never written: in English and in Chinese."""

    OLD_METHODS = ("the SM2 method of before 202205 with a SHA-1 digest", "202205 版之前的 SM2 算法标识和 SHA-1 摘要")
    WITH_COMMENTS = ("canonicalization with comments", "带注释的规范化（#WithComments）")
    DER_VALUE = ("a signature value in DER", "签名值为 DER 编码")


@dataclass(frozen=True)
class Verified:
    """A valid signature: its certificate and profile, and whether the chain leads to the given authority (None: no authority given).

    `other_forms`: what makes it differ from the signatures that are written today.
    """

    certificate: Certificate
    profile: Profile
    trusted: bool | None
    other_forms: tuple[OtherForm, ...] = ()


@dataclass(frozen=True)
class Readers:
    """How a signature may have been made: with these profiles, and `leniently`, in the other forms, too."""

    profiles: tuple[Profile, ...]
    leniently: bool = False


def readers(sm2_ids: Collection[str] = ()) -> Readers:
    """All that is read, with these user ids of SM2 beside the usual one."""
    return Readers(tuple(profiles_read((DEFAULT_ID, *sm2_ids))), leniently=True)


def verify(root: etree._Element, trusted: Certificate | None = None, by: Readers | None = None) -> Verified:
    """Check the one signature of the document of which `root` is the root, from its own values; `root` stays as it is.

    Raises BadSignature. `trusted` is the authority's certificate: the signing certificate must be issued by it (or be it). `by`: how it
    may have been made (default: in every form that is read).
    """

    def unsigned(signature: etree._Element) -> bytes:
        with taken_out([signature]):
            return canonical(root.getroottree())

    return _verified(root, unsigned, trusted, by or readers())


def verify_bytes(content: bytes, trusted: Certificate | None = None, by: Readers | None = None) -> Verified:
    """Check the signature of a document given as bytes. Raises BadSignature and NotXml."""
    return verify(parse_xml(content, huge=True), trusted, by)


def verify_apart(
    signature: bytes, unsigned: bytes, by: Readers | None = None, *, digested: bytes | None = None
) -> Verified:
    """Check the signature that belongs before the end tag of `unsigned`, a message composed here (in canonical form).

    The digest is computed from the given bytes: only the signature is parsed. Raises BadSignature. `by`: see `verify`. `digested`: the
    digest of these very bytes, by the only profile of `by`, if it was computed already.
    """
    start, end = unsigned.index(b">") + 1, unsigned.rindex(b"</")
    try:
        alone = parse_xml(unsigned[:start] + signature + unsigned[end:])
    except NotXml as error:
        raise _not_xml(error) from None
    if len(alone) != 1 or alone.text or alone[0].tail:
        raise BadSignature("there is more than the signature alone", "签名之外还有别的内容")
    return _verified(alone, lambda _signature: unsigned, None, by or readers(), digested)


def signature_holds(root: etree._Element, sm2_ids: Collection[str] = ()) -> bool:
    """Whether a dropped message carries a valid signature (of anyone), in the form of today. `sm2_ids`: see `readers`."""
    try:
        return not verify(root, by=readers(sm2_ids)).other_forms
    except BadSignature:
        return False


@dataclass(frozen=True)
class Claim:
    """What a signature says of itself, whether it holds or not: its certificate (None: none that can be read) and its method."""

    certificate: Certificate | None
    method: str


def claim_of(root: etree._Element) -> Claim | None:
    """The claim of the document's first signature; None without a signature."""
    signature = next(root.iter(SIGNATURE), None)
    if signature is None:
        return None
    certificate = None
    with suppress(BadSignature, ValueError):
        certificate = Certificate.from_der(_decoded(signature, "KeyInfo/X509Data/X509Certificate"))
    methods = [element.get("Algorithm", "") for element in _at(signature, _SIGNATURE_METHOD)]
    return Claim(certificate, methods[0] if methods else "")


def _verified(
    root: etree._Element,
    unsigned_of: Callable[[etree._Element], bytes],
    trusted: Certificate | None,
    by: Readers,
    digested: bytes | None = None,
) -> Verified:
    try:
        must_be_whole(root)
        signature = _only_signature(root)
        without_xml_attributes(signature)
    except NotXml as error:
        raise _not_xml(error) from None
    profiles, with_comments = _check_form(signature, by)
    stated = _decoded(signature, "SignedInfo/Reference/DigestValue")
    value = _decoded(signature, "SignatureValue")
    der = _decoded(signature, "KeyInfo/X509Data/X509Certificate")
    try:
        certificate = Certificate.from_der(der)
        own = certificate.profile
    except (ValueError, TypeError) as error:
        raise BadSignature(f"X509Certificate: {error}", f"X509Certificate 不能使用（{error}）") from None
    methods = profiles[0]
    if own.name != methods.name:
        raise BadSignature(
            f"the methods are of the {methods.name} profile, the certificate's key of the {own.name} profile",
            f"算法标识属于 {methods.name}，证书的密钥却是 {own.name}",
        )
    try:
        signed = canonical(_at(signature, "SignedInfo")[0], with_comments=with_comments)
        digest = digested or methods.digest(unsigned_of(signature))
    except etree.C14NError as error:
        raise BadSignature(f"no canonical form: {error}", f"无法规范化（{error}）") from None
    if digest != stated:
        raise BadSignature(
            "the digest differs: the content was changed after signing", "摘要不符：内容在签名之后被改过"
        )
    profile, in_der = _maker(profiles, certificate, value, signed, leniently=by.leniently)
    other_forms = {
        OtherForm.OLD_METHODS: methods.signature_uri != own.signature_uri,
        OtherForm.WITH_COMMENTS: with_comments,
        OtherForm.DER_VALUE: in_der,
    }
    chain = _issued_by(certificate, trusted) if trusted is not None else None
    return Verified(certificate, profile, chain, tuple(form for form, found in other_forms.items() if found))


def _maker(
    profiles: list[Profile], certificate: Certificate, value: bytes, signed: bytes, *, leniently: bool
) -> tuple[Profile, bool]:
    """The profile that the value holds by, and whether the value is in DER. Raises BadSignature."""
    forms = [(value, False)]
    if leniently and profiles[0].name == "SM2":
        with suppress(ValueError):
            forms.append((raw_of(value), True))
    for profile in profiles:
        for form, in_der in forms:
            try:
                profile.verify(certificate.x509, form, signed)
            except InvalidSignature:
                continue
            except Sm2Missing as error:
                raise BadSignature(str(error), error.zh) from None
            return profile, in_der
    raise BadSignature(
        "the signature value does not belong to this content and certificate", "签名值与内容、证书不对应"
    ) from None


def _only_signature(root: etree._Element) -> etree._Element:
    signatures = list(root.iter(SIGNATURE))
    if len(signatures) != 1:
        raise BadSignature(f"{len(signatures)} signatures instead of one", f"应有一个签名，实有 {len(signatures)} 个")
    following = after_signature(root)
    last = next((child for child in reversed(root) if isinstance(child.tag, str) and child is not following), None)
    if signatures[0] is not last:
        raise BadSignature("the signature is not the last child of the root", "签名不是根元素的最后一个子元素")
    return signatures[0]


def _check_form(signature: etree._Element, by: Readers) -> tuple[list[Profile], bool]:
    """The profiles that have the signature's methods, and whether SignedInfo is canonicalized with comments.

    Everything else an XMLDSig may say is refused: other references, transforms, methods and objects are doors.
    """
    for path, wanted in _SHAPE.items():
        element = _at(signature, path)[0]
        found = tuple(str(child.tag) for child in element if isinstance(child.tag, str))
        if found != tuple(f"{{{DS}}}{name}" for name in wanted):
            names = ", ".join(name.rpartition("}")[2] for name in found)
            raise BadSignature(
                f"{path or 'Signature'} holds {names or 'nothing'} instead of {', '.join(wanted) or 'nothing'}",
                f"{path or 'Signature'} 中应为 {', '.join(wanted) or '空'}，实为 {names or '空'}",
            )
    method = _at(signature, _SIGNATURE_METHOD)[0].get("Algorithm")
    profiles = [profile for profile in by.profiles if profile.signature_uri == method] or list(by.profiles[:1])
    profile = profiles[0]
    with_comments = by.leniently and _at(signature, _CANONICALIZATION)[0].get("Algorithm") == _WITH_COMMENTS
    algorithms = {
        _CANONICALIZATION: _WITH_COMMENTS if with_comments else C14N,
        _SIGNATURE_METHOD: profile.signature_uri,
        "SignedInfo/Reference/Transforms/Transform": ENVELOPED,
        "SignedInfo/Reference/DigestMethod": profile.digest_uri,
    }
    for path, algorithm in algorithms.items():
        given = _at(signature, path)[0].get("Algorithm")
        if given != algorithm:
            raise BadSignature(
                f"{path}: {given} is not of the {profile.name} profile", f"{path}：{given} 不属于 {profile.name} 签名"
            )
    if _at(signature, "SignedInfo/Reference")[0].get("URI") != "":
        raise BadSignature("the reference is not to the whole document", "引用的不是整个文档")
    return profiles, with_comments


def _at(signature: etree._Element, path: str) -> list[etree._Element]:
    return signature.findall(_qualified(path)) if path else [signature]


@cache
def _qualified(path: str) -> str:
    return "/".join(f"{{{DS}}}{name}" for name in path.split("/"))


def _decoded(signature: etree._Element, path: str) -> bytes:
    """The base64 value of the element. A value that decodes to the same bytes but is written differently is refused as changed."""
    what = path.rpartition("/")[2]
    found = _at(signature, path)
    if len(found) != 1:
        raise BadSignature(f"{len(found)} {what} instead of one", f"应有一个 {what}，实有 {len(found)} 个")
    text = str(found[0].xpath("string()")).translate(_NO_SPACE)
    value = b""
    with suppress(ValueError):
        value = base64.b64decode(text, validate=True)
    if not value or base64.b64encode(value).decode() != text:
        raise BadSignature(f"{what} is no base64", f"{what} 不是 base64")
    return value


def _not_xml(error: NotXml) -> BadSignature:
    return BadSignature(str(error), f"不是可以验证的 XML（{error}）")


def _issued_by(certificate: Certificate, authority: Certificate) -> bool:
    if certificate.x509 == authority.x509:
        return True
    point = point_of(authority.x509)
    try:
        if point is None:
            certificate.x509.verify_directly_issued_by(authority.x509)
            return True
        in_sm2 = certificate.x509.signature_algorithm_oid.dotted_string == SIGNATURE_ALGORITHM
        if not in_sm2 or certificate.x509.issuer != authority.x509.subject:
            return False
        value = raw_of(certificate.x509.signature)
        return holds(point, certificate.x509.tbs_certificate_bytes, value, DEFAULT_ID)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, Sm2Missing):
        return False
