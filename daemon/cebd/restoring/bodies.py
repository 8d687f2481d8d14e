"""Messages put together anew from a file that was declared before: its records, under the guids that the receipts name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from cebd.messages.description import CEB, message_types
from cebd.messages.schema import parse_xml
from cebd.store.messages import StoredMessage


@dataclass(frozen=True)
class Composed:
    """A converted message and its document."""

    message: StoredMessage
    root: etree._Element

    def is_just(self, guid: str, guids: Mapping[str, str]) -> bool:
        """Whether these records under these guids are this very message: then its bytes, and a signature in them, stay."""
        own = [element.text for element in self.root.iter(f"{{{CEB}}}guid")]
        return self.root.get("guid") == guid and all(guids.get(text or "") == text for text in own)


def composed(message: StoredMessage) -> Composed:
    """The message as converted just now."""
    return Composed(message, parse_xml(message.body, huge=True))


def put_together(parts: list[Composed], type_: str, guid: str, guids: Mapping[str, str]) -> bytes:
    """A message of these records, canonical. `guids`: the guid to use for each converted record.

    Without records (none could be read again) it is an empty message, to which its answers can belong.
    """
    message = message_types()[type_]
    record_tag, guid_tag = f"{{{CEB}}}{message.record}", f"{{{CEB}}}guid"
    shell: etree._Element | None = None
    taken: list[etree._Element] = []
    for part in parts:
        root = etree.fromstring(etree.tostring(part.root), etree.XMLParser(resolve_entities=False, huge_tree=True))
        if shell is None:
            shell = root
        for element in list(root.iterchildren(record_tag)):
            stated = next(element.iter(guid_tag), None)
            root.remove(element)
            if stated is not None and stated.text in guids:
                stated.text = guids[stated.text]
                taken.append(element)
    if shell is None:
        shell = etree.Element(f"{{{CEB}}}{message.root}", {"version": "1.0"}, {"ceb": CEB})
    shell.set("guid", guid)
    for place, element in enumerate(taken):
        shell.insert(place, element)
    return etree.tostring(shell, method="c14n", with_comments=False)
