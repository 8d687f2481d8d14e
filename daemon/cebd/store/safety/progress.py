"""The store's progress, a number that only grows: `cebd.store.safety.evidence` writes it outside the store and compares it at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from cebd.store.databases.database import insert_or_update
from cebd.store.tables import about, history, messages, receipts, submissions

_STEP = "step"


class Numbers(NamedTuple):
    """The highest numbers used so far; for drops and messages also numbers of deleted rows."""

    drops: int
    messages: int
    submissions: int
    receipts: int
    history: int


@dataclass(frozen=True)
class Progress:
    """How far the store of that identity had come at that time (ISO 8601)."""

    identity: str
    step: int
    drops: int
    messages: int
    time: str


def numbers(connection: Connection) -> Numbers:
    """The highest numbers given so far."""
    given = _given(connection)
    highest = [
        int(connection.execute(select(func.max(table.c.id))).scalar() or 0)
        for table in (submissions, receipts, history)
    ]
    return Numbers(given.get("drops", 0), given.get("messages", 0), *highest)


def progress(connection: Connection) -> Progress:
    """How far the store says it has come."""
    told = {row.name: row.value for row in connection.execute(select(about))}
    given = _given(connection)
    step, stepped = int(told.get(_STEP, 0)), told.get("stepped", "")
    return Progress(told["identity"], step, given.get("drops", 0), given.get("messages", 0), stepped)


def _given(connection: Connection) -> dict[str, int]:
    """The highest number used, by table, also of deleted rows; for tables that never use one again."""
    return {str(row[0]): int(row[1]) for row in connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")}


def advance(connection: Connection, now: str) -> Progress:
    """Count a step, in the transaction of the work itself. `now`: ISO 8601."""
    grown: ColumnElement[int] = literal_column("CAST(about.value AS INTEGER) + 1")
    insert_or_update(connection, about, {"name": _STEP, "value": "1"}, ["name"], {"value": grown})
    put(connection, "stepped", now)
    return progress(connection)


def put(connection: Connection, name: str, value: str) -> None:
    """Write facts about the store itself."""
    insert_or_update(connection, about, {"name": name, "value": value}, ["name"], {"value": value})


def continue_above(connection: Connection, step: int, drops: int, message_numbers: int) -> None:
    """Continue steps and numbers above these, so that no lost number is used again."""
    known = progress(connection)
    put(connection, _STEP, str(max(step, known.step)))
    for table, number in (("drops", max(drops, known.drops)), (messages.name, max(message_numbers, known.messages))):
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
