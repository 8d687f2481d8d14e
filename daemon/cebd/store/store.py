"""Opening the store. One file, one writer at a time, every commit on disk before it counts."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, insert, select
from sqlalchemy.exc import DatabaseError, NoResultFound
from sqlalchemy.pool import QueuePool

from cebd.problems.problem import problem
from cebd.records.ids import DropId, MessageId
from cebd.store.migrations import (
    VERSION,
    NewerStore,
    bring_up_to_date,
    complete_tables,
    note,
    require_known,
    version_of,
)
from cebd.store.safety.copies import BACKUPS, BadCopy, newest_backup
from cebd.store.safety.private import make_private_folder, open_private, owner_of
from cebd.store.safety.progress import Progress
from cebd.store.sqlite import TimedConnection
from cebd.store.tables import about
from cebd.store.work import WorkKind, work_id

STORE = "cebd.sqlite"
_WRITE = "cebd_write"


class StoreError(Exception):
    """The store is locked by another daemon, damaged, or not there. `zh`: the reason in Chinese, where it has one."""

    def __init__(self, en: str, zh: str = "") -> None:
        self.zh = zh
        super().__init__(en)

    @property
    def sentence(self) -> str:
        """The whole of what a person is told, Chinese first."""
        return f"数据库不可用{f'：{self.zh}' if self.zh else ''}。 The store cannot be used: {self}"


class StoreClosed(StoreError):
    """The store is another user's; `owner` is that user's name, if it is known."""

    def __init__(self, path: Path) -> None:
        self.owner = owner_of(path)
        super().__init__(
            f"{path}: only the service's user may read it" + (f", which is {self.owner}" if self.owner else ""),
            f"只有服务的用户{f' {self.owner} ' if self.owner else ''}可以读取 {path}",
        )


class StoreDamaged(StoreError):
    """Pages of the store do not hold together; says what to do, and nothing of the question that met them."""

    def __init__(self, folder: Path, reason: str) -> None:
        backup = newest_backup(folder) or (folder / BACKUPS / "…")
        found = problem("CEBD-2101", file=folder / STORE, backup=backup, reason=reason)
        super().__init__(f"{found.id} {found.zh}。{found.fix_zh}\n{found.en}. {found.fix_en}")

    @property
    def sentence(self) -> str:
        return str(self)


def no_store_yet(path: Path) -> StoreError:
    """What to raise where no daemon has run."""
    return StoreError(f"{path}: there is no store here yet; has the daemon run?", f"{path} 尚不存在，守护进程运行过吗")


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


class Store:
    """The station's store in a folder of its own. `cebd.sqlite` is ours, `engine.sqlite` the workflow engine's."""

    def __init__(self, engine: Engine, folder: Path, *, for_a_command: bool = False) -> None:
        self.folder = folder
        self._for_a_command = for_a_command
        self._engine = engine
        self.damage: str | None = (
            None  # what SQLite said when it met pages that do not hold together: nothing may go on
        )
        event.listen(engine, "handle_error", self._hear_of_damage)
        # Told of each hand-over before the message may be seen by the other side (`store.evidence`).
        self.witness: Callable[[Progress], None] = lambda _progress: None
        with self.read() as connection:
            self.identity: str = connection.execute(
                select(about.c.value).where(about.c.name == "identity")
            ).scalar_one()

    @classmethod
    def open(cls, folder: Path, *, create: bool = True, change: bool = False) -> Store:
        """Open the store. `create`: for the daemon, which makes it or brings it up to date. Else it is only read; with `change`, a command
        may write to it, also beside a daemon. Raises StoreError; without `create` it raises StoreDamaged then and later.
        """
        path = folder / STORE
        if not require_readable(path) and not create:
            raise no_store_yet(path)
        try:
            if create:
                make_private_folder(folder)
                open_private(
                    path
                ).close()  # before SQLite makes it for everybody to read; its side files get the same rights
            engine = _engine(path, read_only=not create and not change)
            with engine.connect() as connection, connection.begin():
                version = version_of(connection)
            if version is not None:
                require_known(version, folder)
            if create:
                writing = engine.execution_options(**{_WRITE: True})
                if version is None:
                    _make(writing)
                else:
                    bring_up_to_date(writing, path, version)
            elif version is None:
                raise no_store_yet(path)
            elif version < VERSION:
                raise StoreError(
                    f"{path}: it was made by an earlier version; start the daemon once, which brings it up to date",
                    f"{path} 由旧版本建立，请先启动一次守护进程以更新它",
                )
            return cls(engine, folder, for_a_command=not create)
        except (DatabaseError, NoResultFound, OSError, BadCopy, NewerStore) as error:
            reason = getattr(error, "orig", error)
            if not create and _is_damage(reason):
                raise StoreDamaged(folder, str(reason)) from None
            raise StoreError(f"{path}: {reason}") from None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that changes things: committed as a whole when the block ends, or not at all."""
        with self._engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    def work_id(self, kind: WorkKind, number: int) -> str:
        """What the engine calls a piece of this store's work."""
        return work_id(kind, self.identity, number)

    def work_of_message(self, drop_id: DropId, message_id: MessageId) -> set[str]:
        """Names of all work by which a message goes on: its drop's, its signing, its sending."""
        return {
            self.work_id(WorkKind.DROP, drop_id),
            self.work_id(WorkKind.SIGN, message_id),
            self.work_id(WorkKind.SEND, message_id),
        }

    @property
    def url(self) -> str:
        """Where the store is, as SQLAlchemy says it."""
        return self._engine.url.render_as_string(hide_password=False)

    @property
    def writing(self) -> Engine:
        """The engine for whoever brings transactions of its own: they take the write lock when they begin."""
        return self._engine.execution_options(**{_WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def _hear_of_damage(self, context: ExceptionContext) -> None:
        if _is_damage(context.original_exception):
            self.damage = str(context.original_exception)
            if self._for_a_command:  # the daemon looks at `damage` by itself
                raise StoreDamaged(self.folder, self.damage) from None

    def close(self) -> None:
        self._engine.dispose()


def _is_damage(error: object) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _engine(path: Path, *, read_only: bool) -> Engine:
    if read_only:
        # Without a right to write: a reader that is the last one must not clear away the side files of a daemon that was killed.
        def opened() -> TimedConnection:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            return sqlite3.connect(uri, uri=True, timeout=120.0, check_same_thread=False, factory=TimedConnection)

        engine = create_engine("sqlite://", creator=opened, poolclass=QueuePool)
    else:
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 120.0, "factory": TimedConnection})
        event.listen(engine, "connect", _keep_safe)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _make(writing: Engine) -> None:
    """Tables, identity and version of a new store, in one transaction."""
    with writing.connect() as connection, connection.begin():
        complete_tables(connection)
        told = {"identity": uuid4().hex[:12], "version": str(VERSION)}
        connection.execute(insert(about), [{"name": name, "value": value} for name, value in told.items()])
        note(connection, "made", "a new store")


def _keep_safe(connection: object, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _on_connect(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # BEGIN is ours, see _on_begin
    for pragma in ("foreign_keys=ON", "cache_size=-65536"):
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


__all__ = ["Store", "StoreError", "pack", "unpack"]
