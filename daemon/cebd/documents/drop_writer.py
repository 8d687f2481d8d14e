"""Writes and counts the records and messages of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cebd.clock import Clock, iso
from cebd.documents.destination import Destination
from cebd.enterprise import Enterprise
from cebd.messages.description import MessageType
from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.record import Record
from cebd.records.states import SignatureMode, State
from cebd.store.across.earlier.counterparts import LaterWord
from cebd.store.messages import NewMessage
from cebd.store.new_records import NO_EDIT, Edit, record_rows


@dataclass(frozen=True)
class Converted:
    """The result of a file. `read` counts its records, `records` the stored records, which are fewer only if reading stopped.

    Of the stored records, `ready` go to customs, `held` wait until the file is corrected, `repeats` were declared before. `tells_layout`:
    it has no records, but says what the headings of other files mean.
    """

    type: str | None
    message_ids: list[MessageId]
    problems: list[Problem]
    read: int
    records: int
    ready: int
    held: int
    repeats: int
    tells_layout: bool = False


class DropWriter:
    """Writes the records and messages of a file."""

    def __init__(self, destination: Destination, drop_id: DropId, enterprise: Enterprise, clock: Clock) -> None:
        self._destination = destination
        self._drop_id = drop_id
        self._enterprise = enterprise
        self._created = iso(clock.now())
        self._message_ids: list[MessageId] = []
        self._read = 0
        self._stored: dict[State, int] = {}

    def count_read(self, records: int) -> None:
        """Count records that were read, whatever their state."""
        self._read += records

    @property
    def read(self) -> int:
        return self._read

    def stored(self, *states: State) -> int:
        """The number of records stored in these states; in any state if none is named."""
        return sum(self._stored.get(state, 0) for state in states or self._stored)

    def add_rejected(self, records: Sequence[Record], edit: Edit = NO_EDIT) -> None:
        """Store records that are not declared, with their problems."""
        self._add(records, State.REJECTED, edit=edit)

    def add_held(self, records: Sequence[Record]) -> None:
        """Store records that wait until the file is corrected."""
        self._add(records, State.HELD)

    def add_repeat(self, record: Record, repeat_of: RecordId | None) -> None:
        """Store a record that repeats an earlier declaration."""
        self._add([record], State.REPEAT, repeat_of=repeat_of)

    def add_ready(self, records: Sequence[Record], message_id: MessageId, *, active: bool = True) -> None:
        """Store records that go in that message. `active`: from now on they hold their keys."""
        self._add(records, State.READY, message_id=message_id, active=active)

    def _add(
        self,
        records: Sequence[Record],
        state: State,
        *,
        active: bool = False,
        message_id: MessageId | None = None,
        repeat_of: RecordId | None = None,
        edit: Edit = NO_EDIT,
    ) -> None:
        rows = record_rows(
            self._drop_id,
            self._enterprise.name,
            records,
            state,
            active=active,
            message_id=message_id,
            repeat_of=repeat_of,
            edit=edit,
        )
        self._destination.add_records(rows)
        self._stored[state] = self._stored.get(state, 0) + len(records)

    def add_message(
        self, message: MessageType, body: bytes, guid: str, cop_msg_id: str, mode: SignatureMode
    ) -> MessageId:
        """Store a message that is to be signed as `mode` says."""
        new = NewMessage(
            drop_id=self._drop_id,
            enterprise=self._enterprise.name,
            type=message.code,
            guid=guid,
            cop_msg_id=cop_msg_id,
            signer=self._enterprise.first_signer,
            channel=self._enterprise.channel.of(message.code, message.name or ""),
            signature_mode=mode,
            sender=self._enterprise.dxpId,
            receiver=self._enterprise.receiver_of(export=message.export),
            created=self._created,
        )
        message_id = self._destination.add_message(new, body)
        self._message_ids.append(message_id)
        return message_id

    def supersede(self, record_ids: Sequence[RecordId | None]) -> None:
        """The keys of these records belong to records that will be added; None: a record of another store."""
        self._destination.supersede([record_id for record_id in record_ids if record_id is not None])

    def say(self, words: Sequence[LaterWord]) -> None:
        """What the file makes to be said in the receipts of earlier documents."""
        self._destination.say(words)

    def converted(self, message: MessageType | None, problems: list[Problem]) -> Converted:
        """The result, with the problems of the file as a whole."""
        return Converted(
            type=None if message is None else message.code,
            message_ids=self._message_ids,
            problems=problems,
            read=self._read,
            records=self.stored(),
            ready=self.stored(State.READY),
            held=self.stored(State.HELD),
            repeats=self.stored(State.REPEAT),
        )
