"""The ledgers of an enterprise: the files that each is about, whether anything became of them, and which rows are out of date.

A ledger's mark grows with every change of one of its files and every day on which days are counted; while the mark is that of the ledger
as it was written there is nothing to write.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, select

from cebd.records.ids import DropId
from cebd.records.states import DropState
from cebd.store.databases.database import insert_or_update
from cebd.store.published import PublishedBooks
from cebd.store.statements.books import StatementId, StatementKind
from cebd.store.statements.tables import statements
from cebd.store.tables import drops, records
from cebd.store.transaction import Transaction, batches

_DIGESTS_KEPT = 20


class LedgerDrop(NamedTuple):
    """A file with records of its own. `received`: ISO 8601; `corrected`: a later file was made of its receipt."""

    id: DropId
    name: str
    received: str
    type: str | None
    records: int
    changed: int
    corrected: bool


class FilesSince(NamedTuple):
    """How often files changed in all, and whether any young one is of the type that was asked for."""

    changes: int
    of_type: bool


class WrittenLedger(NamedTuple):
    """A ledger as it was written: its mark, and the digests of what was written under its name."""

    mark: int
    digests: tuple[str, ...]


NEVER_WRITTEN = WrittenLedger(-1, ())


def drops_since(transaction: Transaction, enterprise: str, since: str) -> list[LedgerDrop]:
    """The enterprise's files of that day (`2026-11-26`) and later ones, the latest first."""
    return _drops(transaction, _of(enterprise).where(drops.c.received >= since))


def drops_of_month(transaction: Transaction, enterprise: str, month: str) -> list[LedgerDrop]:
    """The files of a month (`2026-11`), the latest first."""
    in_month = (drops.c.received >= month, drops.c.received < f"{month}U")  # after every `-..T...`
    return _drops(transaction, _of(enterprise).where(*in_month))


def changes_since(transaction: Transaction, since: str, of_type: str, of_type_since: str) -> dict[str, FilesSince]:
    """By enterprise, what became of its files of that day (`2026-11-26`) and later ones: one look for all enterprises."""
    young = and_(drops.c.type == of_type, drops.c.received >= of_type_since)
    enterprise = drops.c.enterprise.concat("")  # by itself it has SQLite read all files in its order
    query = (
        select(enterprise, func.sum(drops.c.changed), func.max(case((young, 1), else_=0)))
        .where(*_HAS_RECORDS, drops.c.received >= since)
        .group_by(enterprise)
    )
    return {name: FilesSince(int(changes), bool(young)) for name, changes, young in transaction.execute(query)}


def marks_of_months(transaction: Transaction, enterprise: str, before: str) -> dict[str, int]:
    """The marks of the months that have files which came before that time (ISO 8601)."""
    month = func.substr(drops.c.received, 1, 7)
    query = (
        select(month, func.sum(drops.c.changed))
        .where(*_is_of(enterprise), drops.c.received < f"{before[:7]}U")
        .group_by(month)
        .having(func.min(drops.c.received) < before)
    )
    return {name: int(mark) for name, mark in transaction.execute(query)}


def written_ledgers(transaction: Transaction, enterprise: str) -> dict[str, WrittenLedger]:
    """The enterprise's ledgers by period."""
    query = select(statements.c.period, statements.c.published, statements.c.digests).where(
        statements.c.enterprise == enterprise, statements.c.kind == StatementKind.LEDGER
    )
    return {period: WrittenLedger(mark, tuple(json.loads(told))) for period, mark, told in transaction.execute(query)}


def remember_ledger(transaction: Transaction, wanted: StatementId, mark: int, books: PublishedBooks) -> None:
    """The ledger is written, or about to be."""
    values = {"changed": mark, "published": mark, "digests": json.dumps(books.digests[-_DIGESTS_KEPT:])}
    row = {**wanted._asdict(), "kind": str(wanted.kind), "aside": False, "closed": False, **values}
    insert_or_update(transaction, statements, row, ["enterprise", "kind", "period"], values)


def in_later_files(
    transaction: Transaction, enterprise: str, type_: str, keys: Collection[str], drop_id: DropId
) -> set[str]:
    """Those of these keys of which a later file has a record as well."""
    later: set[str] = set()
    for batch in batches(sorted(keys)):
        values: Mapping[str, Any] = {"enterprise": enterprise, "type": type_, "drop": drop_id, "keys": list(batch)}
        later |= set(transaction.execute(_LATER, values).scalars())
    return later


# A file dropped again has the records of the first one.
_HAS_RECORDS = (drops.c.state != DropState.WITHDRAWN, drops.c.repeat_of.is_(None), drops.c.records > 0)
_LATER = (
    select(records.c.key)
    .where(
        records.c.type == bindparam("type"),
        records.c.key.in_(bindparam("keys", expanding=True)),
        records.c.enterprise == bindparam("enterprise"),
        records.c.drop_id > bindparam("drop"),
    )
    .distinct()
)


def _of(enterprise: str) -> Select[Any]:
    later = drops.alias("later")
    columns = (drops.c[name] for name in ("id", "name", "received", "type", "records", "changed"))
    corrected = exists().where(later.c.corrects == drops.c.id)
    return select(*columns, corrected).where(*_is_of(enterprise))


def _is_of(enterprise: str) -> Sequence[ColumnElement[bool]]:
    return (drops.c.enterprise == enterprise, *_HAS_RECORDS)


def _drops(transaction: Transaction, query: Select[Any]) -> list[LedgerDrop]:
    return [LedgerDrop(*row) for row in transaction.execute(query.order_by(drops.c.id.desc()))]
