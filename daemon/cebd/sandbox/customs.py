"""Judging what arrives: envelope, schema, signature, repeats; and what each record will be told, and when.

Judging is pure: it looks at the bytes and at the keys known, and touches nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from lxml import etree

from cebd.messages.description import CEB, DXP, MessageType, message_types
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.signature_check import judge_signature

Key = tuple[str, ...]

_ORDER_LIFE = (("2", "新增申报成功"), ("120", "海关入库成功"))
_LIST_LIFE = (("2", "新增申报成功"), ("120", "海关入库成功"), ("800", "放行"))
_ALREADY_THERE = {
    "CEB311": ("-301010", "已存在相同编号的订单"),
    "CEB621": ("-621004", "清单[{number}]已经申报过，请勿重复申报"),
}
_BAD_SIGNATURE = ("-621029", "验签失败！")
_NUMBER_OF = {"CEB311": "orderNo", "CEB621": "copNo"}


@dataclass(frozen=True)
class Told:
    """What one record is told: (status, text) in their order."""

    head: Mapping[str, str]
    life: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Judged:
    """An arrival judged. `refused` is (`DxpRep` or `CEB900`, code, reason) when nothing in it was looked at."""

    original: Mapping[str, str]
    message: MessageType | None = None
    entries: tuple[dict[str, Any], ...] = ()
    told: tuple[Told, ...] = ()
    refused: tuple[str, str, str] | None = None
    content: bytes = b""
    accepted: frozenset[tuple[str, Key]] = field(default_factory=frozenset)


def judge(
    content: bytes,
    known: frozenset[tuple[str, Key]] | set[tuple[str, Key]],
    scenario: Scenario,
    trusted: x509.Certificate | None,
) -> Judged:
    """Judge the bytes of one file. `known` has (message code, business key) of everything accepted before."""
    try:
        envelope = parse_xml(content, huge=True)
    except NotXml as error:
        return Judged({}, refused=("DxpRep", "0001", f"报文格式错误 {error}"))
    if envelope.tag != f"{{{DXP}}}DxpMsg":
        return Judged({}, refused=("DxpRep", "0001", "报文格式错误"))
    original = {
        name: (envelope.findtext(f"{{{DXP}}}TransInfo/{{{DXP}}}{name}") or "").strip()
        for name in ("CopMsgId", "SenderId", "MsgType")
    }
    found = flaws(envelope)
    if found:
        return Judged(original, refused=("DxpRep", "0002", f"数据包不能通过 schema 验证 {found[0].reason}"))
    try:
        data = base64.b64decode("".join((envelope.findtext(f"{{{DXP}}}Data") or "").split()), validate=True)
    except (ValueError, binascii.Error):
        return Judged(original, refused=("DxpRep", "0999", "其他格式错误"))
    return _judge_message(data, original, known, scenario, trusted)


def _judge_message(
    data: bytes,
    original: Mapping[str, str],
    known: frozenset[tuple[str, Key]] | set[tuple[str, Key]],
    scenario: Scenario,
    trusted: x509.Certificate | None,
) -> Judged:
    try:
        root = parse_xml(data, huge=True)
    except NotXml as error:
        return Judged(original, refused=("CEB900", "-1", f"报文格式错误 {error}"), content=data)
    message = message_types().get(etree.QName(root).localname.removesuffix("Message"))
    if message is None or message.role != "declaration" or etree.QName(root).namespace != CEB:
        return Judged(original, refused=("CEB900", "-1", "未知的报文类型"), content=data)
    found = flaws(root, unsigned=True)
    if found:
        return Judged(original, refused=("CEB900", "-1", f"schema 校验失败：{found[0].reason}"), content=data)
    signature = judge_signature(root, trusted)
    entries, told, accepted = [], [], set()
    for element in root.findall(f"{{{CEB}}}{message.record}"):
        head = {
            etree.QName(child).localname: (child.text or "").strip()
            for child in element.findall(f"{{{CEB}}}{message.head}/*")
        }
        key = tuple(head.get(name, "") for name in message.key)
        here = (message.code, key)
        must_sign = message.must_sign and head.get("appStatus") == "2"
        verdict, life = _verdict(message, head, here in known or here in accepted, scenario)
        if signature == "bad" or (signature == "none" and must_sign):
            verdict, life = "rejected", (_BAD_SIGNATURE,)
        if verdict == "accepted":
            accepted.add(here)
        entries.append(
            {
                "cop_msg_id": original["CopMsgId"],
                "message_guid": root.get("guid", ""),
                "type": message.code,
                "guid": head.get("guid", ""),
                "key": dict(zip(message.key, key, strict=True)),
                "verdict": verdict,
                "status": life[-1][0],
                "signature": signature,
            }
        )
        if not scenario.silent(head.get(_NUMBER_OF.get(message.code, ""), "")):
            told.append(Told(head, life))
    return Judged(original, message, tuple(entries), tuple(told), content=data, accepted=frozenset(accepted))


def _verdict(
    message: MessageType, head: Mapping[str, str], known: bool, scenario: Scenario
) -> tuple[str, tuple[tuple[str, str], ...]]:
    number = head.get(_NUMBER_OF.get(message.code, ""), "")
    rejection = scenario.rejection(number)
    if rejection is not None:
        return "rejected", ((rejection.status, rejection.info),)
    if known and head.get("appType") == "1":
        status, text = _ALREADY_THERE.get(message.code, ("-1", "已存在"))
        return "repeat", ((status, text.format(number=number)),)
    return "accepted", _LIST_LIFE if message.code == "CEB621" else _ORDER_LIFE
