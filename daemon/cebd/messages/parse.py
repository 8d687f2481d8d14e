"""Reads the records of a stored message again, as they were declared."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from cebd.messages.description import CEB, message_types
from cebd.messages.schema import parse_xml, stated


def heads_by_guid(content: bytes) -> dict[str, Mapping[str, str]]:
    """The texts of the heads of a message's records, by the record's guid in capitals: element name to text. Raises NotXml.

    A record without head and lines is its own head.
    """
    root = parse_xml(content, huge=True)
    message = message_types()[etree.QName(root).localname.removesuffix("Message")]
    path = f"{{{CEB}}}{message.record}" + (f"/{{{CEB}}}{message.head}" if message.head else "")
    heads = (
        {etree.QName(field).localname: stated(field) for field in head.iterchildren("*")}
        for head in root.iterfind(path)
    )
    return {head["guid"].upper(): head for head in heads if "guid" in head}
