"""The store of a new station: made once for each process of the tests, as its tables take a while, and copied."""

from __future__ import annotations

import atexit
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from uuid import uuid4

from cebd.store.databases.sqlite import STORE, Access, SqliteDatabase
from cebd.store.safety.private import make_private_folder, open_private
from cebd.store.store import Store


def open_store(folder: Path) -> Store:
    """As `Store.open`: of a folder without a store a new one, with an identity of its own."""
    path = folder / STORE
    if path.exists():
        return Store.open(folder)
    make_private_folder(folder)
    open_private(path).close()
    path.write_bytes(_first_store())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("UPDATE about SET value = ? WHERE name = 'identity'", (uuid4().hex[:12],))
    return Store(SqliteDatabase(folder, Access.MAKE), folder)


@cache
def _first_store() -> bytes:
    folder = tempfile.TemporaryDirectory(prefix="cebd-store-")
    atexit.register(folder.cleanup)
    path = Path(folder.name)
    Store.open(path).close()
    return (path / STORE).read_bytes()
