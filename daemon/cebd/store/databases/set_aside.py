"""Records and messages in a database of their own, beside the store, until the store may be held: SQLite then takes them over by itself.

Given row by row by Python, the records of 100,000 orders take more than twice as long, in which nobody else writes.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from cebd.records.ids import MessageId
from cebd.store.messages import NewMessage, message_values
from cebd.store.new_records import RecordRows
from cebd.store.packing import Packed
from cebd.store.safety.private import open_private
from cebd.store.tables import messages, records
from cebd.store.transaction import Transaction

NAME = "set_aside"
_ROWS_AT_ONCE = 100
_TABLES = (messages, records)


class CannotSetAside(Exception):
    """There is no room beside the store, or its disk is broken."""


class SetAside:
    """A file at `path`, which is not there yet. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises CannotSetAside."""
        self._path = path
        self._messages = 0
        self._size = 0
        with as_cannot_set_aside():
            open_private(path).close()
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):  # it is of no use to another process
                self._database.execute(f"PRAGMA {pragma}")
            self._begin()

    def add_records(self, rows: RecordRows) -> None:
        """`message_id` is a number that `add_message` gave. Raises CannotSetAside."""
        columns = (*rows.columns, records.c.message_id.name)
        values = [(*row, rows.message_id) for row in rows.rows]
        full = len(values) - len(values) % _ROWS_AT_ONCE
        with as_cannot_set_aside():
            for first in range(0, full, _ROWS_AT_ONCE):
                together = tuple(chain.from_iterable(values[first : first + _ROWS_AT_ONCE]))
                self._database.execute(_insertion(records.name, columns, _ROWS_AT_ONCE), together)
            self._database.executemany(_insertion(records.name, columns, 1), values[full:])

    def add_message(self, message: NewMessage, body: Packed) -> MessageId:
        """The number counts the messages here: the store gives it another. Raises CannotSetAside."""
        values: Mapping[str, Any] = message_values(message, body)
        with as_cannot_set_aside():
            self._database.execute(_insertion(messages.name, tuple(values), 1), tuple(values.values()))
        self._messages += 1
        return MessageId(self._messages)

    def clear(self) -> None:
        """Nothing was set aside. Raises CannotSetAside."""
        self._messages = 0
        with as_cannot_set_aside():
            for table in _TABLES:
                self._database.execute(f"DROP TABLE {table.name}")
            self._database.execute("COMMIT")
            self._begin()

    def complete(self) -> None:
        """Everything was set aside: what is still in memory finds room, or there is none. Raises CannotSetAside."""
        with as_cannot_set_aside():
            self._database.execute("COMMIT")
            self._database.close()
            self._size = self._path.stat().st_size

    def take_into(self, transaction: Transaction) -> list[MessageId]:
        """Insert all of it into the store, in the order in which it came; returns the numbers of its messages.

        Raises CannotSetAside where somebody has removed or changed the file.
        """
        with as_cannot_set_aside():
            if self._path.stat().st_size != self._size:
                raise OSError(errno.EIO, "it was changed", str(self._path))
        transaction.info[NAME] = True
        transaction.exec_driver_sql(f"ATTACH ? AS {NAME}", (str(self._path),))
        before = transaction.exec_driver_sql(f"SELECT max(id) FROM main.{messages.name}").scalar() or 0
        _take(transaction, messages.name, [column.name for column in messages.c if column.name != "id"])
        after = transaction.exec_driver_sql(
            f"SELECT id FROM main.{messages.name} WHERE id > ? ORDER BY id", (before,)
        ).scalars()
        message_ids = [MessageId(number) for number in after]
        # They follow each other: nobody else writes meanwhile, and none of them failed.
        first = message_ids[0] if message_ids else 0
        if message_ids != list(range(first, first + self._messages)):
            raise RuntimeError("the numbers of messages do not follow each other")
        columns = [column.name for column in records.c if column.name not in ("id", "message_id")]
        _take(transaction, records.name, columns, {"message_id": f"message_id + {first - 1}"})
        return message_ids

    def close(self) -> None:
        """Leave nothing."""
        with suppress(sqlite3.Error):
            self._database.close()
        with suppress(OSError):
            self._path.unlink()

    def _begin(self) -> None:
        for table in _TABLES:
            columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != "id")
            self._database.execute(f"CREATE TABLE {table.name} ({columns})")
        self._database.execute("BEGIN")


def let_go(connection: Any, record: Any) -> None:
    """Of what was set aside, once its transaction has ended. For the pool of connections (SQLAlchemy's event `checkin`)."""
    if record.info.pop(NAME, False) and connection is not None:
        with suppress(sqlite3.OperationalError):  # it could not be attached
            connection.execute(f"DETACH {NAME}")


@contextmanager
def as_cannot_set_aside() -> Iterator[None]:
    """Whatever the disk says."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise CannotSetAside from error


def _take(
    transaction: Transaction, table: str, columns: Sequence[str], computed: Mapping[str, str] | None = None
) -> None:
    computed = computed or {}
    into = ", ".join(f'"{name}"' for name in (*columns, *computed))
    values = ", ".join((*(f'"{name}"' for name in columns), *computed.values()))
    transaction.exec_driver_sql(f"INSERT INTO main.{table} ({into}) SELECT {values} FROM {NAME}.{table} ORDER BY rowid")


@cache
def _insertion(table: str, columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * count)}"
