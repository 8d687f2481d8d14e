"""What customs send back: 312, 622 and their like, CEB900, DxpRep; parsed by namespace, never by prefix."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from cebd.clock import from_customs
from cebd.messages.description import CEB, DXP, MessageType, message_types
from cebd.messages.envelope import NotAnEnvelope, open_envelope
from cebd.messages.schema import NotXml, parse_xml


@dataclass(frozen=True, slots=True)
class Return:
    """One return about one record, or about a whole message when `cop_msg_id` is set.

    `key` has the values of the receipt's match fields, in their order. `time` is ISO 8601, or None when customs gave none.
    """

    answers: str | None
    key: tuple[str, ...]
    cop_msg_id: str | None
    status: str
    info: str
    time: str | None
    pre_no: str | None
    invt_no: str | None


class NotAReceipt(Exception):
    """The document is none of the messages customs send."""


def read_returns(content: bytes) -> tuple[str, list[Return]]:
    """The receipt's type (`CEB312`, `DxpRep`) and its returns. Raises NotAReceipt and NotXml."""
    root = parse_xml(content, huge=True)
    if root.tag == f"{{{DXP}}}DxpMsg":
        try:
            root = parse_xml(open_envelope(root).data, huge=True)
        except NotAnEnvelope as error:
            raise NotXml(str(error)) from None
    name = etree.QName(root)
    if root.tag == f"{{{DXP}}}DxpRep":
        return "DxpRep", [_answer(response) for response in root.iter(f"{{{DXP}}}Response")]
    message = message_types().get(name.localname.removesuffix("Message"))
    if name.namespace != CEB or message is None or message.role == "declaration":
        raise NotAReceipt(name.localname)
    return message.code, [_return(message, one) for one in root.findall(f"{{{CEB}}}{message.record}")]


def _return(message: MessageType, element: etree._Element) -> Return:
    texts = {etree.QName(child).localname: (child.text or "").strip() for child in element.iterchildren("*")}
    refusal = message.role == "refusal"
    return Return(
        answers=message.answers,
        key=tuple(texts.get(name, "") for name in message.match) if not refusal else (),
        cop_msg_id=texts.get(message.match[0], "") if refusal else None,
        status=texts.get("returnStatus", ""),
        info=texts.get("returnInfo", ""),
        time=from_customs(texts.get("returnTime", "")),
        pre_no=texts.get("preNo") or None,
        invt_no=texts.get("invtNo") or None,
    )


def _answer(response: etree._Element) -> Return:
    """A DxpRep speaks of the envelope; a response code of 0 says that it was taken."""
    code = (response.findtext(f"{{{DXP}}}ResponseCode") or "").strip()
    info = (response.findtext(f"{{{DXP}}}ResponseInfo") or "").strip()
    original = response.findtext(f"{{{DXP}}}OriHead/{{{DXP}}}CopMsgId") or ""
    return Return(None, (), original.strip(), f"dxp:{code}", info, None, None, None)
