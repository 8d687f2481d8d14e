"""What a record states, from the bytes of the message in which it was declared."""

from __future__ import annotations

from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts, records_by_guid, stated_texts
from cebd.messages.schema import NotXml
from cebd.store.console.questions import FoundRecord
from cebd.store.messages import StoredMessage


def declared_texts(record: FoundRecord, message: StoredMessage | None) -> StatedTexts | None:
    """None for a record that is in no message, and for one whose bytes were removed after years."""
    if message is None:
        return None
    try:
        element = records_by_guid(message.body).get(record.guid.upper())
    except NotXml:
        return None
    return None if element is None else stated_texts(message_types()[record.type], element)
