"""Reads the records of a stored message again, as they were declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lxml import etree

from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.schema import parse_xml, stated

Texts = Mapping[str, str]


class StatedTexts(NamedTuple):
    """What a record states: element name to text, of its head and of each of its lines."""

    head: Texts
    lines: Sequence[Texts]


def heads_by_guid(content: bytes) -> dict[str, Texts]:
    """The texts of the heads of a message's records, by the record's guid in capitals: element name to text. Raises NotXml.

    A record without head and lines is its own head.
    """
    root = parse_xml(content, huge=True)
    message = message_of(root)
    heads = (_texts(_head(message, record)) for record in root.iterfind(f"{{{CEB}}}{message.record}"))
    return {head["guid"].upper(): head for head in heads if "guid" in head}


def records_by_guid(content: bytes) -> dict[str, etree._Element]:
    """The records of a message by their guid in capitals; `stated_texts` reads them. Raises NotXml."""
    root = parse_xml(content, huge=True)
    message = message_of(root)
    guid = f"{{{CEB}}}guid"
    records = root.findall(f"{{{CEB}}}{message.record}")
    return {(_head(message, record).findtext(guid) or "").strip().upper(): record for record in records}


def record_of(xml: str) -> etree._Element:
    """A record as it is composed (`Record.xml`). Raises NotXml."""
    return parse_xml(f'<r xmlns:ceb="{CEB}">{xml}</r>'.encode(), huge=True)[0]


def stated_texts(message: MessageType, record: etree._Element) -> StatedTexts:
    """What the record states."""
    lines = record.findall(f"{{{CEB}}}{message.line}") if message.line else []
    return StatedTexts(_texts(_head(message, record)), list(map(_texts, lines)))


def message_of(root: etree._Element) -> MessageType:
    """What kind of message it is. Raises KeyError."""
    return message_types()[etree.QName(root).localname.removesuffix("Message")]


def _head(message: MessageType, record: etree._Element) -> etree._Element:
    head = record.find(f"{{{CEB}}}{message.head}") if message.head else None
    return record if head is None else head


def _texts(element: etree._Element) -> dict[str, str]:
    return {etree.QName(field).localname: stated(field) for field in element.iterchildren("*")}
