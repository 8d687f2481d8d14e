"""What declarations state, read of their stored messages; of one whose bytes were removed after years, what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree
from sqlalchemy import select

from cebd.messages.description import message_types
from cebd.messages.parse import message_of, records_by_guid, stated_texts
from cebd.records.ids import MessageId
from cebd.records.kept import Stated, read_kept
from cebd.store.packing import unpack
from cebd.store.tables import messages
from cebd.store.transaction import Transaction


class StatedRecords:
    """The records of a message. Each is read when it is asked for."""

    def __init__(self, whole: Mapping[str, etree._Element], kept: Mapping[str, Stated]) -> None:
        """The records whose bytes are there, by their guids in capitals; those of which something was kept, by the start of theirs."""
        self._whole = whole
        self._kept = kept

    def of(self, guid: str) -> Stated | None:
        """What the record of that guid states; None where nobody knows any more."""
        guid = guid.upper()
        record = self._whole.get(guid)
        if record is None:
            return next((stated for start, stated in self._kept.items() if guid.startswith(start)), None)
        root = record.getparent()
        assert root is not None  # noqa: S101
        message = message_of(root)
        return Stated(message, stated_texts(message, record))


def stated_records(transaction: Transaction, message_id: MessageId) -> StatedRecords:
    """The records of a stored message. Raises NotXml."""
    names = ("type", "guid", "body", "kept")
    row = transaction.execute(select(*(messages.c[name] for name in names)).where(messages.c.id == message_id)).one()
    message, kept = message_types()[row.type], {} if row.kept is None else read_kept(unpack(row.kept))
    return StatedRecords(
        records_by_guid(unpack(row.body)),
        {start: Stated(message, texts, kept_of=row.guid) for start, texts in kept.items()},
    )
