"""Judging what arrives: envelope, schema, signature, repeats; and what each record will be told, and when.

Judging is pure: it looks at the bytes and at what is known, and touches nothing.

| what is wrong | answer |
| --- | --- |
| not XML, no DxpMsg, not as its schema says, Data no base64 | DxpRep with a code of table 7-1 |
| the message in it is none, or not as its schema says | CEB900 |
| a signature that does not hold, or a missing one that must be there | a negative return for each record |
| a record declared before; a change of one that was not | a negative return for that record |
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography import x509
from lxml import etree

from cebd.messages.description import CEB, DXP, MessageType, message_type, message_types
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.sandbox.ledger import Entry
from cebd.sandbox.register import STORED, Numbers, Place, Register
from cebd.sandbox.replies import Reply, already_there, bad_signature, life, not_there
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.signature_check import Judgement, judge_signature

Verdict = Literal["accepted", "repeat", "rejected"]


@dataclass(frozen=True)
class Told:
    """What one record is told: (status, text) in their order, and the numbers customs gave it."""

    head: Mapping[str, str]
    life: tuple[Reply, ...]
    numbers: Numbers


@dataclass(frozen=True)
class Refused:
    """Why nothing in an arrival was looked at."""

    form: Literal["DxpRep", "CEB900"]
    code: str
    reason: str


@dataclass(frozen=True)
class Judged:
    """An arrival judged. `original` is its TransInfo, `content` the message carried; `entries` are for the ledger."""

    original: Mapping[str, str]
    message: MessageType | None = None
    entries: tuple[Entry, ...] = ()
    told: tuple[Told, ...] = ()
    refused: Refused | None = None
    content: bytes = b""


@dataclass(frozen=True)
class Bench:
    """What judging stands on: what is known, what is played, whom to trust, and what time it is."""

    register: Register
    scenario: Scenario
    trusted: x509.Certificate | None
    now: datetime


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
    if message is None or message.role != "declaration" or name.namespace != CEB or name.localname != message.root:
        return refuse(f"未知的报文类型：{name.localname}")
    # A missing signature is for the signature's own check; `unsigned` lets it pass here.
    found = flaws(root, unsigned=True)
    if found:
        return refuse(f"schema 校验失败：{found[0].reason}")
    heads = [_head(element, message) for element in root.findall(f"{{{CEB}}}{message.record}")]
    if any(not head.get(key) for head in heads for key in message_type(str(message.receipt)).match):
        # The schema of 621 lets copNo be left out, that of 622 does not: there is no return for such a record.
        return refuse(f"业务主键不能为空：{', '.join(message.key)}")
    signature = judge_signature(data, bench.trusted, bench.now)
    again = bench.register.has_message(original["CopMsgId"])
    entries, told = [], []
    here: dict[Place, Numbers] = {}
    for position, head in enumerate(heads):
        place = (message.code, tuple(head[key] for key in message.key))
        numbers = here[place] if place in here else bench.register.numbers(place)
        declared = numbers is not None
        verdict, replies = _verdict(message, place, head, signature, declared=declared, again=again, bench=bench)
        if numbers is None:
            numbers = _numbers(message, head, bench.register.size + position + 1, bench.now)
        if verdict == "accepted" and replies[-1][0] != STORED:
            here[place] = numbers
        entries.append(
            {
                "cop_msg_id": original["CopMsgId"],
                "message_guid": root.get("guid", ""),
                "type": message.code,
                "guid": head.get("guid", ""),
                "key": dict(zip(message.key, place[1], strict=True)),
                "verdict": verdict,
                "status": replies[-1][0],
                "signature": signature,
                **(numbers if verdict == "accepted" else {}),
            }
        )
        if not bench.scenario.silent(_number(message, head)):
            told.append(Told(head, replies, numbers))
    return Judged(original, message, tuple(entries), tuple(told), content=data)


def _verdict(
    message: MessageType,
    place: Place,
    head: Mapping[str, str],
    signature: Judgement,
    *,
    declared: bool,
    again: bool,
    bench: Bench,
) -> tuple[Verdict, tuple[Reply, ...]]:
    number = _number(message, head)
    must_sign = message.must_sign and head.get("appStatus") == "2"
    if signature == "bad" or (signature == "none" and must_sign):
        return "rejected", (bad_signature(message.code, number),)
    if again:
        return "repeat", (already_there(message.code, number),)
    rejection = bench.scenario.rejection(number, bench.register.rejections(place))
    if rejection is not None:
        reply = (rejection.status, rejection.info)
        # A processing error is all there is; customs themselves refuse what was declared first.
        processing = rejection.status.startswith("-")
        return "rejected", (reply,) if processing else (life(message.code, "1", stored=False)[0], reply)
    app_type = head.get("appType", "1")
    if app_type == "1" and declared:
        return "repeat", (already_there(message.code, number),)
    if app_type not in ("1", "2", "3") or (app_type != "1" and not declared):
        return "rejected", (not_there(message.code, number),)
    stored = head.get("appStatus") == "1" and message.must_sign
    return "accepted", life(message.code, app_type, stored=stored)


def _head(element: etree._Element, message: MessageType) -> dict[str, str]:
    children: Iterable[Any] = element.iterfind(f"{{{CEB}}}{message.head}/*" if message.head else f"{{{CEB}}}*")
    return {etree.QName(child).localname: (child.text or "").strip() for child in children}


def _number(message: MessageType, head: Mapping[str, str]) -> str:
    """The number an enterprise knows the record by: its order number, its copNo."""
    return head.get(message.group or message.key[-1], "")


def _numbers(message: MessageType, head: Mapping[str, str], number: int, now: datetime) -> Numbers:
    """preNo and invtNo, 18 characters each, for the messages whose receipts have them."""
    given = {
        "preNo": f"B{now:%Y%m%d}{number:09d}",
        "invtNo": f"{head.get('customsCode', '0000')}{now:%Y}1{number:09d}",
    }
    wanted = {field.name for field in message_type(str(message.receipt)).head_fields}
    return {name: value for name, value in given.items() if name in wanted}
