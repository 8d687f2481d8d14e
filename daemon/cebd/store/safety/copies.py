"""Copies of the store: made while a daemon writes to it, and verified before they have their name."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cebd.disk.system import sync_folder
from cebd.store.safety.private import make_private_folder, write_private

BACKUPS = "backups"


class BadCopy(Exception):
    """A file that is no sound store; says why."""


class DamagedCopy(BadCopy):
    """Its pages are corrupt; so were those that it was copied from, unless the disk spoilt it since."""


@dataclass(frozen=True)
class Copy:
    """A verified copy: the store's identity and version, and of the file SHA-256 in hex and size in bytes."""

    path: Path
    identity: str
    version: int
    sha256: str
    size: int


def copy_store(source: Path, target: Path) -> Copy:
    """Copy the store as of a single moment. Raises BadCopy, OSError (FileExistsError when the name is taken).

    Uses SQLite's own backup: a transaction that a daemon commits meanwhile is in it wholly or not at all. The copy has no side files.
    """
    if target.exists():
        raise FileExistsError(17, "is there already", str(target))
    make_private = not target.parent.exists()
    if make_private:
        make_private_folder(target.parent)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        write_private(part, b"")
        try:
            with (
                closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as theirs,
                closing(sqlite3.connect(part, timeout=60)) as ours,
            ):
                theirs.backup(ours)
                ours.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise _bad(source, error) from None
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        made = read_copy(part)
        part.rename(target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return replace(made, path=target)


def read_copy(path: Path) -> Copy:
    """Look a copy over from its first to its last page. Raises BadCopy, OSError."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            flaws = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
            if flaws != ["ok"]:
                raise DamagedCopy(f"{path}: damaged: {'; '.join(flaws)}")
            told = dict(connection.execute("SELECT name, value FROM about"))
    except sqlite3.Error as error:
        raise _bad(path, error) from None
    if "identity" not in told:
        raise BadCopy(f"{path}: is no store of cebd")
    return Copy(path, told["identity"], int(told.get("version", 1)), digest, path.stat().st_size)


def _bad(path: Path, error: sqlite3.Error) -> BadCopy:
    is_damage = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return (DamagedCopy if is_damage else BadCopy)(f"{path}: {error}")


def files_unknown_to(copy: Path, store: Path) -> int | None:
    """How many files the store has taken in that the copy has no row of; None if the two cannot be compared.

    Rows count, by the names of their outbox files, not their numbers: a restore leaves out a thousand numbers, and gives a file a new one.
    """
    unknown = (
        "SELECT count(*) FROM (SELECT enterprise, stem FROM main.drops WHERE state <> 'withdrawn' "
        "EXCEPT SELECT enterprise, stem FROM copied.drops)"
    )
    try:
        with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
            connection.execute("ATTACH ? AS copied", (f"{copy.resolve().as_uri()}?mode=ro",))
            return int(connection.execute(unknown).fetchone()[0])
    except sqlite3.Error:
        return None


def without_side_files(path: Path) -> bool:
    """Bring everything into the file itself; False where something is left beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    beside = path.with_name(f"{path.name}-wal")
    return not beside.exists() or not beside.stat().st_size


def newest_backup(folder: Path, version: int | None = None) -> Path | None:
    """The newest copy in the store's own folder of backups; with `version`, the newest that such a cebd knows."""
    found = [path for path in (folder / BACKUPS).glob("*.sqlite") if path.is_file()]
    latest_first = sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    if version is None:
        return next(iter(latest_first), None)
    return next((path for path in latest_first if _version_of(path) <= version), None)


def _version_of(copy: Path) -> float:
    """Infinite where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return int(dict(connection.execute("SELECT name, value FROM about")).get("version", 1))
    except (sqlite3.Error, ValueError):
        return float("inf")
