"""Pieces of work: their names, and what the workflow engine has under way of them, read from its own file beside our store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import StrEnum
from pathlib import Path

ENGINE = "engine.sqlite"
ALIVE = ("PENDING", "ENQUEUED", "DELAYED")
_AGAIN = "."  # earlier versions wrote `.2`, `.3` ... behind the name of work that was begun anew


class WorkKind(StrEnum):
    """What a piece of work is about, as its name begins."""

    DROP = "drop"
    SIGN = "sign"
    SEND = "send"


def work_id(kind: WorkKind, identity: str, number: int) -> str:
    """What the engine calls a piece of work: `drop-4f0c…-7`.

    With the store's identity in it, a new store beside an old engine never meets old work of the same number.
    """
    return f"{kind}-{identity}-{number}"


def identity_in(name: str) -> str:
    """The identity of the store whose work bears this name; empty where it bears none."""
    _, _, rest = name.partition("-")
    return rest.rpartition("-")[0]


def executor_of(identity: str) -> str:
    """What the engine calls whoever works on a store: by the store's identity, for the station's name may change."""
    return f"store-{identity}-0"


def under_way(store_folder: Path) -> set[str] | None:
    """Names of the work that is not finished, without the count of attempts; None when the engine has no file yet."""
    path = store_folder / ENGINE
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        query = f"SELECT workflow_uuid FROM workflow_status WHERE status IN ({', '.join('?' * len(ALIVE))})"
        try:
            return {str(row[0]).partition(_AGAIN)[0] for row in connection.execute(query, ALIVE)}
        except sqlite3.OperationalError as error:  # the engine was killed before it had made its tables
            if "no such table" not in str(error):
                raise
            return set()


def queues_with_work(store_folder: Path) -> set[str]:
    """The queues in which work waits."""
    path = store_folder / ENGINE
    if not path.exists():
        return set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            query = f"SELECT DISTINCT queue_name FROM workflow_status WHERE status IN ({', '.join('?' * len(ALIVE))})"
            return {str(row[0]) for row in connection.execute(query, ALIVE) if row[0]}
        except sqlite3.OperationalError:  # the engine was killed before it had made its tables
            return set()


def adopt(store_folder: Path, executor: str) -> None:
    """Take over work that was under way in this file under another executor's name. Only before the engine starts, with the store's lock.

    The engine takes up only what its own executor had begun. Whoever holds the store is the only one to work on it, so what an earlier
    version began under the station's name, since changed, is ours as well.
    """
    path = store_folder / ENGINE
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        try:
            query = "UPDATE workflow_status SET executor_id = ? WHERE status = 'PENDING' AND executor_id IS NOT ?"
            connection.execute(query, (executor, executor))
        except sqlite3.OperationalError as error:  # the engine was killed before it had made its tables
            if "no such table" not in str(error):
                raise
