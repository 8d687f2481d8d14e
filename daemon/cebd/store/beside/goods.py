"""The goods archive: what lists that customs accepted say of an item number.

It is learned from answers that came since the last look, in the order of their numbers; the last of them is remembered in the same
transaction, so that a kill loses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from cebd.records.ids import MessageId
from cebd.records.states import State
from cebd.store.beside.tables import goods
from cebd.store.databases.database import insert_if_new, insert_or_update
from cebd.store.tables import about, history, records
from cebd.store.transaction import Transaction

_LIST = "CEB621"
_LEARNED = "goods learned up to"


class AcceptedList(NamedTuple):
    """A list that customs accepted: where it stands."""

    enterprise: str
    message_id: MessageId
    guid: str


class KnownGoods(NamedTuple):
    """What an accepted list says in a field of a goods line with that item number."""

    enterprise: str
    item_no: str
    field: str
    value: str


class News(NamedTuple):
    """Lists accepted by answers after those learned before: how many answers, and the number of the last."""

    lists: list[AcceptedList]
    answers: int
    up_to: int


def newly_accepted(transaction: Transaction, at_most: int) -> News:
    """Among so many answers that were not looked at yet."""
    told = transaction.execute(select(about.c.value).where(about.c.name == _LEARNED)).scalar()
    learned = int(told or 0)
    unseen = select(history.c.id, history.c.record_id).where(history.c.id > learned).order_by(history.c.id)
    batch = unseen.limit(at_most).subquery()
    answers, up_to = transaction.execute(select(func.count(), func.max(batch.c.id))).one()
    query = (
        select(records.c.enterprise, records.c.message_id, records.c.guid)
        .join(batch, batch.c.record_id == records.c.id)
        .where(records.c.type == _LIST, records.c.state == State.SUCCEEDED, records.c.message_id.is_not(None))
        .distinct()
        .order_by(records.c.message_id)
    )
    return News([AcceptedList(*row) for row in transaction.execute(query)], answers, up_to or learned)


def learn(transaction: Transaction, known: Iterable[KnownGoods], up_to: int) -> None:
    """Remember what those lists say; knowing it already is harmless."""
    for one in known:
        insert_if_new(transaction, goods, one._asdict())
    value = str(up_to)
    insert_or_update(transaction, about, {"name": _LEARNED, "value": value}, ["name"], {"value": value})


def values_accepted(transaction: Transaction, enterprise: str, item_no: str, field: str) -> Sequence[str]:
    """What the enterprise's accepted lists say in that field of that item."""
    query = select(goods.c.value).where(
        goods.c.enterprise == enterprise, goods.c.item_no == item_no, goods.c.field == field
    )
    return transaction.execute(query).scalars().all()


def accepted_values(transaction: Transaction, enterprise: str) -> list[tuple[str, str, str]]:
    """Item number, field and value of all that the enterprise's accepted lists say, by item number."""
    query = select(goods.c.item_no, goods.c.field, goods.c.value).where(goods.c.enterprise == enterprise)
    return [(row.item_no, row.field, row.value) for row in transaction.execute(query.order_by(goods.c.item_no))]
