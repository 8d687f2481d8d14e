"""What the station declared before, asked by the numbers that records have in common; enterprises of one station see each other's.

A business key may have several versions: declared, changed, deleted. Which of them stand is told from all of them (`_standing`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    NullPool,
    Row,
    Select,
    bindparam,
    create_engine,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.exc import DatabaseError

from cebd.customs.statuses import CANCELLED
from cebd.messages.relations import cancelling
from cebd.records.ids import MessageId
from cebd.records.states import State
from cebd.store.store import StoreError, require_readable
from cebd.store.tables import drops, history, messages, records

# Records that never were, and will not come, before customs.
_NEVER_SENT = [str(State.REJECTED), str(State.HELD), str(State.REPEAT)]
_REFUSED = str(State.REFUSED)
_AT_CUSTOMS = (State.ACKNOWLEDGED, State.SUCCEEDED)
_RELEASED = ("800", "899")
_ENDS_ALL = ("599", "700", CANCELLED)  # said of a list as a whole, whichever version of it is told


@dataclass(frozen=True, slots=True)
class InForce:
    """An order or inventory list declared before. `released`: when customs released it, ISO 8601, None if they have not (yet)."""

    enterprise: str
    key: str
    order_no: str | None
    waybill_no: str | None
    invt_no: str | None
    received: str
    file: str
    released: str | None
    guid: str
    message_id: MessageId | None


@contextmanager
def open_read_only(folder: Path | None) -> Iterator[Connection | None]:
    """The store of a station in that folder, as it is now, to be asked and never written; None where there is none, or a daemon is about
    to make one.

    The file is opened read-only: no lock of ours keeps a daemon waiting, nor does it keep us. Raises StoreError.
    """
    path = None if folder is None else folder / "cebd.sqlite"
    if path is None or not require_readable(path):
        yield None
        return

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30, isolation_level=None)
        connection.execute("PRAGMA cache_size=-65536")
        return connection

    try:
        connection = create_engine("sqlite://", creator=opened, poolclass=NullPool).connect()
        connection.exec_driver_sql("BEGIN")
        made = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        for table in (
            (drops, messages, records, history) if made else ()
        ):  # one made by an earlier version lacks columns
            connection.execute(select(table).limit(0))
    except DatabaseError as error:
        raise StoreError(f"{path}: {error.orig}") from None
    with connection:
        yield connection if made else None


# Which versions stand


def _standing(versions: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Of all versions of one key, as they followed each other, those that stand before customs or may come to.

    A change takes the place of what it changes once customs' side has it, a deletion once it is concluded; till then both count. What was
    refused changed nothing.
    """
    standing: list[Row[Any]] = []
    for one in versions:
        if one.state == _REFUSED:
            if one.status in _ENDS_ALL:
                standing.clear()
        elif one.app_type == "3":
            if one.state == State.SUCCEEDED:
                standing.clear()
        else:
            if one.state in _AT_CUSTOMS:
                standing.clear()
            standing.append(one)
    return standing


def _by_key(
    connection: Connection, type_: str, name: str, values: Sequence[str], *, shown: bool = False
) -> list[list[Row[Any]]]:
    """All versions, key by key, of what has one of these values in that column, as far as they were, or will be, sent."""
    versions: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in connection.execute(_versions(name, shown), {"type": type_, "values": list(values)}):
        versions.setdefault((row.enterprise, row.key), []).append(row)
    return list(versions.values())


@cache
def _versions(name: str, shown: bool) -> Select[Any]:
    """Made once: it is asked for each thousand records. A change may have moved a key to another number, so it is asked for whole keys."""
    any_version = records.alias("any_version")
    values: Any = bindparam("values", expanding=True)
    keys: Any = values
    if name != "key":
        keys = select(any_version.c.key).where(any_version.c.type == bindparam("type"), any_version.c[name].in_(values))
    told = (*(records.c[one] for one in ("enterprise", "key", "order_no", "state", "status", "app_type")),)
    query = (
        select(*told, *(_shown_columns() if shown else ()))
        .where(records.c.type == bindparam("type"), records.c.key.in_(keys), records.c.state.not_in(_NEVER_SENT))
        .order_by(records.c.id)
    )
    return query.join(drops, drops.c.id == records.c.drop_id) if shown else query


# Questions


def lists_with(connection: Connection, *, orders: Sequence[str] = (), waybills: Sequence[str] = ()) -> list[InForce]:
    """The standing inventory lists that speak of one of these orders or waybills."""
    by_order = _with(connection, "CEB621", "order_no", orders)  # one question for each index
    return list(dict.fromkeys((*by_order, *_with(connection, "CEB621", "waybill_no", waybills))))


def orders_with(connection: Connection, orders: Sequence[str]) -> list[InForce]:
    """The standing orders of these numbers (with their platform), whoever sells."""
    return _with(connection, "CEB311", "order_no", orders)


