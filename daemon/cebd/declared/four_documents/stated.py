"""What counterparts state: the digests that the store keeps, their texts where digests differ, their files."""

from __future__ import annotations

from cebd.declared.four_documents.differences import parts_of
from cebd.records.ids import DropId, MessageId
from cebd.records.kept import Stated
from cebd.records.record import Record
from cebd.records.shared import numbers_in, shared_of
from cebd.store.across.earlier.counterparts import Counterpart, FileOf, files_of
from cebd.store.across.earlier.stated import StatedRecords, stated_records
from cebd.store.transaction import Transaction

_MAX_MESSAGES_READ = 8  # remembered: the records of a file are mostly in the order of earlier records
MOST_MESSAGES = 2000  # of a file: some seconds, in which the store may be held
Numbers = dict[str, int]


class DeclaredTexts:
    """Reads them from the store of earlier declarations, each message and each file once for many records.

    `is_exhausted`: as many messages were read as may be, and no more are.
    """

    def __init__(self, transaction: Transaction, most_messages: int = MOST_MESSAGES) -> None:
        self._transaction = transaction
        self._left = most_messages
        self.is_exhausted = False
        self._read: dict[MessageId, StatedRecords] = {}
        self._files: dict[DropId, FileOf] = {}

    def numbers_of_record(self, record: Record) -> Numbers | None:
        """By part, what a new record shares with others."""
        return numbers_in(record.facts.shared, parts_of(record.type))

    def numbers_of(self, counterpart: Counterpart) -> Numbers | None:
        """By part, what it shares with others; None if nobody knows: neither digests nor its message are there."""
        parts = parts_of(counterpart.type)
        numbers = numbers_in(counterpart.shared, parts)
        if numbers is not None:
            return numbers
        stated = self.of(counterpart)
        if stated is None or stated.kept_of is not None:
            return None
        return numbers_in(shared_of(parts, stated.texts.head, stated.texts.lines), parts)

    def of(self, counterpart: Counterpart) -> Stated | None:
        """What it states; None if nobody knows any more."""
        if counterpart.message_id is None:
            return None
        records = self._records_of(counterpart.message_id)
        return None if records is None else records.of(counterpart.guid)

    def file_of(self, counterpart: Counterpart) -> FileOf:
        """Its file."""
        if counterpart.drop_id not in self._files:
            self._files |= files_of(self._transaction, [counterpart.drop_id])
        return self._files[counterpart.drop_id]

    def _records_of(self, message_id: MessageId) -> StatedRecords | None:
        if message_id not in self._read:
            if self._left == 0:
                self.is_exhausted = True
                return None
            self._left -= 1
            if len(self._read) >= _MAX_MESSAGES_READ:
                del self._read[next(iter(self._read))]
            self._read[message_id] = stated_records(self._transaction, message_id)
        return self._read[message_id]
