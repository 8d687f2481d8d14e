"""Where the rows and messages of a conversion go: into the store, or into a file beside it until the store may be held."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from cebd.records.ids import MessageId, RecordId
from cebd.store.messages import NewMessage, add_message
from cebd.store.packing import Packed, packed
from cebd.store.records import RecordRows, insert_rows, supersede
from cebd.store.transaction import Transaction


class Destination(Protocol):
    """Takes what is made of a file."""

    def add_records(self, rows: RecordRows) -> None: ...

    def add_message(self, message: NewMessage, body: Packed | bytes) -> MessageId:
        """The number that its records name."""
        ...

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        """The keys of these records belong to newer ones from now on; before the newer ones are added."""
        ...


class StoreItself:
    """The store, in a transaction that is under way."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_records(self, rows: RecordRows) -> None:
        insert_rows(self._transaction, rows)

    def add_message(self, message: NewMessage, body: Packed | bytes) -> MessageId:
        return add_message(self._transaction, message, body)

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        supersede(self._transaction, record_ids)


class CannotSetAside(Exception):
    """There is no room for the file beside the store."""


class _Message(NamedTuple):
    new: NewMessage
    body: Packed


_Written: TypeAlias = RecordRows | _Message | list[RecordId]


class BesideTheStore:
    """A file without a name, in a folder for us alone: it goes with the process. Nobody else reads it, so it may be pickled."""

    def __init__(self, folder: Path) -> None:
        """Raises CannotSetAside."""
        self._messages = 0
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  `close` closes it
        except OSError as error:
            raise CannotSetAside from error

    def add_records(self, rows: RecordRows) -> None:
        self._write(rows)

    def add_message(self, message: NewMessage, body: Packed | bytes) -> MessageId:
        """The number counts the messages of the file: the store gives it another."""
        self._write(_Message(message, body if isinstance(body, Packed) else packed(body)))
        self._messages += 1
        return MessageId(self._messages)

    def supersede(self, record_ids: Sequence[RecordId]) -> None:
        if record_ids:
            self._write(list(record_ids))

    def clear(self) -> None:
        """Nothing was written."""
        self._file.seek(0)
        self._file.truncate()
        self._messages = 0

    def bring_in(self, transaction: Transaction) -> list[MessageId]:
        """Write all of it into the store; returns the numbers of its messages."""
        message_ids: list[MessageId] = []
        for written in self._read():
            if isinstance(written, _Message):
                message_ids.append(add_message(transaction, written.new, written.body))
            elif isinstance(written, RecordRows):
                number = written.message_id
                own = None if number is None else message_ids[number - 1]
                insert_rows(transaction, written._replace(message_id=own))
            else:
                supersede(transaction, written)
        return message_ids

    def close(self) -> None:
        self._file.close()

    def _write(self, written: _Written) -> None:
        try:
            pickle.dump(written, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            raise CannotSetAside from error

    def _read(self) -> Iterator[_Written]:
        self._file.flush()
        self._file.seek(0)
        while True:
            try:
                yield pickle.load(self._file)  # noqa: S301  written here
            except EOFError:
                return


__all__ = ["BesideTheStore", "CannotSetAside", "Destination", "StoreItself"]
