"""A store kept in SQLite: one file, one writer at a time, every commit on disk before it counts; the engine's work in a file beside it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import Enum
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, insert
from sqlalchemy.pool import QueuePool

from cebd.store.databases.migrations import VERSION, bring_up_to_date, complete_tables, note, require_known, version_of
from cebd.store.databases.set_aside import let_go
from cebd.store.safety.lock import StoreClosed, StoreLock
from cebd.store.safety.private import make_private_folder, open_private
from cebd.store.tables import about
from cebd.store.transaction import Transaction
from cebd.store.work import ALIVE, ENGINE

STORE = "cebd.sqlite"
_WRITE = "cebd_write"
_BUSY_SECONDS = 120.0  # so long a transaction waits for another one
_LATELY_SECONDS = 5.0
_ATTEMPT = "."  # earlier versions wrote `.2`, `.3` ... behind the name of work that was begun anew


class Access(Enum):
    """The purpose of opening a store."""

    READ = "read"
    CHANGE = "change"  # by a command, also beside a daemon
    MAKE = "make"  # by the daemon, which makes it or brings it up to date


class SqliteDatabase:
    """The store in a folder."""

    def __init__(self, folder: Path, access: Access = Access.MAKE, cache_mebibytes: int = 64) -> None:
        """`cache_mebibytes`: at most so much each connection keeps of what it has read."""
        self._cache = cache_mebibytes
        self._folder = folder
        self._path = folder / STORE
        self._access = access
        self.work = EngineFile(folder)
        self._committed = 0
        self._turn = threading.Lock()
        self._waited_at = -_LATELY_SECONDS

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    @cached_property
    def engine(self) -> Engine:
        engine = _engine(self._path, read_only=self._access is Access.READ, cache_mebibytes=self._cache)
        event.listen(engine, "commit", self._on_commit)
        return engine

    @property
    def writing(self) -> Engine:
        return self.engine.execution_options(**{_WRITE: True})

    def take_station(self, name: str) -> StoreLock:  # noqa: ARG002  a file has one station, whatever its name
        return StoreLock.take(self._folder)

    def exists(self) -> bool:
        return require_readable(self._path)

    def version(self) -> int | None:
        if not self._path.exists():
            return None
        with self.begin_read() as transaction:
            return version_of(transaction)

    def migrate(self) -> None:
        make_private_folder(self._folder)
        open_private(
            self._path
        ).close()  # before SQLite makes it for everybody to read; its side files get the same rights
        version = self.version()
        if version is None:
            _make(self.writing)
        else:
            require_known(version, self._folder)
            bring_up_to_date(self.writing, self._path, version)

    @contextmanager
    def begin_read(self) -> Iterator[Transaction]:
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Transaction]:
        with (
            self.turn_to_write(),
            self.engine.connect().execution_options(**{_WRITE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def turn_to_write(self) -> Iterator[None]:
        # SQLite wakes nobody: who waits for another's transaction asks again after pauses of up to a tenth of a second, and mostly finds
        # the next one's. Of the threads of a process the lock wakes the next at once.
        has_turn = self._turn.acquire(blocking=False)
        if not has_turn:
            self._waited_at = time.monotonic()
            has_turn = self._turn.acquire(timeout=_BUSY_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                self._turn.release()

    def is_awaited(self) -> bool:
        return time.monotonic() - self._waited_at < _LATELY_SECONDS

    def mark(self) -> object:
        # What is committed is in the log first. The count tells of two commits of ours that fell into one tick of the files' clock.
        return (self._committed, *(_stamp(self._path.with_name(f"{STORE}{end}")) for end in ("", "-wal")))

    def _on_commit(self, connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITE):
            self._committed += 1

    def shrink(self) -> None:
        # Killed in here, the file is as it was: SQLite makes the new one beside it, and takes it over in one commit.
        there = _uri(self._path, "rw")
        with closing(sqlite3.connect(there, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def is_damage(self, error: object) -> bool:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

    def close(self) -> None:
        self.engine.dispose()


class EngineFile:
    """The file of the workflow engine's work in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ENGINE

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    @property
    def engine_options(self) -> dict[str, Any]:
        return {"connect_args": {"factory": TimedConnection}}

    def prepare(self) -> None:
        open_private(self._path).close()  # before SQLite makes it for everybody to read

    def in_flight(self) -> set[str] | None:
        if not self._path.exists():
            return None
        try:
            names = self._alive("workflow_uuid")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            return None
        return {name.partition(_ATTEMPT)[0] for name in names}  # without the count of attempts

    def queues(self) -> set[str]:
        return self._alive("queue_name") if self._path.exists() else set()

    def adopt(self, executor: str) -> None:
        """The engine resumes only work of its own executor. Only the store's holder works on it, so work that an earlier version began
        under the station's earlier name is ours as well.
        """
        if not self._path.exists():
            return
        with closing(sqlite3.connect(_uri(self._path, "rw"), uri=True, timeout=30)) as connection, connection:
            try:
                query = "UPDATE workflow_status SET executor_id = ? WHERE status = 'PENDING' AND executor_id IS NOT ?"
                connection.execute(query, (executor, executor))
            except sqlite3.OperationalError as error:
                _require_unmade(error)

    def _alive(self, column: str) -> set[str]:
        """The values of that column for unfinished work."""
        with closing(sqlite3.connect(_uri(self._path, "ro"), uri=True, timeout=30)) as connection:
            states = ", ".join("?" * len(ALIVE))
            query = f"SELECT DISTINCT {column} FROM workflow_status WHERE status IN ({states})"
            try:
                return {str(row[0]) for row in connection.execute(query, ALIVE) if row[0]}
            except sqlite3.OperationalError as error:
                _require_unmade(error)
                return set()


