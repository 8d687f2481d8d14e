"""Opening the store, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path

from sqlalchemy import ExceptionContext, event, select
from sqlalchemy.exc import DatabaseError, NoResultFound

from cebd.disk.full import is_for_want_of_room
from cebd.problems.problem import problem
from cebd.records.ids import DropId, MessageId
from cebd.store.databases.database import Database, StoreError
from cebd.store.databases.migrations import VERSION, MigrationFailed, NewerStore, require_known
from cebd.store.databases.sqlite import STORE, Access, SqliteDatabase, require_readable
from cebd.store.safety.copies import BACKUPS, BadCopy, DamagedCopy, newest_backup
from cebd.store.safety.lock import StoreClosed
from cebd.store.safety.progress import Progress
from cebd.store.tables import about
from cebd.store.transaction import Transaction
from cebd.store.work import WorkKind, work_id

_VISITORS_CACHE = 8  # MiB


class StoreDamaged(StoreError):
    """Pages of the store are corrupt; the text says what to do, and does not quote the query that met them."""

    def __init__(self, folder: Path, reason: str) -> None:
        backup = newest_backup(folder) or (folder / BACKUPS / "…")
        damage = problem("CEBD-2101", file=folder / STORE, backup=backup, reason=reason)
        super().__init__(f"{damage.id} {damage.zh}。{damage.fix_zh}\n{damage.en}. {damage.fix_en}")
        self.problem = damage


def no_store_yet(path: Path) -> StoreError:
    """The error for a folder where no daemon has run."""
    return StoreError(f"{path}: there is no store here yet; has the daemon run?", f"{path} 尚不存在，守护进程运行过吗")


def no_room(path: Path, reason: object) -> StoreError:
    """The error for a store that a full disk keeps from being copied, brought up to date or opened."""
    wanted = 2 * path.stat().st_size // 1_000_000 + 100 if path.exists() else 100
    return StoreError(
        f"{path}: the disk is full; the store is as it was. Make room, at least {wanted} MB, then start again ({reason})",
        f"{path} 所在的磁盘已满，数据库未改动。请腾出至少 {wanted} MB 空间后重新启动（{reason}）",
    )


class Store:
    """The station's store in a folder of its own. `cebd.sqlite` is ours, `engine.sqlite` the workflow engine's."""

    def __init__(self, database: Database, folder: Path, *, for_a_command: bool = False) -> None:
        self.folder = folder
        self.database = database
        self._for_a_command = for_a_command
        self._readers: Database | None = None
        # The database's error at corrupt pages: no work may go on.
        self.damage: str | None = None
        event.listen(database.engine, "handle_error", self._hear_of_damage)
        # Called with every hand-over before the other side can see the message (`store.safety.evidence`).
        self.witness: Callable[[Progress], None] = lambda _progress: None
        with self.read() as transaction:
            self.identity: str = transaction.execute(
                select(about.c.value).where(about.c.name == "identity")
            ).scalar_one()
        self._opened = self._file()

    def is_in_place(self) -> bool:
        """Whether the file that was opened has its name still: what open connections write goes on into one that has none."""
        return self._opened is None or self._file() == self._opened

    def _file(self) -> tuple[int, int] | None:
        try:
            stats = (self.folder / STORE).stat()
        except OSError:
            return None
        return stats.st_dev, stats.st_ino

    @classmethod
    def open(cls, folder: Path, *, create: bool = True, change: bool = False) -> Store:
        """Open the store. `create`: for the daemon, which makes it or brings it up to date. Else it is only read; with `change`, a command
        may write to it, also beside a daemon. Raises StoreError; without `create` it raises StoreDamaged then and later.
        """
        path = folder / STORE
        database = database_at(folder, Access.MAKE if create else Access.CHANGE if change else Access.READ)
        if not database.exists() and not create:
            raise no_store_yet(path)
        try:
            if create:
                database.migrate()
            else:
                version = version_in(database, folder)
                require_known(version, folder)
                if version < VERSION:
                    raise StoreError(
                        f"{path}: it was made by an earlier version; start the daemon once, which brings it up to date",
                        f"{path} 由旧版本建立，请先启动一次守护进程以更新它",
                    )
            return cls(database, folder, for_a_command=not create)
        except MigrationFailed as error:
            if is_for_want_of_room(error):
                raise no_room(path, error.reason) from error
            raise StoreError(
                f"{path}: it could not be brought up from version {error.version} to {VERSION} ({error.reason}); it is as it was: "
                "install the cebd that was here before, which goes on with it, and report this",
                f"{path} 无法从版本 {error.version} 升级到 {VERSION}（{error.reason}）；未改动：请装回原版本继续工作，并报告此问题",
            ) from error
        except NewerStore as error:
            raise StoreError(f"{path}: {error}", f"{path} {error.zh}") from None
        except DamagedCopy as error:
            raise StoreDamaged(folder, str(error)) from None
        except (DatabaseError, NoResultFound, OSError, BadCopy) as error:
            reason = getattr(error, "orig", error)
            if is_for_want_of_room(error):
                raise no_room(path, reason) from error
            if not create and database.is_damage(reason):
                raise StoreDamaged(folder, str(reason)) from None
            raise StoreError(f"{path}: {reason}") from None

    def for_visitors(self) -> Store:
        """The same store for many who look at it beside the station's work: they read by connections of their own, which keep little of
        what they have read. `close` of this one closes them alone."""
        visited = copy(self)
        visited._readers = SqliteDatabase(self.folder, Access.READ, _VISITORS_CACHE)
        return visited

    def write(self) -> AbstractContextManager[Transaction]:
        """A transaction that changes things: committed as a whole when the block ends, or not at all."""
        return self.database.begin_write()

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent view."""
        return (self._readers or self.database).begin_read()

    def is_awaited(self) -> bool:
        """Whether some thread had to wait lately for another one's transaction: then long ones had better be cut short."""
        return self.database.is_awaited()

    def work_id(self, kind: WorkKind, number: int) -> str:
        """The engine's name of a piece of this store's work."""
        return work_id(kind, self.identity, number)

    def work_of_message(self, drop_id: DropId, message_id: MessageId) -> set[str]:
        """The engine's names of all work on a message: its drop's, its signing, its sending."""
        return {
            self.work_id(WorkKind.DROP, drop_id),
            self.work_id(WorkKind.SIGN, message_id),
            self.work_id(WorkKind.SEND, message_id),
        }

    def _hear_of_damage(self, context: ExceptionContext) -> None:
        if self.database.is_damage(context.original_exception):
            self.damage = str(context.original_exception)
            if self._for_a_command:  # the daemon looks at `damage` by itself
                raise StoreDamaged(self.folder, self.damage) from None

    def let_go_of_caches(self) -> None:
        """Close the connections that nobody uses: they keep pages that they have read, up to 48 MiB together. Others are opened at need.

        What statements were compiled to goes too: a few megabytes, but scattered, and no memory around them could be given back.
        """
        self.database.engine.dispose()
        self.database.engine.clear_compiled_cache()

    def close(self) -> None:
        (self._readers or self.database).close()


def version_in(database: Database, folder: Path) -> int:
    """The version of that folder's store. Raises StoreError where there is none, or it is damaged."""
    try:
        version = database.version()
    except DatabaseError as error:
        if database.is_damage(error.orig):
            raise StoreDamaged(folder, str(error.orig)) from None
        if is_for_want_of_room(error):
            raise no_room(folder / STORE, error.orig) from None
        raise
    if version is None:
        raise no_store_yet(folder / STORE)
    return version


def database_at(folder: Path, access: Access = Access.MAKE) -> Database:
    """Where the store of that folder is kept. Nothing is touched yet."""
    return SqliteDatabase(folder, access)


__all__ = [
    "STORE",
    "Store",
    "StoreClosed",
    "StoreDamaged",
    "StoreError",
    "database_at",
    "no_room",
    "no_store_yet",
    "require_readable",
    "version_in",
]
