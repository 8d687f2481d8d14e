"""Opening the store. One file, one writer at a time, every commit on disk before it counts."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DatabaseError, NoResultFound

from cebd.rules.facts import SEPARATOR
from cebd.store.connection import TimedConnection
from cebd.store.tables import about, metadata

KEY_SEPARATOR = SEPARATOR
_WRITE = "cebd_write"


class StoreError(Exception):
    """The store is locked by another daemon, damaged, or not there."""


class Store:
    """The station's store in a folder of its own. `cebd.sqlite` is ours, `engine.sqlite` the workflow engine's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with self.read() as connection:
            self._identity: str = connection.execute(
                select(about.c.value).where(about.c.name == "identity")
            ).scalar_one()

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Store:
        """Open the store, making it when `create`. Raises StoreError."""
        path = folder / "cebd.sqlite"
        if not create and not path.exists():
            raise StoreError(f"{path}: there is no store here yet; has the daemon run?")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 120.0, "factory": TimedConnection})
            event.listen(engine, "connect", _on_connect)
            event.listen(engine, "begin", _on_begin)
            if create:
                with engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
                    metadata.create_all(connection)
                    _add_missing_columns(connection)
                    if connection.execute(select(about.c.name)).first() is None:
                        connection.execute(insert(about).values(name="identity", value=uuid4().hex[:12]))
            return cls(engine)
        except (DatabaseError, NoResultFound, OSError) as error:
            raise StoreError(f"{path}: {getattr(error, 'orig', error)}") from None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that changes things: committed as a whole when the block ends, or not at all."""
        with self._engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    def work_id(self, what: str, number: int) -> str:
        """What the engine calls a piece of work: `drop-4f0c…-7`.

        With the store's identity in it, a new store beside an old engine never meets old work of the same number.
        """
        return f"{what}-{self._identity}-{number}"

    @property
    def writing(self) -> Engine:
        """The engine for whoever brings transactions of its own: they take the write lock when they begin."""
        return self._engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def _add_missing_columns(connection: Connection) -> None:
    """A store made by an earlier version lacks what came later: every such column may be empty."""
    known = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {kind}')
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _on_connect(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # BEGIN is ours, see _on_begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def pack(content: bytes) -> bytes:
    """Bytes as the store keeps them."""
    return zlib.compress(content, 1)


def unpack(packed: bytes) -> bytes:
    """Bytes from the store. Raises zlib.error when they are damaged."""
    return zlib.decompress(packed)


__all__ = ["KEY_SEPARATOR", "Store", "StoreError", "pack", "unpack"]
