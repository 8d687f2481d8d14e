"""The store's version, and the migrations of earlier stores to the tables of today.

| version | meaning |
| --- | --- |
| 1 | stores up to commit 2af15e4; they have no version written in them |
| 2 | the tables of `tables.py` |

`about.version` holds it. All steps of an upgrade run in one transaction, after a copy of the store was made in `backups/`: one that fails
leaves the store to the version that made it. As long as the latest version is in no release, columns and tables added to `tables.py`
belong to it: a store that has that version already gets them at its next start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, text, update
from sqlalchemy.schema import CreateColumn, CreateIndex

from cebd.clock import CST, iso
from cebd.records.states import MessageState, State
from cebd.store.beside import tables as _beside  # noqa: F401  # its tables are made with the others
from cebd.store.console import tables as _console_tables  # noqa: F401
from cebd.store.decided import decisions as _decisions  # noqa: F401
from cebd.store.decided import layouts as _layouts  # noqa: F401
from cebd.store.safety.copies import BACKUPS, copy_store, newest_backup
from cebd.store.statements import tables as _statements  # noqa: F401
from cebd.store.tables import about, journal, messages, metadata, records

VERSION = 2


class NewerStore(Exception):
    """The store was made by a later version of cebd; the text, and `zh`, say what to do."""

    def __init__(self, en: str, zh: str) -> None:
        self.zh = zh
        super().__init__(en)


def version_of(connection: Connection) -> int | None:
    """The version of the store; None if there is no store yet (no file, an empty file, or a file without our tables)."""
    if not inspect(connection).has_table(about.name):
        return None
    told = {row.name: row.value for row in connection.execute(select(about))}
    return int(told.get("version", 1)) if told else None


def require_known(version: int, folder: Path) -> None:
    """Raises NewerStore for a version that we do not know."""
    if version <= VERSION:
        return
    backup = newest_backup(folder, VERSION)
    back = f"; or go back to the store as it was: cebd restore {backup}" if backup is not None else ""
    back_zh = f"；或退回升级前的数据库：cebd restore {backup}" if backup is not None else ""
    raise NewerStore(
        f"it has version {version}, this cebd knows stores up to version {VERSION}. Start the newer cebd that was here before{back}",
        f"版本为 {version}，本程序只认识到版本 {VERSION}。请装回原来较新的 cebd{back_zh}",
    )


class MigrationFailed(Exception):
    """The store is as it was."""

    def __init__(self, version: int, reason: object) -> None:
        self.version = version
        self.reason = reason
        super().__init__(f"from version {version} to {VERSION}: {reason}")


def bring_up_to_date(engine: Engine, path: Path, version: int) -> Path | None:
    """Migrate the store, step by step; returns the copy made before. A store of today only has its tables completed.

    `engine` begins writing transactions. Raises the errors of copying: a store that cannot be copied is not changed. Raises
    MigrationFailed: then nothing has changed either, and the copy is removed, for the next start makes another one.
    """
    backup = None
    if version < VERSION:
        stamp = f"{datetime.now(CST):%Y%m%dT%H%M%S}"
        backup = copy_store(path, path.parent / BACKUPS / f"before-version-{VERSION}-{stamp}.sqlite").path
    try:
        # Killed in here, the store is as it was, and the next start begins with another copy.
        with engine.connect() as connection, connection.begin():
            for number in range(version + 1, VERSION + 1):
                STEPS[number](connection)
                connection.execute(text("DELETE FROM about WHERE name = 'version'"))
                connection.execute(insert(about).values(name="version", value=str(number)))
                note(connection, "migrated", f"version {number}; the store before it: {backup.name if backup else '-'}")
            complete_tables(connection)
            _let_records_follow(connection)
    except Exception as error:
        if backup is not None:
            backup.unlink()
        raise MigrationFailed(version, getattr(error, "orig", error)) from error
    return backup


def complete_tables(connection: Connection) -> None:
    """Make the tables, columns and indexes of `tables.py` that the store lacks. Each new column may be empty or has a default."""
    metadata.create_all(connection)
    known = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                described = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {described}")
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))


def _let_records_follow(connection: Connection) -> None:
    """Records of messages under way have the state of their message (`state_of`). Earlier versions wrote it into each of their rows."""
    under_way = select(messages.c.id).where(messages.c.state.in_((MessageState.SIGNED, MessageState.IN_DOUBT)))
    written = records.c.state.in_((State.SIGNED, State.IN_DOUBT))
    moved = update(records).where(records.c.message_id.in_(under_way), written).values(state=State.READY)
    connection.execute(moved)
    for earlier in ("records_unanswered", "records_by_outcome", "records_with_customs_code"):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {earlier}")


def note(connection: Connection, event: str, detail: str) -> None:
    """Add a line to the store's journal: a change to the store as a whole, or a person's decision."""
    connection.execute(insert(journal).values(time=iso(datetime.now(CST)), event=event, detail=detail))


STEPS: dict[int, Callable[[Connection], None]] = {2: complete_tables}
