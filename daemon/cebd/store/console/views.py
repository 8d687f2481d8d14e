"""Saved views: queries for records that an account has kept under a name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from cebd.store.console.tables import views
from cebd.store.transaction import Transaction

MOST = 20


@dataclass(frozen=True, slots=True)
class View:
    """`query`: as it stands in the address of the list."""

    id: int
    name: str
    query: str


def views_of(transaction: Transaction, account: str) -> list[View]:
    """Those of an account, in the order in which they were kept."""
    rows = transaction.execute(select(views).where(views.c.account == account).order_by(views.c.id))
    return [View(row.id, row.name, row.query) for row in rows]


def keep_view(transaction: Transaction, account: str, name: str, query: str) -> bool:
    """Keep a query under a name; the one of that name before is replaced. False: the account has as many as it may."""
    transaction.execute(delete(views).where(views.c.account == account, views.c.name == name))
    if len(views_of(transaction, account)) >= MOST:
        return False
    transaction.execute(insert(views).values(account=account, name=name, query=query))
    return True


def remove_view(transaction: Transaction, account: str, number: int) -> None:
    """Forget one of the account's."""
    transaction.execute(delete(views).where(views.c.account == account, views.c.id == number))