def _stamp(path: Path) -> tuple[int, int] | None:
    """Time of the last change in nanoseconds, and size in bytes."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _require_unmade(error: sqlite3.OperationalError) -> None:
    """Raises the error, unless it says that the engine was killed before it had made its tables."""
    if "no such table" not in str(error):
        raise error


def require_readable(path: Path) -> bool:
    """Whether there is such a file. Raises StoreClosed when we may not even ask, or not read it."""
    try:
        path.stat()
    except PermissionError:
        raise StoreClosed(path) from None
    except OSError:
        return False
    if not os.access(path, os.R_OK):
        raise StoreClosed(path)
    return True


def _uri(path: Path, mode: str) -> str:
    """Of a file that is there: by its plain name SQLite would make an empty one, where a store was taken away."""
    uri = path.resolve().as_uri()
    # SQLite takes no server there, but a path that begins with it: //server/share.
    return f"{uri if uri.startswith('file:///') else uri.replace('file://', 'file:////', 1)}?mode={mode}"


def _engine(path: Path, *, read_only: bool, cache_mebibytes: int) -> Engine:
    def opened() -> TimedConnection:
        # Without the right to write: the last reader must not remove the side files of a daemon that was killed.
        uri = _uri(path, "ro" if read_only else "rw")
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False, factory=TimedConnection)

    engine = create_engine("sqlite://", creator=opened, poolclass=QueuePool)
    if not read_only:
        event.listen(engine, "connect", _keep_safe)
    event.listen(engine, "connect", partial(_on_connect, cache_mebibytes))
    event.listen(engine, "begin", _on_begin)
    event.listen(engine, "checkin", let_go)
    return engine


def _make(writing: Engine) -> None:
    """Tables, identity and version of a new store, in one transaction."""
    with writing.connect() as connection, connection.begin():
        complete_tables(connection)
        facts = {"identity": uuid4().hex[:12], "version": str(VERSION)}
        connection.execute(insert(about), [{"name": name, "value": value} for name, value in facts.items()])
        note(connection, "made", "a new store")


def _keep_safe(connection: object, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


# Bytes that all connections of a process keep together of what they have read: beyond, each reuses its oldest pages.
_ALL_CACHES = 48 * 1024**2


def _on_connect(cache_mebibytes: int, connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # BEGIN is ours, see _on_begin
    for pragma in (
        "foreign_keys=ON",
        f"cache_size=-{cache_mebibytes * 1024}",
        f"soft_heap_limit={_ALL_CACHES}",
    ):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_HAS_SUBSEC = (3, 42)


class TimedConnection(sqlite3.Connection):
    """With the clock that the workflow engine asks for in its tables; for `sqlite3.connect(factory=...)`.

    From Python 3.12 on the engine takes SQLite 3.42 for granted: it reads the time as `unixepoch('subsec')`. The SQLite is the system's,
    however, and Debian 12 has 3.40 under every Python; there the call is NULL: no station starts on a new store, and on a store that
    Python 3.11 made, work that was put off is not resumed. (Seen with DBOS 3.4.0, `_migration.py` and `_sys_db.py`.)
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if sqlite3.sqlite_version_info < _HAS_SUBSEC:
            self.create_function("unixepoch", 1, _now)


def _now(how: object) -> int:
    """Whole seconds, as the engine itself reads them under Python 3.11: times 1000 they stay whole."""
    if how != "subsec":
        raise ValueError(f"unixepoch({how!r}) is more than the time now")
    return int(time.time())
