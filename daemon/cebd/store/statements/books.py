"""The workbooks of a month or a day, and the ledgers: which there are, which are behind, and what they were when we wrote them."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, update

from cebd.store.databases.database import insert_or_update
from cebd.store.published import PublishedBooks
from cebd.store.statements.tables import statements
from cebd.store.tables import drops
from cebd.store.transaction import Transaction


class StatementKind(StrEnum):
    """What a statement is about."""

    TAX_BILLS = "tax-bills"  # of a month
    RECONCILIATION = "reconciliation"  # of a day
    LEDGER = "ledger"  # of a month, or LATEST


LATEST = "latest"
"""The period of the ledger that people look into first."""


class StatementId(NamedTuple):
    """A statement of an enterprise. `period`: `2026-11`, `2026-11-26` or LATEST."""

    enterprise: str
    kind: StatementKind
    period: str


class Statement(NamedTuple):
    """A statement as the store knows it: how often its content changed, up to which change it was written, and its workbooks."""

    id: StatementId
    changed: int
    published: int
    books: PublishedBooks


def want_statement(transaction: Transaction, wanted: StatementId, *, closed: bool = False) -> None:
    """It is to be written, or written anew; `closed`: because its day has ended, which happens once."""
    new = {"changed": 1, "published": 0, "digests": "[]", "aside": False, "closed": closed}
    row = {**wanted._asdict(), "kind": str(wanted.kind), **new}
    again: dict[str, object] = {"changed": statements.c.changed + 1, **({"closed": True} if closed else {})}
    insert_or_update(transaction, statements, row, ["enterprise", "kind", "period"], again)


def statements_behind(transaction: Transaction) -> list[StatementId]:
    """Those to be written: behind, or waiting beside an open workbook. Ledgers are not among them (`cebd.store.statements.ledger`)."""
    behind = or_(statements.c.changed > statements.c.published, statements.c.aside)
    query = select(statements.c.enterprise, statements.c.kind, statements.c.period).where(
        behind, statements.c.kind != StatementKind.LEDGER
    )
    rows = transaction.execute(query.order_by(statements.c.enterprise, statements.c.kind, statements.c.period))
    return [StatementId(row.enterprise, StatementKind(row.kind), row.period) for row in rows]


def load_statement(transaction: Transaction, wanted: StatementId) -> Statement:
    """Raises NoResultFound for one that was never wanted."""
    row = transaction.execute(select(statements).where(*_is(wanted))).one()
    return Statement(wanted, row.changed, row.published, PublishedBooks(tuple(json.loads(row.digests)), row.aside))


def remember_statement(
    transaction: Transaction, wanted: StatementId, books: PublishedBooks, published: int | None = None
) -> None:
    """Its workbooks, written or about to be; `published`: the change up to which they are written now."""
    values: dict[str, object] = {"digests": json.dumps(books.digests[-20:]), "aside": books.aside}
    if published is not None:
        values["published"] = published
    transaction.execute(update(statements).where(*_is(wanted)).values(values))


def latest_closed(transaction: Transaction, enterprise: str, kind: StatementKind) -> str | None:
    """The latest period that has one of that kind because it had ended."""
    query = select(func.max(statements.c.period)).where(
        statements.c.enterprise == enterprise, statements.c.kind == str(kind), statements.c.closed
    )
    latest: str | None = transaction.execute(query).scalar()
    return latest


def days_with_files(transaction: Transaction, enterprise: str, after: str, before: str) -> list[str]:
    """The days after one and before another (`2026-11-26`) on which files of the enterprise were taken."""
    day = func.substr(drops.c.received, 1, 10)
    query = select(day).where(drops.c.enterprise == enterprise, day > after, day < before).distinct().order_by(day)
    return list(transaction.execute(query).scalars())


def _is(wanted: StatementId) -> tuple[ColumnElement[bool], ...]:
    return (
        statements.c.enterprise == wanted.enterprise,
        statements.c.kind == str(wanted.kind),
        statements.c.period == wanted.period,
    )
