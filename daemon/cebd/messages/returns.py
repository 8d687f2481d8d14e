"""The answers of customs: receipts (312, 622 ...), CEB900, DxpRep; bare or in an envelope, parsed by namespace, never by prefix.

| document | concerns | identified by |
| --- | --- | --- |
| 312, 622 and the other receipts | records | business keys (`answers`, `given`) |
| 816, 818, tax bills | records, and decide nothing about them | the number customs gave the list |
| 792, summary result | records, and decides nothing about them | the number customs gave the summary application |
| CEB900 | a message that failed the format check | `oriCopMsgId`; else the guid of the message that it quotes |
| DxpRep | an envelope | `OriHead/CopMsgId` |
| a note of the official client | a message that it sent or could not send | the name of its file (`cebd.client_notes`) |

One that is not well-formed gets a second, lenient pass (`cebd.messages.mending`). Other systems' messages wait in the same places.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from lxml import etree

from cebd.client_notes import ClientNote, note_of
from cebd.clock import from_customs
from cebd.messages.description import CEB, DXP, MessageType, message_types
from cebd.messages.envelope import NotAnEnvelope, carried
from cebd.messages.mending import mended, require_proved
from cebd.messages.schema import DocumentType, NotXml, parse_xml

_DECLARED = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UTF8 = frozenset({"utf-8", "utf8"})
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "cp936", "x-gbk", "euc-cn"})
_IN_A_BILL = (
    ("taxNo", "税单 tax bill"),
    ("customsTax", "关税 customs duty"),
    ("valueAddedTax", "增值税 VAT"),
    ("consumptionTax", "消费税 consumption tax"),
    ("entDutyNo", "缴款书 payment voucher"),
    ("note", "备注 note"),
)
_IN_A_SUMMARY = (
    ("declSeqNo", "汇总统一编号 unified number"),
    ("decTmpNo", "报关单暂存编号 draft"),
    ("decPreNo", "报关单预录入编号 pre-entry"),
    ("entryId", "报关单编号 customs entry"),
    ("note", "备注 note"),
)
_IN_A_NOTICE = {"tax": _IN_A_BILL, "sum": _IN_A_SUMMARY}  # by its mark; of others all that they say
_LONGEST_NOTE = 1000  # characters
_TOLD_ELSEWHERE = ("guid", "status", "returnTime")
_STATUS = re.compile(r"-?[0-9]{1,10}")
_OUR_NAMES = re.compile(r"CEB\d{3}Message|Dxp\w*")
_OF_CEB = tuple(CEB.encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_GUID = re.compile(r"""<[^<>?!]*\bguid\s*=\s*["']([0-9A-Fa-f-]{36})["']""")


@dataclass(frozen=True, slots=True)
class Return:
    """A return: about a record, or, when `message_ids` are given, about a whole message.

    `given` has the fields that say something. `message_ids`: ids the message may be known by, the surest first.
    `time` is ISO 8601, empty when customs gave none. `by_platform`: `status` is a code of table 7-1, not a returnStatus. `mark`: what its
    status is kept under where that is a notice's: of a tax bill (1 made, 2 summarised, 3 void), or of the customs entry which a summary
    became, as customs define it. `mended`: read in the lenient pass. `lines`: the goods of
    a tax bill.
    """

    answers: str | None
    status: str
    info: str
    time: str
    given: Mapping[str, str] = field(default_factory=dict)
    message_ids: tuple[str, ...] = ()
    by_platform: bool = False
    mark: str = ""
    mended: bool = False
    lines: tuple[Mapping[str, str], ...] = ()

    @property
    def notice(self) -> bool:
        """Whether it says something of a declaration that decides nothing about it."""
        return self.mark != ""


class NotAReceipt(Exception):
    """The document is not a message of customs."""


class ForeignMessage(NotAReceipt):
    """Nor has it a name of ours: another system waits for it."""


def read_returns(content: bytes) -> tuple[str, list[Return]]:
    """The receipt's type (`CEB312`, `DxpRep`) and its returns. Raises NotAReceipt and NotXml."""
    note = note_of(content)
    if note is not None:
        return "ClientNote", [_of_client(note)]
    try:
        return _read(content, lenient=False)
    except DocumentType:
        raise
    except NotXml as error:
        try:
            type_, returns = _read(content, lenient=True)
        except NotXml:
            raise error from None
        if not returns or not all(_STATUS.fullmatch(returned.status) for returned in returns):
            raise
    return type_, [replace(returned, mended=True) for returned in returns]


def whose(content: bytes) -> Literal["ours", "foreign", "unreadable"]:
    """Who waits for a message that lies among the receipts: we, or another system. What cannot be read may be a damaged one of ours."""
    if any(mark in content for mark in _OF_CEB):
        return "ours"  # so it is with most, and nothing is parsed; an envelope may carry anything
    try:
        read_returns(content)
    except ForeignMessage:
        return "foreign"
    except (NotAReceipt, NotXml):
        return "unreadable"
    return "ours"


def _read(content: bytes, *, lenient: bool) -> tuple[str, list[Return]]:
    root = _parse(content, lenient)
    if root.tag == f"{{{DXP}}}DxpMsgSv":
        root = _first(root, f"{{{DXP}}}DxpMsg")
    if root.tag == f"{{{DXP}}}DxpMsg":
        try:
            root = _parse(carried(root), lenient)
        except NotAnEnvelope as error:
            raise NotXml(str(error)) from None
    name = etree.QName(root)
    if root.tag == f"{{{DXP}}}DxpRep":
        return "DxpRep", [_answer(response) for response in root.iter(f"{{{DXP}}}Response")]
    if name.namespace not in (CEB, DXP) and not _OUR_NAMES.fullmatch(name.localname):
        raise ForeignMessage(name.localname)
    message = message_types().get(name.localname.removesuffix("Message"))
    if name.namespace != CEB or message is None or message.role == "declaration":
        raise NotAReceipt(name.localname)
    read = _READERS[message.role]
    return message.code, [read(message, element) for element in root.findall(f"{{{CEB}}}{message.record}")]


def _parse(content: bytes, lenient: bool) -> etree._Element:
    """The root element, whatever encoding the sender's software used. Raises NotXml.

    GB 18030 contains GB 2312 and GBK: names with rarer letters are sent under the smaller set's name. A text that is not the UTF-8 it
    claims to be is read the same way: keys and codes are ASCII, and the bytes are kept as they came.
    """
    if lenient:
        root = parse_xml(mended(_as_far_as_text(content)).encode(), huge=True)
        require_proved(root)
        return root
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return parse_xml(content, huge=True)
    marked = content.startswith(BOM_UTF8)
    content = content.removeprefix(BOM_UTF8).strip(b" \t\r\n\0")
    declared = _DECLARED.match(content)
    encoding = declared.group(1).decode("ascii").lower() if declared and not marked else "utf-8"
    if encoding not in (*_UTF8, *_CHINESE):
        return parse_xml(content, huge=True)
    try:
        text = content.decode("gb18030" if encoding in _CHINESE else "utf-8")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise NotXml(str(error)) from None
    return parse_xml(_without_declaration(text).encode(), huge=True)


def _as_far_as_text(content: bytes) -> str:
    """The text, with U+FFFD where bytes are of no encoding."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _without_declaration(content.decode("utf-16", errors="replace"))
    content = content.removeprefix(BOM_UTF8).strip(b" \t\r\n\0")
    texts = (content.decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030"))
    return _without_declaration(min(texts, key=lambda text: text.count("\ufffd")))


def _without_declaration(text: str) -> str:
    return text.partition("?>")[2] if text.startswith("<?xml") else text


def _first(parent: etree._Element, name: str) -> etree._Element:
    child = parent.find(name)
    if child is None:
        raise NotXml(f"no {etree.QName(name).localname}")
    return child


def _texts(element: etree._Element) -> dict[str, str]:
    texts = {}
    for child in element.iterchildren("*"):
        text = (child.text or "").strip()
        if text:
            texts[child.tag.rpartition("}")[2]] = text
    return texts


def _return(message: MessageType, element: etree._Element) -> Return:
    given = _texts(element)
    return Return(
        answers=message.answers,
        status=given.get("returnStatus", ""),
        info=given.get("returnInfo", ""),
        time=_time(given.get("returnTime", "")),
        given=given,
    )


def _refusal(message: MessageType, element: etree._Element) -> Return:
    """CEB900. `oriCopMsgId` is the envelope's; where other software made the envelope, the message quoted is known by its guid."""
    given = _texts(element)
    quoted = _GUID.search(given.pop("oriBizMessage", ""))
    ids = (given.get(message.match[0], ""), quoted.group(1) if quoted else "")
    return Return(
        answers=None,
        status=given.get("returnStatus", ""),
        info=given.get("returnInfo", ""),
        time=_time(given.get("returnTime", "")),
        given=given,
        message_ids=tuple(filter(None, ids)),
    )


def _notice(message: MessageType, element: etree._Element) -> Return:
    """A tax bill or a summary result: what it says of the list or summary as a whole, in words; and its lines."""
    given = _texts(_first(element, f"{{{CEB}}}{message.head}"))
    labels = _IN_A_NOTICE.get(message.mark or "") or tuple(
        (field.name, f"{field.zh} {field.en}") for field in message.head_fields if field.name not in _TOLD_ELSEWHERE
    )
    return Return(
        answers=message.answers,
        status=given.get("status", given.get("decState", "")),
        info=", ".join(f"{label} {given[name]}" for name, label in labels if name in given),
        time=_time(given.get("returnTime", given.get("opDate", ""))),
        given=given,
        mark=message.mark or "",
        lines=tuple(map(_texts, element.iterfind(f"{{{CEB}}}{message.line}"))) if message.line else (),
    )


def elements_of_bill(info: str) -> dict[str, str]:
    """The elements of a tax bill with their texts, read back from the `info` of its return."""
    labels = {label: name for name, label in _IN_A_BILL}
    elements: dict[str, str] = {}
    for piece in info.split(", "):
        label = next((label for label in labels if piece.startswith(f"{label} ")), None)
        if label is not None:
            elements.setdefault(labels[label], piece.removeprefix(label).strip())
    return elements


def _answer(response: etree._Element) -> Return:
    """A DxpRep's response. It gives the day only (NoticeTime), and cannot be older than the envelope it answers."""
    info = [_text(response, "ResponseInfo"), *_results(response), _text(response, "Note")]
    times = (_text(response, "NoticeTime")[:10] + "T00:00:00", _text(response, "OriHead", "CreatTime")[:19])
    return Return(
        answers=None,
        status=_text(response, "ResponseCode"),
        info="; ".join(filter(None, info)),
        time=max(map(_time, times)),
        message_ids=tuple(filter(None, (_text(response, "OriHead", "CopMsgId"),))),
        by_platform=True,
    )


def _of_client(note: ClientNote) -> Return:
    """What the official client says of a message: its own check and the server's call, before customs."""
    try:
        root = _parse(note.text, lenient=False)
        said = next((element.text or "" for element in root.iter("{*}CheckInfo")), "") or "".join(
            map(str, root.itertext())
        )
    except NotXml:
        said = _as_far_as_text(note.text)
    return Return(
        answers=None,
        status="failed" if note.failed else "sent",
        info=" ".join(said.split())[:_LONGEST_NOTE],
        time="",
        message_ids=(note.message.partition("_")[2],),
        by_platform=True,
    )


def _results(response: etree._Element) -> Iterator[str]:
    """The outcome of the envelope at each receiver."""
    for result in response.iter(f"{{{DXP}}}Result"):
        yield " ".join(filter(None, (_text(result, name) for name in ("RecId", "Code", "Info", "Note"))))


def _text(parent: etree._Element, *names: str) -> str:
    return (parent.findtext("/".join(f"{{{DXP}}}{name}" for name in names)) or "").strip()


def _time(text: str) -> str:
    """A time in any punctuation as ISO 8601 with milliseconds; empty for a text that is not a time."""
    digits = text if text.isdecimal() else "".join(letter for letter in text if letter.isdigit())
    return from_customs(digits[:17]) or ""


_READERS = {"receipt": _return, "notice": _notice, "refusal": _refusal}
