"""What the station declared before, asked by the numbers that records have in common; enterprises of one station see each other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, select

from cebd.store.states import State
from cebd.store.tables import drops, history, messages, records

# Records that are, or may still come, before customs.
_STANDING = [str(state) for state in State if state not in (State.REJECTED, State.REFUSED, State.REPEAT, State.HELD)]
_RELEASED = ("800", "899")


@dataclass(frozen=True, slots=True)
class ListDeclared:
    """An inventory list declared before. `released`: when customs released it, ISO 8601, None if they have not (yet)."""

    key: str
    order_no: str | None
    waybill_no: str | None
    invt_no: str | None
    state: str
    status: str | None
    received: str
    file: str
    released: str | None
    guid: str
    message_id: int | None


def lists_with(
    connection: Connection,
    *,
    orders: Sequence[str] = (),
    waybills: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> list[ListDeclared]:
    """The standing inventory lists that speak of one of these orders or waybills, or have one of these numbers (invtNo)."""
    asked: list[ColumnElement[bool]] = []
    if orders:
        asked.append(records.c.order_no.in_(orders))
    if waybills:
        asked.append(records.c.waybill_no.in_(waybills))
    if numbers:
        asked.append(records.c.invt_no.in_(numbers))
    released = (
        select(func.min(history.c.time))
        .where(history.c.record_id == records.c.id, history.c.status.in_(_RELEASED))
        .scalar_subquery()
    )
    own = ("key", "order_no", "waybill_no", "invt_no", "state", "status")
    found: dict[str, ListDeclared] = {}
    for condition in asked:  # one question for each index
        query = (
            select(
                *(records.c[name] for name in own),
                drops.c.received,
                drops.c.name,
                released,
                records.c.guid,
                records.c.message_id,
            )
            .join(drops, drops.c.id == records.c.drop_id)
            .where(
                records.c.type == "CEB621",
                records.c.active,
                records.c.app_type.is_distinct_from("3"),
                records.c.state.in_(_STANDING),
                condition,
            )
        )
        found |= {row.guid: ListDeclared(*row) for row in connection.execute(query)}
    return list(found.values())


def cancelled(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Those of these lists (invtNo) whose cancellation customs have granted."""
    if not numbers:
        return set()
    query = select(records.c.list_no).where(
        records.c.type == "CEB623", records.c.state == str(State.SUCCEEDED), records.c.list_no.in_(numbers)
    )
    return set(connection.execute(query).scalars())


def states_by_key(connection: Connection, type_: str, keys: Sequence[str]) -> dict[str, str]:
    """The states of the latest records of these keys."""
    query = select(records.c.key, records.c.state).where(
        records.c.type == type_, records.c.key.in_(keys), records.c.active
    )
    return {row.key: row.state for row in connection.execute(query.order_by(records.c.id))}


def states_by_order(connection: Connection, type_: str, orders: Sequence[str]) -> dict[str, list[str]]:
    """The states of the latest records that speak of these orders."""
    query = select(records.c.order_no, records.c.state).where(
        records.c.type == type_, records.c.order_no.in_(orders), records.c.active
    )
    found: dict[str, list[str]] = {}
    for order_no, state in connection.execute(query):
        found.setdefault(order_no, []).append(state)
    return found


def declares(connection: Connection, enterprise: str, type_: str) -> bool:
    """Whether the enterprise ever declared that kind here."""
    mine = exists().where(records.c.enterprise == enterprise, records.c.type == type_, records.c.active)
    return bool(connection.execute(select(mine)).scalar())


def bought(
    connection: Connection, type_: str, buyers: Sequence[bytes], since: str, without_drop: int
) -> dict[bytes, int]:
    """For how many cents these buyers stand in declarations of that kind received since then; those of one drop are left out."""
    query = (
        select(records.c.buyer, func.sum(records.c.value))
        .join(drops, drops.c.id == records.c.drop_id)
        .where(
            records.c.buyer.in_(buyers),
            records.c.type == type_,
            records.c.active,
            records.c.app_type.is_distinct_from("3"),
            records.c.state.in_(_STANDING),
            drops.c.received >= since,
            drops.c.id != without_drop,
        )
        .group_by(records.c.buyer)
    )
    return {buyer: int(cents) for buyer, cents in connection.execute(query)}


def still_stands(connection: Connection, enterprise: str, type_: str, key: str) -> bool:
    """Whether, of all that was declared under that key, the latest that customs did not refuse is no deletion."""
    query = (
        select(records.c.app_type)
        .where(
            records.c.type == type_,
            records.c.key == key,
            records.c.enterprise == enterprise,
            records.c.state.in_(_STANDING),
        )
        .order_by(records.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return row is not None and row.app_type != "3"


def message_body(connection: Connection, message_id: int) -> bytes:
    """The packed bytes of a message."""
    return bytes(connection.execute(select(messages.c.body).where(messages.c.id == message_id)).scalar_one())
