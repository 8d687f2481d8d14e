"""The messages customs answer with, composed as the real side composes them: default namespace, a guid of their own."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from cebd.clock import CST
from cebd.messages.description import CEB, DXP, MessageType

_PLATFORM = "DXPEDCCEB0000002"


def new_guid() -> str:
    """36 characters, letters upper case."""
    return str(uuid.uuid4()).upper()


def compose_returns(receipt: MessageType, returns: Sequence[Mapping[str, str]]) -> bytes:
    """A receipt message of these returns; each gives its fields by name."""
    parts = []
    for one in returns:
        fields = "".join(
            f"        <{field.name}>{escape(one[field.name])}</{field.name}>\n"
            for field in receipt.head_fields
            if one.get(field.name)
        )
        parts.append(f"    <{receipt.record}>\n{fields}    </{receipt.record}>\n")
    return _document(receipt.root, "".join(parts))


def compose_refusal(message_id: str, message_type: str, content: str, reason: str, now: datetime) -> bytes:
    """CEB900: the message did not pass the format check."""
    inner = (
        f"    <MessageReturn>\n        <guid>{new_guid()}</guid>\n        <returnStatus>-1</returnStatus>\n"
        f"        <returnInfo>{escape(reason[:5000])}</returnInfo>\n        <returnTime>{stamp(now)}</returnTime>\n"
        f"        <oriCopMsgId>{escape(message_id)}</oriCopMsgId>\n"
        f"        <oriMessageType>{escape(message_type[:15])}</oriMessageType>\n"
        f"        <oriBizMessage><![CDATA[{content.replace(']]>', ']]]]><![CDATA[>')}]]></oriBizMessage>\n"
        "    </MessageReturn>\n"
    )
    return _document("CEB900Message", inner)


def compose_answer(code: str, info: str, original: Mapping[str, str], now: datetime) -> bytes:
    """DxpRep: what the exchange platform says of an envelope (`original`: its TransInfo)."""
    head = (
        f"<CopMsgId>{escape(original.get('CopMsgId') or 'unknown')}</CopMsgId>"
        f"<SenderId>{escape(original.get('SenderId') or 'unknown')}</SenderId>"
        f"<ReceiverIds><ReceiverId>{_PLATFORM}</ReceiverId></ReceiverIds>"
        f"<CreatTime>{now.astimezone(CST):%Y-%m-%dT%H:%M:%S}</CreatTime>"
        f"<MsgType>{escape(original.get('MsgType') or 'unknown')}</MsgType>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<DxpRep xmlns="{DXP}" ver="1.0">'
        f"<RecevierId>{escape(original.get('SenderId') or 'unknown')}</RecevierId><Response>"
        f"<ResponseCode>{code}</ResponseCode><ResponseInfo>{escape(info[:200])}</ResponseInfo>"
        f"<NoticeTime>{now.astimezone(CST):%Y-%m-%d}</NoticeTime><OriHead>{head}</OriHead></Response></DxpRep>\n"
    ).encode()


def in_envelope(content: bytes, message_type: str, receiver: str, now: datetime) -> bytes:
    """The message in a DxpMsg, its base64 wrapped at 76 characters as some senders do."""
    data = base64.encodebytes(content).decode()
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<DxpMsg xmlns="{DXP}" ver="1.0"><TransInfo><CopMsgId>{new_guid()}</CopMsgId>'
        f"<SenderId>{_PLATFORM}</SenderId><ReceiverIds><ReceiverId>{escape(receiver)}</ReceiverId></ReceiverIds>"
        f"<CreatTime>{now.astimezone(CST):%Y-%m-%dT%H:%M:%S}</CreatTime><MsgType>{message_type}</MsgType></TransInfo>"
        f"<Data>{data}</Data></DxpMsg>\n"
    ).encode()


def stamp(moment: datetime) -> str:
    """`YYYYMMDDhhmmssSSS`, China Standard Time."""
    local = moment.astimezone(CST)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"


def _document(root: str, inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<{root} xmlns="{CEB}" guid="{new_guid()}" version="1.0">\n{inner}</{root}>\n'
    ).encode()
