"""What declarations state, read of their stored messages; of one whose bytes were removed after years, what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree
from sqlalchemy import select

from cebd.messages.description import MessageType, message_types
from cebd.messages.parse import StatedTexts, records_by_guid, stated_texts
from cebd.records.ids import MessageId
from cebd.records.kept import Stated, read_kept
from cebd.store.packing import unpack
from cebd.store.tables import messages
from cebd.store.transaction import Transaction


class StatedRecords:
    """The records of a message. Each is read when it is asked for."""

    def __init__(
        self, message: MessageType, guid: str, whole: Mapping[str, etree._Element], kept: Mapping[str, StatedTexts]
    ) -> None:
        """`whole`, `kept`: the records by their guids in capitals; those whose bytes are there, those of which something was kept."""
        self._message = message
        self._guid = guid
        self._whole = whole
        self._kept = kept

    def of(self, guid: str) -> Stated | None:
        """What the record of that guid states; None where nobody knows any more."""
        guid = guid.upper()
        if guid in self._whole:
            return Stated(self._message, stated_texts(self._message, self._whole[guid]))
        return Stated(self._message, self._kept[guid], self._guid) if guid in self._kept else None


def stated_records(transaction: Transaction, message_id: MessageId) -> StatedRecords:
    """The records of a stored message. Raises NotXml."""
    names = ("type", "guid", "body", "kept")
    row = transaction.execute(select(*(messages.c[name] for name in names)).where(messages.c.id == message_id)).one()
    kept = {} if row.kept is None else read_kept(unpack(row.kept))
    return StatedRecords(message_types()[row.type], row.guid, records_by_guid(unpack(row.body)), kept)
