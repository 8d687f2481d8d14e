"""Validation at speed (lxml) and safe reading of XML: no entities, no network, no document type."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

from lxml import etree

from cebd.messages.description import CEB, DS
from cebd.messages.schema_files import kept_with_schemas, message_schemas, schema_dir

_here = local()
_PROLOG = 4096  # bytes at a time

# A signature that has the right shape and means nothing: a message is checked before it is signed.
_SHAPE = (
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/><ds:Reference URI="">'
    '<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><ds:DigestValue>AAAA</ds:DigestValue>'
    "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"
)


class NotXml(Exception):
    """The bytes are no XML that cebd reads; the message says why."""


class DocumentType(NotXml):
    """The XML has a document type declaration: it could name files and addresses to be fetched, or texts that grow without end."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where a document departs from its schema: the line, the element path, the reason in the validator's words."""

    line: int
    path: str
    reason: str


_CHINESE = re.compile(
    rb"""(\A\s*<\?xml[^>]*?\sencoding\s*=\s*["'])(gb2312|gbk|cp936|x-gbk|euc-cn)(["'])""", re.IGNORECASE
)
_PROLOG_BYTES = 200


def with_all_of_gbk(start: bytes) -> bytes:
    """An XML text (or its begin) declared as GB 2312 or GBK, as GB 18030, which has the signs of both: programs write GBK under
    either name."""
    head = _CHINESE.sub(rb"\1gb18030\3", start[:_PROLOG_BYTES], count=1)
    return start if head == start[:_PROLOG_BYTES] else head + start[_PROLOG_BYTES:]


def parse_xml(content: bytes, *, huge: bool = False) -> etree._Element:
    """The root element. Raises NotXml; a document type declaration is refused whatever it says, before it is read."""
    refuse_document_type(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge, remove_blank_text=False
    )
    try:
        root = etree.fromstring(with_all_of_gbk(content), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise DocumentType("a document type declaration is not allowed")
    return root


def stated(element: etree._Element) -> str:
    """What the element says, without white space around it. Comments within are no part of it, as they are none of what is signed."""
    return (str(element.xpath("string()")) if len(element) else element.text or "").strip()


_BEGINS_WITH_ITS_ROOT = re.compile(rb"<[A-Za-z_]")  # as all that is composed here does: there is no prolog


class _Prolog:
    """Hears what stands before the root element."""

    def doctype(self, *_: object) -> None:
        raise DocumentType("a document type declaration is not allowed")

    def start(self, *_: object) -> None:
        raise StopIteration

    def end(self, *_: object) -> None: ...

    def close(self) -> None: ...


def refuse_document_type(content: bytes) -> None:
    """Look at the prolog alone, parsing neither the declaration nor what calls on it. Raises DocumentType."""
    if _BEGINS_WITH_ITS_ROOT.match(content):
        return
    target: Any = _Prolog()
    prolog = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    with suppress(StopIteration, etree.XMLSyntaxError, ValueError):
        for begin in range(0, len(content), _PROLOG):
            prolog.feed(content[begin : begin + _PROLOG])


def flaws(root: etree._Element, *, unsigned: bool = False) -> list[Flaw]:
    """Where the document departs from the schema of its root; empty when it is valid.

    `unsigned` asks about a message that is not signed yet: a signature is taken as given.
    Raises KeyError when there is no schema for the root element.
    """
    schema = _schema(etree.QName(root).localname)
    stand_in = None
    if unsigned and root.find(f"{{{DS}}}Signature") is None:
        stand_in = etree.fromstring(_SHAPE)
        following = after_signature(root)
        if following is None:
            root.append(stand_in)
        else:
            following.addprevious(stand_in)
    try:
        if schema.validate(root):
            return []
        log: Any = schema.error_log
        return [
            Flaw(entry.line, entry.path or "", entry.message.replace("{http://www.chinaport.gov.cn/ceb}", ""))
            for entry in log
        ]
    finally:
        if stand_in is not None:
            root.remove(stand_in)


def after_signature(root: etree._Element) -> etree._Element | None:
    """The child that follows a signature: the ExtendMessage of an export message. Elsewhere a signature is the last child."""
    file = _files().get(etree.QName(root).localname, "")
    return root.find(f"{{{CEB}}}ExtendMessage") if Path(file).parent.name == "export" else None


def known_root(name: str) -> bool:
    """Whether there is a schema for that root element."""
    return name in _files()


def _schema(root: str) -> etree.XMLSchema:
    """One compiled schema per thread: libxml2's error log belongs to the schema object."""
    schemas: dict[str, etree.XMLSchema] = _here.__dict__.setdefault("schemas", {})
    file = _files()[root]
    if file not in schemas:
        schemas[file] = etree.XMLSchema(etree.parse(file))
    return schemas[file]


@kept_with_schemas
@cache
def _files() -> dict[str, str]:
    files = {path.stem: str(path) for path in message_schemas().values()}
    terminal, transfer = (str(schema_dir() / "dxp" / name) for name in ("Dxp.xsd", "DxpSv.xsd"))
    return files | {"DxpMsg": terminal, "DxpRep": terminal, "DxpMsgSv": transfer}
