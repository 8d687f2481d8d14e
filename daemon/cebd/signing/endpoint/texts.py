"""What the endpoint signs: one canonical SignedInfo by the signer's own methods, or one text of announcement 2018/179. Nothing else."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from cebd.messages.description import DS
from cebd.messages.schema import NotXml, parse_xml
from cebd.signing.profile import Profile
from cebd.signing.xmldsig import C14N, ENVELOPED, canonical

Kind = Literal["SignedInfo", "179"]

# The order and the quotes are those of the published message of 2023-07-12; the two parts in JSON stand in quotes as they are.
_BETWEEN = '"||"'
_PARTS_OF_179 = (
    re.compile(r'"sessionID":"([^"\x00-\x1f]{1,64})'),
    re.compile(r'payExchangeInfoHead":"(\{[^\x00-\x1f]*\})'),
    re.compile(r'payExchangeInfoLists":"(\[[^\x00-\x1f]*\])'),
    re.compile(r'serviceTime":"([0-9]{1,15})"'),
)
_HEAD_MUST = {"guid", "ebpCode", "payCode", "payTransactionId", "totalAmount"}


class NotSigned(Exception):
    """The text is neither of the two. The message says what is wrong with it; `zh` in Chinese."""

    def __init__(self, reason: str, zh: str) -> None:
        super().__init__(reason)
        self.zh = zh


@dataclass(frozen=True)
class Signable:
    """A text that may be signed. `names`: the digest in a SignedInfo, which names its message; the sessionID of a 179 text."""

    kind: Kind
    names: str


def signable(text: bytes, profile: Profile) -> Signable:
    """What the text is. `profile`: of the certificate that is to sign. Raises NotSigned."""
    return _announcement_179(text) if text.startswith(b'"') else _signed_info(text, profile)


def _announcement_179(text: bytes) -> Signable:
    try:
        parts = zip(_PARTS_OF_179, text.decode().split(_BETWEEN), strict=True)
        session, head, lists, _ = (found[1] for form, part in parts if (found := form.fullmatch(part)) is not None)
        told, orders = json.loads(head), json.loads(lists)
    except (ValueError, RecursionError):
        raise NotSigned("no text of announcement 179", "不是 179 号公告的签名原文") from None
    names_orders = all(isinstance(order, dict) and order.get("orderNo") for order in orders)
    if not (told.keys() >= _HEAD_MUST and orders and names_orders):
        raise NotSigned("no text of announcement 179: parts are missing", "不是 179 号公告的签名原文：缺少内容")
    return Signable("179", session)


def _signed_info(text: bytes, profile: Profile) -> Signable:
    try:
        root = parse_xml(text)
        is_canonical = canonical(root.getroottree()) == text
    except (NotXml, etree.C14NError):
        is_canonical = False
    if not is_canonical:
        raise NotSigned(
            "neither a canonical SignedInfo nor a text of announcement 179",
            "既不是规范化的 SignedInfo，也不是 179 号公告的签名原文",
        )
    expected: tuple[tuple[str, dict[str, str], int], ...] = (
        ("SignedInfo", {}, 3),
        ("CanonicalizationMethod", {"Algorithm": C14N}, 0),
        ("SignatureMethod", {"Algorithm": profile.signature_uri}, 0),
        ("Reference", {"URI": ""}, 3),
        ("Transforms", {}, 1),
        ("Transform", {"Algorithm": ENVELOPED}, 0),
        ("DigestMethod", {"Algorithm": profile.digest_uri}, 0),
        ("DigestValue", {}, 0),
    )
    elements = list(root.iter())
    shape = tuple((str(one.tag), {**one.attrib}, len(one)) for one in elements)
    if shape != tuple((f"{{{DS}}}{name}", attributes, children) for name, attributes, children in expected):
        raise NotSigned(
            f"a SignedInfo of another form than the specification has for {profile.methods}",
            f"SignedInfo 的内容与规范不符（此证书用 {profile.methods}）",
        )
    *others, value = elements
    digest = (value.text or "").strip()
    if any((one.text or "").strip() for one in others) or any((one.tail or "").strip() for one in elements):
        raise NotSigned("a SignedInfo with text between its elements", "SignedInfo 的元素之间有文字")
    if not _is_digest(digest, len(profile.digest(b""))):
        raise NotSigned("a SignedInfo whose digest is of another length", "SignedInfo 中的摘要长度不对")
    return Signable("SignedInfo", digest)


def _is_digest(value: str, length: int) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == length
    except ValueError:
        return False
