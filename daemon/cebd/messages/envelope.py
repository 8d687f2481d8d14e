"""The terminal-node envelope DxpMsg (specification chapter 4), in the forms that channels ask for, and what is carried in one.

| kind | what goes over the wire | for |
| --- | --- | --- |
| `none` | the message alone | the official client, which makes the envelope itself |
| `DxpMsg` | the message in a terminal node's envelope | an enterprise's own system |
| `DxpMsgSv` | that, in a transfer node's envelope (chapter 5) | third-party platforms |
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from cebd.clock import CST
from cebd.messages.compose import escape
from cebd.messages.description import DXP
from cebd.messages.schema import NotXml, parse_xml


class NotAnEnvelope(Exception):
    """The document is no DxpMsg that can be opened."""


class EnvelopeForm(NamedTuple):
    """How a channel wants its messages. `prefix`: of the namespace, empty for the default namespace; the nodes are a DxpMsgSv's."""

    kind: str = "DxpMsg"
    prefix: str = "dxp"
    from_node: str = ""
    to_node: str = ""

    def as_text(self) -> str:
        """As the store keeps it, with the attempt that used it."""
        return "/".join(self)

    @classmethod
    def from_text(cls, text: str | None) -> EnvelopeForm:
        """None: of an earlier version, which knew one form."""
        return cls() if text is None else cls(*text.split("/"))


@dataclass(frozen=True, slots=True)
class Envelope:
    """TransInfo and the message carried. `created` is written as `yyyy-mm-ddThh:mm:ss` in China Standard Time.

    `number`: of the message at this station, for the id that a transfer node gives (8 digits of the node, the time, 10 digits).
    """

    cop_msg_id: str
    sender: str
    receivers: tuple[str, ...]
    created: datetime
    message_type: str
    data: bytes
    number: int = 0

    def to_bytes(self, form: EnvelopeForm = EnvelopeForm()) -> bytes:  # noqa: B008  a value
        """What goes over the wire in that form: the same values always give the same bytes."""
        if form.kind == "none":
            return self.data
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + (
            self._of_transfer_node(form)
            if form.kind == "DxpMsgSv"
            else self._of_terminal_node(form.prefix, form.prefix)
        )

    def _of_terminal_node(self, prefix: str, declared: str | None) -> bytes:
        """`declared`: the prefix whose namespace is declared here; None: an element around it has done so."""
        at = f"{prefix}:" if prefix else ""
        receivers = "".join(f"<{at}ReceiverId>{escape(receiver)}</{at}ReceiverId>" for receiver in self.receivers)
        head = (
            f'<{at}DxpMsg{_namespace(declared)} ver="1.0"><{at}TransInfo>'
            f"<{at}CopMsgId>{escape(self.cop_msg_id)}</{at}CopMsgId><{at}SenderId>{escape(self.sender)}</{at}SenderId>"
            f"<{at}ReceiverIds>{receivers}</{at}ReceiverIds><{at}CreatTime>{self._time()}</{at}CreatTime>"
            f"<{at}MsgType>{escape(self.message_type)}</{at}MsgType></{at}TransInfo><{at}Data>"
        )
        return b"".join((head.encode(), base64.b64encode(self.data), f"</{at}Data></{at}DxpMsg>".encode()))

    def _of_transfer_node(self, form: EnvelopeForm) -> bytes:
        at = f"{form.prefix}:" if form.prefix else ""
        stamp = f"{self.created.astimezone(CST):%Y%m%d%H%M%S}"
        head = (
            f'<{at}DxpMsgSv{_namespace(form.prefix)} ver="1.0"><{at}SvNo Ver="1.0">'
            f"<{at}MsgId>{form.from_node}{stamp}{self.number % 10**10:010d}</{at}MsgId>"
            f"<{at}SendTime>{self._time()}</{at}SendTime>"
            f"<{at}EndNode>{form.to_node}</{at}EndNode><{at}StaNode>{form.from_node}</{at}StaNode></{at}SvNo>"
        )
        return b"".join((head.encode(), self._of_terminal_node(form.prefix, None), f"</{at}DxpMsgSv>".encode()))

    def _time(self) -> str:
        return f"{self.created.astimezone(CST):%Y-%m-%dT%H:%M:%S}"


def _namespace(prefix: str | None) -> str:
    if prefix is None:
        return ""
    return f' xmlns:{prefix}="{DXP}"' if prefix else f' xmlns="{DXP}"'


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
