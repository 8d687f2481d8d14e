"""The messages customs answer with, composed as the real side composes them: default namespace, a guid of their own."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from cebd.clock import CST
from cebd.messages.description import CEB, DXP, Field, MessageType

_PLATFORM = "DXPEDCCEB0000002"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 section 2.2


def new_guid() -> str:
    """36 characters, letters upper case."""
    return str(uuid.uuid4()).upper()


def compose_returns(receipt: MessageType, returns: Sequence[Mapping[str, str]]) -> bytes:
    """A receipt message of these returns; each gives its fields by name."""
    parts = [_element(receipt.record, receipt.head_fields, one) for one in returns]
    return _document(receipt.root, "".join(parts))


def compose_notices(
    notice: MessageType, told: Sequence[tuple[Mapping[str, str], Sequence[Mapping[str, str]]]]
) -> bytes:
    """A tax bill message (816, 818): for each bill the fields of its head and of its lines, by name."""
    parts = []
    for head, lines in told:
        inner = _element(str(notice.head), notice.head_fields, head)
        inner += "".join(_element(str(notice.line), notice.line_fields, line) for line in lines)
        parts.append(f"    <{notice.record}>\n{inner}    </{notice.record}>\n")
    return _document(notice.root, "".join(parts))


def compose_refusal(message_id: str, message_type: str, content: bytes, reason: str, moment: datetime) -> bytes:
    """CEB900: the message (`content`) did not pass the format check."""
    inner = (
        f"    <MessageReturn>\n        <guid>{new_guid()}</guid>\n        <returnStatus>-1</returnStatus>\n"
        f"        <returnInfo>{escape(_characters(reason)[:5000])}</returnInfo>\n"
        f"        <returnTime>{stamp(moment)}</returnTime>\n"
        f"        <oriCopMsgId>{escape(message_id)}</oriCopMsgId>\n"
        f"        <oriMessageType>{escape(message_type)}</oriMessageType>\n"
        f"        <oriBizMessage><![CDATA[{_quoted(content)}]]></oriBizMessage>\n"
        "    </MessageReturn>\n"
    )
    return _document("CEB900Message", inner)


def compose_answer(code: str, info: str, original: Mapping[str, str], moment: datetime) -> bytes:
    """DxpRep: what the exchange platform says of an envelope (`original`: its TransInfo, as far as it could be read)."""

    def of_original(name: str, longest: int) -> str:
        return escape(original.get(name, "")[:longest] or "unknown")

    local = moment.astimezone(CST)
    head = (
        f"<CopMsgId>{of_original('CopMsgId', 255)}</CopMsgId><SenderId>{of_original('SenderId', 16)}</SenderId>"
        f"<ReceiverIds><ReceiverId>{_PLATFORM}</ReceiverId></ReceiverIds>"
        f"<CreatTime>{local:%Y-%m-%dT%H:%M:%S}</CreatTime><MsgType>{of_original('MsgType', 30)}</MsgType>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<DxpRep xmlns="{DXP}" ver="1.0">'
        f"<RecevierId>{of_original('SenderId', 16)}</RecevierId><Response><ResponseCode>{code}</ResponseCode>"
        f"<ResponseInfo>{escape(_characters(info)[:300])}</ResponseInfo><NoticeTime>{local:%Y-%m-%d}</NoticeTime>"
        f"<OriHead>{head}</OriHead></Response></DxpRep>\n"
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


def _element(name: str, fields: Sequence[Field], texts: Mapping[str, str]) -> str:
    inner = "".join(
        f"        <{field.name}>{escape(texts[field.name])}</{field.name}>\n"
        for field in fields
        if texts.get(field.name)
    )
    return f"    <{name}>\n{inner}    </{name}>\n"


def _quoted(content: bytes) -> str:
    """The message as text that may stand in a CDATA section, whatever bytes it was."""
    return _characters(content.decode("utf-8", errors="replace")).replace("]]>", "]]]]><![CDATA[>")


def _characters(text: str) -> str:
    """What XML cannot hold becomes a replacement character."""
    return _NOT_XML.sub("\ufffd", text)


def _document(root: str, inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<{root} xmlns="{CEB}" guid="{new_guid()}" version="1.0">\n{inner}</{root}>\n'
    ).encode()
