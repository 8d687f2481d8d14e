"""The differences between the databases that can keep a store. All other queries are SQL that each of them understands.

The database of today is SQLite (`cebd.store.databases.sqlite`); `cebd.store.store.database_at` chooses the database of a store.
`tests/contracts/test_database.py` tests this contract for each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Engine, Table
from sqlalchemy.dialects import sqlite

from cebd.problems.problem import Problem
from cebd.store.transaction import Transaction


class StoreError(Exception):
    """The store is locked by another daemon, damaged, or missing. `zh`: the reason in Chinese, if there is one; `problem`: what the
    catalogue says of it, where it does.
    """

    problem: Problem | None = None

    def __init__(self, en: str, zh: str = "") -> None:
        self.zh = zh
        super().__init__(en)

    @property
    def text(self) -> tuple[str, str]:
        """The whole text for people, in Chinese and in English."""
        if self.problem is not None:
            found = self.problem
            return f"{found.id} {found.zh}。{found.fix_zh}", f"{found.id} {found.en}. {found.fix_en}"
        return f"数据库不可用{f'：{self.zh}' if self.zh else ''}。", f"The store cannot be used: {self}"


class Lease(Protocol):
    """The right to be the station that works on a store; it ends with the process, however that ends."""

    def release(self) -> None:
        """Let others have it."""
        ...


class EngineWork(Protocol):
    """Where the workflow engine keeps its work: its own tables, read and mended by us while it does not run."""

    @property
    def url(self) -> str:
        """Where it is, as SQLAlchemy says it."""
        ...

    @property
    def engine_options(self) -> dict[str, Any]:
        """The options of SQLAlchemy's engine (`Any`: each option's own type)."""
        ...

    def prepare(self) -> None:
        """Let the place be there, for us alone, before the engine makes its tables."""
        ...

    def in_flight(self) -> set[str] | None:
        """Names of unfinished work; None when it cannot be told: the engine has no tables yet, or was killed in a write and has not started
        again."""
        ...

    def queues(self) -> set[str]:
        """The queues in which work waits."""
        ...

    def adopt(self, executor: str) -> None:
        """Take over work that was begun under another executor's name. Only before the engine starts, by the holder of the lease."""
        ...


class Database(Protocol):
    """The place of a store. Nothing is touched before the first call; several threads may use it."""

    @property
    def url(self) -> str:
        """Where it is, as SQLAlchemy says it."""
        ...

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for event listeners."""
        ...

    @property
    def writing(self) -> Engine:
        """For whoever brings transactions of its own: they begin as `begin_write` does. Each is held within `turn_to_write`."""
        ...

    def turn_to_write(self) -> AbstractContextManager[None]:
        """Wait for the transactions of other threads of this process, in turn with all others who wait."""
        ...

    @property
    def work(self) -> EngineWork: ...

    def take_station(self, name: str) -> Lease:
        """Become the station of that name on this store. Raises StoreError when another process is, or when we may not."""
        ...

    def exists(self) -> bool:
        """Whether there is anything. Raises StoreError when we may not even ask."""
        ...

    def version(self) -> int | None:
        """The version of the tables; None if there are no tables."""
        ...

    def migrate(self) -> None:
        """Make the tables, or migrate them after a copy was made. Raises NewerStore for tables of a later version."""
        ...

    def begin_read(self) -> AbstractContextManager[Transaction]:
        """A consistent view."""
        ...

    def begin_write(self) -> AbstractContextManager[Transaction]:
        """The right to write from the first statement on, so that two who read and then write do not fail each other.

        Committed as a whole when the block ends, or not at all.
        """
        ...

    def is_awaited(self) -> bool:
        """Whether a thread of this process had to wait for another one's transaction in the last seconds."""
        ...

    def mark(self) -> object:
        """A value that stays as it is while nothing is committed, by this process or another one. It is had without a transaction.

        Where a database cannot tell, it is another one each time.
        """
        ...

    def shrink(self) -> None:
        """Give back the room of what was removed. Nobody may write meanwhile; it takes as much room again for a while."""
        ...

    def is_damage(self, error: object) -> bool:
        """Whether the database reports that its content is corrupt."""
        ...

    def close(self) -> None: ...


def insert_if_new(
    transaction: Transaction,
    table: Table,
    values: Mapping[str, Any],
    computed: Mapping[str, ColumnElement[Any]] = MappingProxyType({}),
) -> bool:
    """Insert a row, unless a row has the same key; returns whether it is new. `Any`: values of columns. `computed`: by the database."""
    row = sqlite.insert(table).values(**computed)
    return bool(transaction.execute(row.on_conflict_do_nothing(), dict(values)).rowcount)


def insert_or_update(
    transaction: Transaction, table: Table, values: Mapping[str, Any], key: Collection[str], update: Mapping[str, Any]
) -> None:
    """Insert a row, or update the row with the same columns of `key`. `Any`: values of columns, or expressions."""
    row = sqlite.insert(table).values(**values)
    transaction.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(update)))


__all__ = ["Database", "EngineWork", "Lease", "StoreError", "insert_if_new", "insert_or_update"]
