"""Where the rows and messages of a conversion go: into the store, or into a file beside it until the store may be held."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import uuid4

from cebd.decisions.decision import InForce
from cebd.decisions.found import Found
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.store.across.earlier.counterparts import LaterWord, say
from cebd.store.databases.set_aside import CannotSetAside, SetAside, as_cannot_set_aside
from cebd.store.decided.decisions import keep
from cebd.store.decided.layouts import ask, keep_layout
from cebd.store.drops import FieldColumns, note_columns
from cebd.store.messages import NewMessage, add_message
from cebd.store.new_records import RecordRows, insert_rows
from cebd.store.packing import packed
from cebd.store.records import supersede
from cebd.store.transaction import Transaction, batches


class KeptDecisions(NamedTuple):
    """What people decided in the file. `followed`: what holds for it of equal mistakes; `now` is ISO 8601."""

    enterprise: str
    drop_id: DropId
    found: Found
    followed: InForce
    now: str


class Destination(Protocol):
    """Takes what is made of a file."""

    def add_records(self, rows: RecordRows) -> None: ...

    def add_message(self, message: NewMessage, body: bytes) -> MessageId:
        """The number that its records name."""
        ...

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        """The keys of these records belong to newer ones from now on; before the newer ones are added."""
        ...

    def note_columns(self, drop_id: DropId, columns: FieldColumns) -> None:
        """Where the fields stand in the drop's workbook."""
        ...

    def say(self, words: Sequence[LaterWord]) -> None:
        """What the file makes to be said in the receipts of earlier documents."""
        ...

    def keep_decisions(self, kept: KeptDecisions) -> None:
        """What the workbook's sheet of decisions says."""
        ...


class StoreItself:
    """The store, in a transaction that is under way."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_records(self, rows: RecordRows) -> None:
        insert_rows(self._transaction, rows)

    def add_message(self, message: NewMessage, body: bytes) -> MessageId:
        return add_message(self._transaction, message, body)

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        supersede(self._transaction, record_ids)

    def note_columns(self, drop_id: DropId, columns: FieldColumns) -> None:
        note_columns(self._transaction, drop_id, columns)

    def say(self, words: Sequence[LaterWord]) -> None:
        say(self._transaction, words)

    def keep_decisions(self, kept: KeptDecisions) -> None:
        _keep(self._transaction, kept)


class BesideTheStore:
    """Rows and messages in a database that the store takes over (`store.databases.set_aside`); the rest, which is little, in memory."""

    def __init__(self, folder: Path) -> None:
        """`folder`: for us alone; what a kill leaves there is removed at the start. Raises CannotSetAside."""
        with as_cannot_set_aside():
            folder.mkdir(mode=0o700, exist_ok=True)
        self._aside = SetAside(folder / f"{uuid4().hex}.sqlite")
        self._superseded: list[RecordId] = []
        self._words: list[LaterWord] = []
        self._columns: dict[DropId, FieldColumns] = {}
        self._decisions: list[KeptDecisions] = []

    def add_records(self, rows: RecordRows) -> None:
        self._aside.add_records(rows)

    def add_message(self, message: NewMessage, body: bytes) -> MessageId:
        """The number counts the messages of the file: the store gives it another."""
        return self._aside.add_message(message, packed(body))

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        self._superseded += record_ids

    def note_columns(self, drop_id: DropId, columns: FieldColumns) -> None:
        self._columns[drop_id] = columns

    def say(self, words: Sequence[LaterWord]) -> None:
        self._words += words

    def keep_decisions(self, kept: KeptDecisions) -> None:
        self._decisions.append(kept)

    def clear(self) -> None:
        """Nothing was written. Raises CannotSetAside."""
        self._aside.clear()
        self._superseded.clear()
        self._words.clear()
        self._decisions.clear()

    def complete(self) -> None:
        """Everything was written: what is still in memory finds room, or there is none. Raises CannotSetAside."""
        self._aside.complete()

    def bring_in(self, transaction: Transaction) -> list[MessageId]:
        """Write all of it into the store; returns the numbers of its messages. Raises CannotSetAside."""
        for batch in batches(self._superseded):
            supersede(transaction, batch)
        message_ids = self._aside.take_into(transaction)
        for drop_id, columns in self._columns.items():
            note_columns(transaction, drop_id, columns)
        say(transaction, self._words)
        for kept in self._decisions:
            _keep(transaction, kept)
        return message_ids

    def close(self) -> None:
        self._aside.close()


def _keep(transaction: Transaction, kept: KeptDecisions) -> None:
    answers, proposal, layout = kept.found
    keep(transaction, kept.enterprise, kept.drop_id, answers, kept.followed, kept.now)
    if proposal is not None:
        ask(transaction, kept.drop_id, proposal)
    if layout is not None:
        keep_layout(transaction, kept.enterprise, kept.drop_id, layout)


__all__ = ["BesideTheStore", "CannotSetAside", "Destination", "StoreItself"]
