"""The terminal-node envelope DxpMsg, and DxpRep, the platform's answer to it (specification chapter 4)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from cebd.clock import CST
from cebd.messages.compose import escape
from cebd.messages.description import DXP
from cebd.messages.schema import NotXml, parse_xml


class NotAnEnvelope(Exception):
    """The document is no DxpMsg that can be opened."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """TransInfo and the message carried. `created` is written as `yyyy-mm-ddThh:mm:ss` in China Standard Time."""

    cop_msg_id: str
    sender: str
    receivers: tuple[str, ...]
    created: datetime
    message_type: str
    data: bytes

    def to_bytes(self) -> bytes:
        """The envelope as it goes over the wire: the same values always give the same bytes."""
        receivers = "".join(f"<dxp:ReceiverId>{escape(receiver)}</dxp:ReceiverId>" for receiver in self.receivers)
        created = self.created.astimezone(CST).strftime("%Y-%m-%dT%H:%M:%S")
        head = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<dxp:DxpMsg xmlns:dxp="{DXP}" ver="1.0"><dxp:TransInfo>'
            f"<dxp:CopMsgId>{escape(self.cop_msg_id)}</dxp:CopMsgId><dxp:SenderId>{escape(self.sender)}</dxp:SenderId>"
            f"<dxp:ReceiverIds>{receivers}</dxp:ReceiverIds><dxp:CreatTime>{created}</dxp:CreatTime>"
            f"<dxp:MsgType>{escape(self.message_type)}</dxp:MsgType></dxp:TransInfo><dxp:Data>"
        )
        return b"".join((head.encode(), base64.b64encode(self.data), b"</dxp:Data></dxp:DxpMsg>"))


def message_of(root: etree._Element) -> etree._Element:
    """The message itself, taken out of its envelope if there is an envelope. Raises NotXml."""
    if root.tag != f"{{{DXP}}}DxpMsg":
        return root
    try:
        return parse_xml(carried(root), huge=True)
    except NotAnEnvelope as error:
        raise NotXml(f"an envelope that carries nothing: {error}") from None


def carrying(root: etree._Element, data: bytes) -> bytes:
    """The same DxpMsg with another message in it; everything else stays as it was written."""
    holder = root.find(f"{{{DXP}}}Data")
    assert holder is not None  # noqa: S101  it was opened before
    holder.text = base64.b64encode(data).decode()
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def carried(root: etree._Element) -> bytes:
    """The message in a DxpMsg, with any TransInfo: base64, wrapped at any width. Raises NotAnEnvelope."""
    try:
        data = base64.b64decode("".join(_text(root, "Data").split()), validate=True)
    except binascii.Error as error:
        raise NotAnEnvelope(f"Data: {error}") from None
    if not data:
        raise NotAnEnvelope("no Data")
    return data


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(f"{{{DXP}}}{name}") or "").strip()
