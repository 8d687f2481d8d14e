"""Earlier declarations of the station, by the numbers that records share; enterprises of a station see each other's.

A business key may have several versions: declared, changed, deleted. `versions_in_force` finds which of them are in force.
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
    NullPool,
    Row,
    Select,
    bindparam,
    create_engine,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from cebd.customs.statuses import CANCELLED, RELEASED, rests
from cebd.messages.relations import cancelling, returning
from cebd.records.ids import MessageId
from cebd.records.states import State
from cebd.store.console.tables import imports
from cebd.store.decided.decisions import decisions
from cebd.store.decided.layouts import layouts
from cebd.store.store import StoreError, require_readable
from cebd.store.tables import drops, history, messages, records, state_of
from cebd.store.transaction import Transaction

# Records that never were, and will not come, before customs.
NEVER_SENT = [str(State.REJECTED), str(State.HELD), str(State.REPEAT)]
_REFUSED = str(State.REFUSED)
_AT_CUSTOMS = (State.ACKNOWLEDGED, State.SUCCEEDED)
_ACTIVE = text("records.active")  # in the letters of the index; `active = 1` does not find it
_ENDS_ALL = ("599", "700", CANCELLED)  # of a list as a whole, in any of its versions


@dataclass(frozen=True, slots=True)
class InForce:
    """An order, inventory list or application declared before; `state` and `status` are as the store has them. `released`: the time of its
    release, ISO 8601, None if it is not released (yet)."""

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
    state: str
    status: str | None

    @property
    def cancelled(self) -> bool:
        """Whether it is a list whose cancellation customs have granted."""
        return self.state == _REFUSED and self.status == CANCELLED


@contextmanager
def open_read_only(folder: Path | None) -> Iterator[Transaction | None]:
    """Open the station's store in that folder read-only. Yields None when there is no store yet, or a daemon is about to make one.

    Neither side's locks make the other wait. Raises StoreError.
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
            (drops, messages, records, history, decisions, layouts, imports) if made else ()
        ):  # a store of an earlier version lacks columns
            connection.execute(select(table).limit(0))
    except DatabaseError as error:
        raise StoreError(f"{path}: {error.orig}") from None
    with connection:
        yield connection if made else None


# Which versions are in force


def versions_in_force(versions: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The versions of a key that are in force at customs, or may come into force. `versions`: all of them, oldest first.

    A change replaces the changed version once customs' side has it, a deletion once it is through (of an order: once the e-port has it);
    until then both count. A refused version changed nothing.
    """
    in_force: list[Row[Any]] = []
    for version in versions:
        if version.state == _REFUSED:
            if version.status in _ENDS_ALL:
                in_force.clear()
        elif version.app_type == "3":
            at_rest = version.state == State.ACKNOWLEDGED and rests(version.type, version.status or "")
            if version.state == State.SUCCEEDED or at_rest:
                in_force.clear()
        else:
            if version.state in _AT_CUSTOMS:
                in_force.clear()
            in_force.append(version)
    return in_force


def versions_by_key(
    transaction: Transaction, type_: str, name: str, values: Sequence[str], *, shown: bool = False
) -> list[list[Row[Any]]]:
    """All versions, sent or to be sent, key by key, of every key with a version that has one of these values in that column."""
    versions: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in transaction.execute(_versions(name, shown), {"type": type_, "values": list(values)}):
        versions.setdefault((row.enterprise, row.key), []).append(row)
    return list(versions.values())


@cache
def _versions(name: str, shown: bool) -> Select[Any]:
    """Built once, for each thousand records ask it. A change may have moved a key to another number, so whole keys are asked for."""
    any_version = records.alias("any_version")
    values: Any = bindparam("values", expanding=True)
    keys: Any = values
    if name != "key":
        keys = select(any_version.c.key).where(any_version.c.type == bindparam("type"), any_version.c[name].in_(values))
    plain = (*(records.c[name] for name in ("enterprise", "type", "key", "order_no", "state", "status", "app_type")),)
    query = (
        select(*plain, *(_shown_columns() if shown else ()))
        .where(records.c.type == bindparam("type"), records.c.key.in_(keys), records.c.state.not_in(NEVER_SENT))
        .order_by(records.c.id)
    )
    return query.join(drops, drops.c.id == records.c.drop_id) if shown else query


# Questions


def lists_with(transaction: Transaction, *, orders: Sequence[str] = (), waybills: Sequence[str] = ()) -> list[InForce]:
    """The inventory lists in force that name one of these orders or waybills."""
    by_order = _with(transaction, "CEB621", "order_no", orders)  # a query for each index
    return list(dict.fromkeys((*by_order, *_with(transaction, "CEB621", "waybill_no", waybills))))


def orders_with(transaction: Transaction, orders: Sequence[str]) -> list[InForce]:
    """The orders in force of these numbers (with their platform), whoever sells."""
    return _with(transaction, "CEB311", "order_no", orders)


def lists_numbered(transaction: Transaction, numbers: Sequence[str]) -> dict[str, InForce]:
    """The lists with these customs' numbers (invtNo), each in its latest version; a refused version if there is no other."""
    if not numbers:
        return {}
    wanted = set(numbers)
    by_key = versions_by_key(transaction, "CEB621", "invt_no", numbers, shown=True)
    lists = [row for versions in by_key for row in versions if row.invt_no in wanted and row.app_type != "3"]
    return {row.invt_no: in_force_of(row) for row in sorted(lists, key=lambda row: row.state != _REFUSED)}


def _with(transaction: Transaction, type_: str, name: str, values: Sequence[str]) -> list[InForce]:
    if not values:
        return []
    wanted = set(values)
    by_key = versions_by_key(transaction, type_, name, values, shown=True)
    return [
        in_force_of(row) for versions in by_key for row in versions_in_force(versions) if row._mapping[name] in wanted
    ]


def _shown_columns() -> tuple[ColumnElement[Any], ...]:
    released = (
        select(func.min(history.c.time))
        .where(history.c.record_id == records.c.id, history.c.status.in_(RELEASED))
        .scalar_subquery()
    )
    own = ("waybill_no", "invt_no", "list_no", "guid", "message_id")
    return (*(records.c[name] for name in own), drops.c.received, drops.c.name, released.label("released"))


def in_force_of(row: Row[Any]) -> InForce:
    """The value of a row of `versions_by_key(shown=True)`."""
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
        row.state,
        row.status,
    )


