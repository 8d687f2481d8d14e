"""The published files of every drop, and the drops that are behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import (
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from cebd.records.ids import DropId
from cebd.records.states import DropState, MessageState
from cebd.store.tables import IS_BEHIND, drops, messages, published_books
from cebd.store.transaction import Transaction, batches

_WORKED_ON = (DropState.FILING, DropState.FILED)  # a file on its way out of `working/` has been read
_DIGESTS_KEPT = 20


# Drops whose outbox files are behind


def drops_behind(transaction: Transaction) -> list[DropId]:
    """Drops whose outbox files do not show all changes yet, in the order of their ids."""
    query = select(drops.c.id).where(drops.c.state.in_(_WORKED_ON), IS_BEHIND)
    return list(transaction.execute(query.order_by(drops.c.id)).scalars())


class Owner(NamedTuple):
    """Whose a drop is, and how many records its receipt has; a file dropped again has those of the first one.

    `is_under_way`: messages of it are still being signed and sent, and wait for nothing.
    """

    enterprise: str
    records: int
    is_under_way: bool


_first = drops.alias()  # made once: its columns are copies of the table's


def owners_of(transaction: Transaction, drop_ids: Sequence[DropId]) -> dict[DropId, Owner]:
    """What `Owner` says of each of these drops, in the order given."""
    owners: dict[DropId, Owner] = {}
    waiting = select(messages.c.id).where(messages.c.waiting.is_not(None))
    under_way = exists().where(
        messages.c.drop_id == drops.c.id,
        messages.c.state.in_((MessageState.READY, MessageState.SIGNED)),
        messages.c.id.not_in(waiting),  # by its index: in the row it stands behind the bytes of the message
    )
    columns = drops.c.id, drops.c.enterprise, func.coalesce(_first.c.records, drops.c.records, 0), under_way
    for batch in batches(drop_ids):
        query = select(*columns).outerjoin(_first, _first.c.id == drops.c.repeat_of).where(drops.c.id.in_(batch))
        owners |= {drop_id: Owner(*owner) for drop_id, *owner in transaction.execute(query)}
    return {drop_id: owners[drop_id] for drop_id in drop_ids if drop_id in owners}


def mark_published(transaction: Transaction, drop_id: DropId, published: int, published_at: str) -> None:
    """Record that the outbox files show the changes counted up to `published`; `published_at` is ISO 8601."""
    values = {"published": published, "published_at": published_at}
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(values))


# Receipt workbooks as we wrote them


@dataclass(frozen=True, slots=True)
class PublishedBooks:
    """The workbooks of a drop by their SHA-256, the latest last.

    `aside`: a new workbook waits beside an open workbook, whose digest is the first.
    """

    digests: tuple[str, ...] = ()
    aside: bool = False


def published_books_of(transaction: Transaction, drop_id: DropId) -> PublishedBooks:
    """The files written for the drop so far."""
    row = transaction.execute(select(published_books).where(published_books.c.drop_id == drop_id)).first()
    return PublishedBooks(tuple(json.loads(row.digests)), row.aside) if row is not None else PublishedBooks()


def remember_books(transaction: Transaction, drop_id: DropId, books: PublishedBooks) -> None:
    """Record the drop's files, written or about to be; of many digests only those of the open workbook and of the latest stay."""
    transaction.execute(delete(published_books).where(published_books.c.drop_id == drop_id))
    digests = books.digests
    if len(digests) > _DIGESTS_KEPT:
        digests = (digests[0], *digests[1 - _DIGESTS_KEPT :])
    transaction.execute(insert(published_books).values(drop_id=drop_id, digests=json.dumps(digests), aside=books.aside))


def drops_with_a_book_aside(transaction: Transaction) -> list[DropId]:
    """Drops whose new workbook waits beside an open workbook."""
    return list(transaction.execute(select(published_books.c.drop_id).where(published_books.c.aside)).scalars())