def lists_numbered(connection: Connection, numbers: Sequence[str]) -> dict[str, InForce]:
    """The inventory lists that customs gave these numbers (invtNo), each in its latest version; a refused one where there is no other."""
    if not numbers:
        return {}
    asked = set(numbers)
    found = [one for versions in _by_key(connection, "CEB621", "invt_no", numbers, shown=True) for one in versions]
    of_these = [one for one in found if one.invt_no in asked and one.app_type != "3"]
    return {one.invt_no: _shown(one) for one in sorted(of_these, key=lambda one: one.state != _REFUSED)}


def _with(connection: Connection, type_: str, name: str, values: Sequence[str]) -> list[InForce]:
    if not values:
        return []
    asked = set(values)
    found = _by_key(connection, type_, name, values, shown=True)
    standing = [one for versions in found for one in _standing(versions)]
    return [_shown(one) for one in standing if one._mapping[name] in asked]


def _shown_columns() -> tuple[ColumnElement[Any], ...]:
    released = (
        select(func.min(history.c.time))
        .where(history.c.record_id == records.c.id, history.c.status.in_(_RELEASED))
        .scalar_subquery()
    )
    own = ("waybill_no", "invt_no", "guid", "message_id")
    return (*(records.c[name] for name in own), drops.c.received, drops.c.name, released.label("released"))


def _shown(row: Row[Any]) -> InForce:
    return InForce(
        row.enterprise,
        row.key,
        row.order_no,
        row.waybill_no,
        row.invt_no,
        row.received,
        row.name,
        row.released,
        row.guid,
        row.message_id,
    )


def cancelled(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Those of these lists (invtNo) whose cancellation customs have granted."""
    if not numbers:
        return set()
    query = select(records.c.list_no).where(
        records.c.type.in_(sorted(cancelling())),
        records.c.state == str(State.SUCCEEDED),
        records.c.list_no.in_(numbers),
    )
    return set(connection.execute(query).scalars())


def states_by_key(connection: Connection, type_: str, keys: Sequence[str]) -> dict[str, list[str]]:
    """How what was declared under these keys stands (see `_states`); what was deleted, or never sent, is left out."""
    return _states(_by_key(connection, type_, "key", keys), "key") if keys else {}


def states_by_order(connection: Connection, type_: str, orders: Sequence[str]) -> dict[str, list[str]]:
    """How what speaks of these orders stands, likewise."""
    if not orders:
        return {}
    asked = set(orders)
    found = _states(_by_key(connection, type_, "order_no", orders), "order_no")
    return {order: states for order, states in found.items() if order in asked}


def _states(found: Iterable[list[Row[Any]]], name: str) -> dict[str, list[str]]:
    """The states of what stands; `refused` where nothing does and a refusal was the last word."""
    states: dict[str, list[str]] = {}
    for versions in found:
        last = [versions[-1]] if versions[-1].state == _REFUSED else []
        for one in _standing(versions) or last:
            states.setdefault(one._mapping[name], []).append(one.state)
    return states


def declares(connection: Connection, enterprise: str, type_: str) -> bool:
    """Whether the enterprise ever declared that kind here."""
    mine = exists().where(records.c.enterprise == enterprise, records.c.type == type_, records.c.active)
    return bool(connection.execute(select(mine)).scalar())


def bought(
    connection: Connection, type_: str, buyers: Sequence[bytes], since: str, without_drop: int | None
) -> dict[bytes, int]:
    """For how many cents these buyers stand in declarations of that kind received since then; those of one drop are left out."""
    asked = {"type": type_, "buyers": list(buyers), "since": since, "without": without_drop or 0}
    return {buyer: int(cents) for buyer, cents in connection.execute(_bought(), asked)}


@cache
def _bought() -> Select[Any]:
    newer = records.alias("newer")
    same_key = (
        newer.c.type == records.c.type,
        newer.c.key == records.c.key,
        newer.c.enterprise == records.c.enterprise,
    )
    sent = newer.c.state.not_in([*_NEVER_SENT, _REFUSED])
    replaced = exists().where(*same_key, newer.c.id > records.c.id, or_(sent, newer.c.status.in_(_ENDS_ALL)))
    return (
        select(records.c.buyer, func.sum(records.c.value))
        .join(drops, drops.c.id == records.c.drop_id)
        .where(
            records.c.buyer.in_(bindparam("buyers", expanding=True)),
            records.c.type == bindparam("type"),
            records.c.app_type.is_distinct_from("3"),
            records.c.state.not_in([*_NEVER_SENT, _REFUSED]),
            drops.c.received >= bindparam("since"),
            drops.c.id != bindparam("without"),
            or_(records.c.active, ~replaced),
        )
        .group_by(records.c.buyer)
    )


def in_force(connection: Connection, enterprise: str, type_: str, key: str) -> bool:
    """Whether anything that was declared under that key stands."""
    found = _by_key(connection, type_, "key", [key])
    return any(_standing(versions) for versions in found if versions[0].enterprise == enterprise)
