"""The declarations that the receipts of a batch may concern: asked of the store for all of them together, and kept in memory as they
stand after each receipt.

What a batch changes is written after its last receipt. So that each receipt finds what it would find if those before it had been written,
their changes are noted here: a declaration's numbers and its returns. Of all that receipts are matched by, only these change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from cebd.records.ids import MessageId, RecordId
from cebd.records.states import ReturnedStatus
from cebd.store.across.declarations import (
    Declaration,
    declarations_in_envelopes,
    declarations_in_messages,
    declarations_with_first_part,
    declarations_with_keys,
    declarations_with_numbers,
)
from cebd.store.across.earlier.stated import StatedRecords, stated_records
from cebd.store.history import ReceivedStatus, received_statuses_of
from cebd.store.submissions import HandOvers, hand_overs_of
from cebd.store.transaction import Transaction

_MESSAGES_READ = 8  # kept parsed: receipts that omit codes mostly come message by message


class KnownDeclarations:
    """For one transaction. Lists of declarations are in the order of declaring."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._by_id: dict[RecordId, Declaration] = {}
        self._by_key: dict[tuple[str, str], list[RecordId]] = {}  # of each type and key that was asked for
        self._by_number: dict[
            tuple[str, str], set[RecordId]
        ] = {}  # of all that are here; those with that number before, too
        self._numbers_asked: set[str] = set()
        self._received: dict[RecordId, list[ReceivedStatus]] = {}
        self._hand_overs: dict[MessageId, HandOvers] = {}
        self._records_of = lru_cache(_MESSAGES_READ)(self._read)

    def __getitem__(self, record_id: RecordId) -> Declaration:
        return self._by_id[record_id]

    # Looking up

    def look_up_keys(self, keys: Mapping[str, Collection[str]]) -> None:
        """Ask the store for the declarations of all these keys, by type."""
        for type_, keys_of_type in keys.items():
            new = [key for key in keys_of_type if (type_, key) not in self._by_key]
            self._by_key |= {(type_, key): [] for key in new}
            for record in self._taken(declarations_with_keys(self._transaction, type_, new)):
                self._by_key[type_, record.key].append(record.id)

    def look_up_numbers(self, numbers: Iterable[str]) -> None:
        """Likewise of all these numbers, of the platform or customs."""
        new = set(numbers) - self._numbers_asked
        self._numbers_asked |= new
        self._taken(declarations_with_numbers(self._transaction, new))

    def with_key(self, type_: str, key: str) -> list[Declaration]:
        if (type_, key) not in self._by_key:
            self.look_up_keys({type_: [key]})
        return [self._by_id[record_id] for record_id in self._by_key[type_, key]]

    def with_first_part(self, type_: str, first: str) -> list[Declaration]:
        """The declarations whose key begins with that part."""
        return self._taken(declarations_with_first_part(self._transaction, type_, first))

    def with_numbers(self, type_: str, pre_no: str | None, invt_no: str | None) -> list[Declaration]:
        """The declarations that have the platform's number `pre_no` or customs' number `invt_no` now; None matches nothing."""
        numbers = [number for number in (pre_no, invt_no) if number]
        self.look_up_numbers(numbers)
        ids = {record_id for number in numbers for record_id in self._by_number.get((type_, number), ())}
        records = [self._by_id[record_id] for record_id in sorted(ids)]
        return [
            record
            for record in records
            if (pre_no and record.pre_no == pre_no) or (invt_no and record.invt_no == invt_no)
        ]

    def in_envelopes(self, envelope_ids: Sequence[str]) -> list[Declaration]:
        """The declarations of messages that went in an envelope with one of these ids (CopMsgId)."""
        return self._taken(declarations_in_envelopes(self._transaction, envelope_ids))

    def in_messages(self, guids: Sequence[str]) -> list[Declaration]:
        """The declarations of messages with one of these guids."""
        return self._taken(declarations_in_messages(self._transaction, guids))

    def _taken(self, declarations: Iterable[Declaration]) -> list[Declaration]:
        """The same declarations as they stand now."""
        taken = []
        for declaration in declarations:
            known = self._by_id.setdefault(declaration.id, declaration)
            if known is declaration:
                self._note_numbers(declaration)
            taken.append(known)
        return taken

    def _note_numbers(self, declaration: Declaration) -> None:
        for number in (declaration.pre_no, declaration.invt_no):
            if number:
                self._by_number.setdefault((declaration.type, number), set()).add(declaration.id)

    # What was said of them, and how they went

    def received(self, record_id: RecordId) -> Sequence[ReceivedStatus]:
        """The returns of a declaration, in the order of arrival."""
        if record_id not in self._received:
            missing = self._by_id.keys() - self._received.keys()
            found = received_statuses_of(self._transaction, missing)
            self._received |= {id_: found.get(id_, []) for id_ in missing}
        return self._received[record_id]

    def statuses(self, record_id: RecordId) -> list[ReturnedStatus]:
        """The same without their arrival."""
        return [status.returned for status in self.received(record_id)]

    def knows(self, record_id: RecordId, status: ReturnedStatus) -> bool:
        """Whether that return came already."""
        return any(known.returned.words == status.words for known in self.received(record_id))

    def hand_overs(self, message_id: MessageId) -> HandOvers:
        """How often the message of a declaration was handed over."""
        if message_id not in self._hand_overs:
            missing = {record.message_id for record in self._by_id.values()} - self._hand_overs.keys()
            self._hand_overs |= hand_overs_of(self._transaction, missing)
        return self._hand_overs[message_id]

    def head_of(self, declaration: Declaration) -> Mapping[str, str]:
        """What its head says; of one whose bytes were removed after years the codes, which are kept."""
        stated = self._records_of(declaration.message_id).of(declaration.guid)
        return {} if stated is None else stated.texts.head

    def _read(self, message_id: MessageId) -> StatedRecords:
        return stated_records(self._transaction, message_id)

    # Changes

    def add_status(self, record_id: RecordId, status: ReceivedStatus) -> None:
        """The declaration got a return."""
        self.received(record_id)
        self._received[record_id].append(status)

    def set_numbers(self, record_id: RecordId, pre_no: str | None, invt_no: str | None) -> None:
        """The declaration has these numbers from now on."""
        self._by_id[record_id] = replace(self._by_id[record_id], pre_no=pre_no, invt_no=invt_no)
        self._note_numbers(self._by_id[record_id])
