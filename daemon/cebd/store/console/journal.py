"""The store's journal, as people read it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from cebd.store.tables import journal
from cebd.store.transaction import Transaction


class JournalLine(NamedTuple):
    """`time`: ISO 8601; `event` and `detail` in English, as the store has them."""

    id: int
    time: str
    event: str
    detail: str


def journal_page(transaction: Transaction, text: str, limit: int, before: int | None) -> list[JournalLine]:
    """The latest lines before that one (None: of all) that have the text, at most `limit`."""
    query = select(*(journal.c[name] for name in JournalLine._fields)).order_by(journal.c.id.desc()).limit(limit)
    if text:
        query = query.where(journal.c.detail.contains(text, autoescape=True))
    if before is not None:
        query = query.where(journal.c.id < before)
    return [JournalLine(*row) for row in transaction.execute(query)]
