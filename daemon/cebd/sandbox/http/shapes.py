"""The shapes in which regional platforms take messages and give receipts, each with its own words for taken, refused and already there.

| shape | message | answer | receipts |
| --- | --- | --- | --- |
| `cebcmsg-json` | JSON, base64 within | `OK` | asked for: rows since a time |
| `gateway-form` | a form, XML in a field, base64 within | JSON | brought: the same form |
| `soap-declare` | SOAP, CDATA | SOAP, XML as text within | brought: a form |
| `dxp-xml` | the body itself, its name in the address | a status | files in a list |
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode
from xml.etree import ElementTree as ET  # another parser than the daemon's
from xml.sax.saxutils import escape

_SOAP = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'


class NotUnderstood(Exception):
    """The request is not of this shape; the text says why."""


@dataclass(frozen=True)
class Came:
    """A message that came: the name it has as a file, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    body: str
    type: str


@dataclass(frozen=True)
class Shape:
    """`understand` raises NotUnderstood. `push`: the body that brings a receipt, of its name and content, and the word that ends it."""

    name: str
    path: str
    understand: Callable[[bytes, str], Came]
    accepted: Said
    already: Said
    refused: Callable[[str], Said]
    push: Callable[[str, bytes], bytes] | None = None
    word: str = ""


def _of_json(body: bytes, _path: str) -> Came:
    try:
        message = json.loads(body)["Message"]
        head = message["MessageHead"]
        root = str(head["MessageType"]).removesuffix(".xml")
        return Came(f"{root}_{head['MessageId']}.xml", b64decode(message["MessageBody"]["data"], validate=True))
    except (ValueError, KeyError, TypeError) as error:
        raise NotUnderstood(f"{type(error).__name__}: {error}") from None


def _of_form(body: bytes, _path: str) -> Came:
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True)
        transfer = ET.fromstring(fields["messageText"][0])  # noqa: S314  what a trial sends
        return Came(transfer.findtext("Head/FileName", ""), b64decode(transfer.findtext("Data", ""), validate=True))
    except (ValueError, KeyError, ET.ParseError) as error:
        raise NotUnderstood(f"{type(error).__name__}: {error}") from None


def _of_soap(body: bytes, _path: str) -> Came:
    try:
        content = next(ET.fromstring(body).iter("content")).text or ""  # noqa: S314
    except (StopIteration, ET.ParseError) as error:
        raise NotUnderstood(f"{type(error).__name__}: {error}") from None
    number = re.search(r"CopMsgId>\s*([^<]+?)\s*<|guid>\s*([^<]+?)\s*<", content)
    kind = re.search(r"MsgType>\s*([^<]+?)\s*<|<(?:\w+:)?(CEB\d{3}Message)\b", content)
    if number is None or kind is None:
        raise NotUnderstood("a message without a number")
    return Came(f"{kind.group(1) or kind.group(2)}_{number.group(1) or number.group(2)}.xml", content.encode())


def _of_body(body: bytes, path: str) -> Came:
    return Came(path.rpartition("/")[2], body)


def _soap_said(mark: str, code: str, info: str) -> Said:
    inner = (
        f"<mo><jkfResult><chkMark>{mark}</chkMark><resultCode>{code}</resultCode>"
        f"<resultInfo>{escape(info)}</resultInfo></jkfResult></mo>"
    )
    body = f"<receiveResponse><return>{escape(inner)}</return></receiveResponse>"
    return Said(200, _SOAP.format(body), "text/xml; charset=utf-8")


def _json_said(status: int, **values: object) -> Said:
    return Said(status, json.dumps(values, ensure_ascii=False), "application/json; charset=utf-8")


def _pushed_transfer(name: str, content: bytes) -> bytes:
    data = b64encode(content).decode()
    transfer = f"<GzeportTransfer><Head><FileName>{escape(name)}</FileName></Head><Data>{data}</Data></GzeportTransfer>"
    fields = {"clientid": "PLATFORM", "messageType": name.partition("_")[0], "messageText": transfer}
    return urlencode(fields, quote_via=quote, safe="").encode()


def _pushed_content(name: str, content: bytes) -> bytes:
    return urlencode({"msgtype": name.partition("_")[0], "content": content.decode()}).encode()


SHAPES = {
    shape.name: shape
    for shape in (
        Shape(
            "cebcmsg-json",
            "/cebcmsg",
            _of_json,
            Said(200, "OK", "text/plain"),
            Said(200, "EXIST", "text/plain"),
            lambda why: _json_said(200, code="E01", message=why),
        ),
        Shape(
            "gateway-form",
            "/sendMessage",
            _of_form,
            _json_said(200, result=True, errorCode="", description=""),
            _json_said(200, result=False, errorCode="0.4.1", description="报文已存在"),
            lambda why: _json_said(200, result=False, errorCode="0.3.9", description=why),
            _pushed_transfer,
            "success",
        ),
        Shape(
            "soap-declare",
            "/ws/receive",
            _of_soap,
            _soap_said("1", "", "处理成功"),
            _soap_said("2", "22099", "重复"),
            lambda why: _soap_said("2", "22001", why),
            _pushed_content,
            "<response><success>true</success></response>",
        ),
        Shape(
            "dxp-xml",
            "/in",
            _of_body,
            Said(201, "", "text/plain"),
            _json_said(409, code="already", reason="received before"),
            lambda why: _json_said(507, code="refused", reason=why),
        ),
    )
}


def rows(contents: list[bytes], root: str, since: str) -> str:
    """The returns of those receipts with that root element and from that time (yyyyMMddHHmmss) on, as Java prints maps."""
    lines = []
    for content in contents:
        document = ET.fromstring(content)  # noqa: S314
        if document.tag.rpartition("}")[2] != root:
            continue
        for returned in document:
            cells = {element.tag.rpartition("}")[2].lower(): element.text or "" for element in returned}
            at = cells.pop("returntime", "")[:14]
            guid = cells.pop("guid", "")
            if at < since:
                continue
            cells |= {"returntime2": at, "re_order_guid" if "orderno" in cells else "re_elist_guid": guid}
            lines.append("{" + ", ".join(f"{name}={text}" for name, text in cells.items()) + "}")
    return f"[{', '.join(lines)}]"
