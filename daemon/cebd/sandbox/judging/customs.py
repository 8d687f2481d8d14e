"""Judging what arrives: envelope, schema, signature, repeats; and the answers that each record will get.

Judging is pure: it looks at the bytes and at what is known, and touches nothing.

| what is wrong | answer |
| --- | --- |
| not XML, no DxpMsg, not as its schema says, Data no base64 | DxpRep with a code of table 7-1 |
| the message in it is none, or not as its schema says | CEB900 |
| a signature that does not hold, or a missing one that must be there | a negative return for each record |
| a record declared before; a change of one that was not | a negative return for that record |
| an application about a list that is not as it must be (see `lists`) | a negative return for that application |
| a list that says otherwise than its order or payment (see `four_documents`) | 100 after 2 for that list |

A list that is taken sets going the orders, payments and waybills that it names: they rest at 2 until then.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from cebd.messages.description import CEB, DXP, MessageType, message_types
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.sandbox.answering.replies import answers
from cebd.sandbox.judging.hearing import Bench, Hearing, RecordAnswers, declared_record
from cebd.sandbox.judging.register import Waiting
from cebd.sandbox.judging.signature_check import judge_signature
from cebd.sandbox.ledger import Entry


@dataclass(frozen=True)
class Refused:
    """Why nothing in an arrival was looked at."""

    form: Literal["DxpRep", "CEB900"]
    code: str
    reason: str


@dataclass(frozen=True)
class Judged:
    """An arrival judged. `original` is its TransInfo, `content` the message carried; `entries` are for the ledger.

    `set_going`: declarations of other messages that waited for the lists of this one.
    """

    original: Mapping[str, str]
    message: MessageType | None = None
    entries: tuple[Entry, ...] = ()
    answered: tuple[RecordAnswers, ...] = ()
    refused: Refused | None = None
    content: bytes = b""
    set_going: tuple[Waiting, ...] = ()


def judge(content: bytes, bench: Bench) -> Judged:
    """Judge the bytes of one file."""
    try:
        envelope = parse_xml(content, huge=True)
    except NotXml as error:
        return Judged({}, refused=Refused("DxpRep", "0001", f"报文格式错误 {error}"))
    if envelope.tag != f"{{{DXP}}}DxpMsg":
        return Judged({}, refused=Refused("DxpRep", "0001", "报文格式错误"))
    original = {
        name: (envelope.findtext(f"{{{DXP}}}TransInfo/{{{DXP}}}{name}") or "").strip()
        for name in ("CopMsgId", "SenderId", "MsgType")
    }
    found = flaws(envelope)
    if found:
        return Judged(original, refused=Refused("DxpRep", "0002", f"数据包不能通过 schema 验证 {found[0].reason}"))
    try:
        data = base64.b64decode("".join((envelope.findtext(f"{{{DXP}}}Data") or "").split()), validate=True)
    except (ValueError, binascii.Error):
        return Judged(original, refused=Refused("DxpRep", "0999", "其他格式错误"))
    return _judge_message(data, original, bench)


def _judge_message(data: bytes, original: Mapping[str, str], bench: Bench) -> Judged:
    def refuse(reason: str) -> Judged:
        return Judged(original, refused=Refused("CEB900", "-1", reason), content=data)

    try:
        root = parse_xml(data, huge=True)
    except NotXml as error:
        return refuse(f"报文格式错误：{error}")
    name = etree.QName(root)
    message = message_types().get(name.localname.removesuffix("Message"))
    if message is None or not answers(message.code) or name.namespace != CEB or name.localname != message.root:
        return refuse(f"未知的报文类型：{name.localname}")
    # A missing signature is for the signature's own check; `unsigned` lets it pass here.
    found = flaws(root, unsigned=True)
    if found:
        return refuse(f"schema 校验失败：{found[0].reason}")
    records = [declared_record(message, element) for element in root.findall(f"{{{CEB}}}{message.record}")]
    if any(not record.head.get(key) for record in records for key in message.key_needed):
        # The schema of 621 lets copNo be left out, that of 622 does not: there is no return for such a record.
        return refuse(f"业务主键不能为空：{', '.join(message.key)}")
    signature = judge_signature(data, bench.trusted, bench.now, sm2_der=bench.scenario.sm2_der)
    if signature == "none" and bench.scenario.client_signs:
        signature = "valid"
    again = bench.register.has_message(original["CopMsgId"])
    hearing = Hearing(bench, signature, original["SenderId"], again=again)
    entries, answered = [], []
    for record in records:
        entry, answer = hearing.hear(record)
        entries.append({"cop_msg_id": original["CopMsgId"], "message_guid": root.get("guid", ""), **entry})
        if not bench.scenario.silent(record.number):
            answered.append(answer)
    going = tuple(hearing.set_going)
    return Judged(original, message, tuple(entries), tuple(answered), content=data, set_going=going)