def cancelled(transaction: Transaction, numbers: Sequence[str]) -> set[str]:
    """The lists among these (by invtNo) whose cancellation customs have granted."""
    if not numbers:
        return set()
    query = select(records.c.list_no).where(
        records.c.type.in_(sorted(cancelling())),
        records.c.state == str(State.SUCCEEDED),
        records.c.list_no.in_(numbers),
    )
    return set(transaction.execute(query).scalars())


def lists_to_be_returned(transaction: Transaction, enterprise: str) -> set[str]:
    """The lists (by invtNo) of whose goods the enterprise declared a return that customs have neither accepted nor refused."""
    query = select(records.c.list_no).where(
        records.c.enterprise == enterprise,
        records.c.type.in_(sorted(returning())),
        _ACTIVE,
        state_of().in_([str(State.SENT), str(State.ACKNOWLEDGED)]),
        records.c.list_no.is_not(None),
    )
    return set(transaction.execute(query).scalars())


def states_by_key(transaction: Transaction, type_: str, keys: Sequence[str]) -> dict[str, list[str]]:
    """By key, the states of the versions in force; `refused` if no version is in force and the last was refused. Other keys are absent."""
    return _states(versions_by_key(transaction, type_, "key", keys), "key") if keys else {}


def states_by_order(transaction: Transaction, type_: str, orders: Sequence[str]) -> dict[str, list[str]]:
    """By order number, the states of the declarations that name these orders, likewise."""
    if not orders:
        return {}
    wanted = set(orders)
    by_order = _states(versions_by_key(transaction, type_, "order_no", orders), "order_no")
    return {order: states for order, states in by_order.items() if order in wanted}


def _states(by_key: Iterable[list[Row[Any]]], name: str) -> dict[str, list[str]]:
    states: dict[str, list[str]] = {}
    for versions in by_key:
        last_if_refused = [versions[-1]] if versions[-1].state == _REFUSED else []
        for version in versions_in_force(versions) or last_if_refused:
            states.setdefault(version._mapping[name], []).append(version.state)
    return states


def declares(transaction: Transaction, enterprise: str, type_: str) -> bool:
    """Whether the enterprise ever declared that kind here."""
    own = exists().where(records.c.enterprise == enterprise, records.c.type == type_, records.c.active)
    return bool(transaction.execute(select(own)).scalar())


def bought(
    transaction: Transaction, type_: str, buyers: Sequence[bytes], since: str, without_drop: int | None
) -> dict[bytes, int]:
    """By buyer, the cents of their declarations of that kind received since then, without the declarations of a drop."""
    values = {"type": type_, "buyers": list(buyers), "since": since, "without": without_drop or 0}
    return {buyer: int(cents) for buyer, cents in transaction.execute(_bought(), values)}


@cache
def _bought() -> Select[Any]:
    newer = records.alias("newer")
    same_key = (
        newer.c.type == records.c.type,
        newer.c.key == records.c.key,
        newer.c.enterprise == records.c.enterprise,
    )
    sent = newer.c.state.not_in([*NEVER_SENT, _REFUSED])
    replaced = exists().where(*same_key, newer.c.id > records.c.id, or_(sent, newer.c.status.in_(_ENDS_ALL)))
    return (
        select(records.c.buyer, func.sum(records.c.value))
        .join(drops, drops.c.id == records.c.drop_id)
        .where(
            records.c.buyer.in_(bindparam("buyers", expanding=True)),
            records.c.type == bindparam("type"),
            records.c.app_type.is_distinct_from("3"),
            records.c.state.not_in([*NEVER_SENT, _REFUSED]),
            drops.c.received >= bindparam("since"),
            drops.c.id != bindparam("without"),
            or_(records.c.active, ~replaced),
        )
        .group_by(records.c.buyer)
    )


def in_force(transaction: Transaction, enterprise: str, type_: str, key: str) -> bool:
    """Whether a declaration under that key is in force."""
    by_key = versions_by_key(transaction, type_, "key", [key])
    return any(versions_in_force(versions) for versions in by_key if versions[0].enterprise == enterprise)
