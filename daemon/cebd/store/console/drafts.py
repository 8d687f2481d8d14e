"""Drafts: documents that a person is entering. Once one is declared its row keeps the name of the file that it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from sqlalchemy import Row, delete, func, insert, select, update

from cebd.records.ids import RecordId
from cebd.records.states import DropState
from cebd.store.console.tables import drafts
from cebd.store.tables import drops
from cebd.store.transaction import Transaction

_LATEST = 1000
DraftId = NewType("DraftId", int)


@dataclass(frozen=True, slots=True)
class Draft:
    """`content`: the JSON as it is dropped. `about`: the record that it corrects or is an application about. `file`: the name under which
    it is declared, None as long as it is not."""

    id: DraftId
    account: str
    enterprise: str
    type: str
    content: str
    changed: str
    about: RecordId | None
    file: str | None


def add_draft(
    transaction: Transaction,
    account: str,
    enterprise: str,
    type_: str,
    content: str,
    now: str,
    about: RecordId | None = None,
) -> DraftId:
    """Begin a draft."""
    values = {"account": account, "enterprise": enterprise, "type": type_, "content": content, "changed": now}
    added = insert(drafts).values(**values, about=about).returning(drafts.c.id)
    return DraftId(transaction.execute(added).scalar_one())


def draft_of(transaction: Transaction, number: int) -> Draft | None:
    """The draft of that number."""
    row = transaction.execute(select(drafts).where(drafts.c.id == number)).first()
    return None if row is None else _draft(row)


def open_drafts(transaction: Transaction, limit: int) -> list[Draft]:
    """Those that are not declared, the latest first."""
    wanted = select(drafts).where(drafts.c.file.is_(None)).order_by(drafts.c.id.desc()).limit(limit)
    return [_draft(row) for row in transaction.execute(wanted)]


def drafts_not_taken(transaction: Transaction, limit: int) -> list[Draft]:
    """Declared ones whose file no drop is yet, among the latest: it waits in the inbox, or was never written. The latest first."""
    taken = select(drops.c.id).where(drops.c.enterprise == drafts.c.enterprise, drops.c.name == drafts.c.file)
    taken = taken.where(drops.c.state != DropState.WITHDRAWN)
    latest = select(func.max(drafts.c.id)).scalar_subquery()
    wanted = select(drafts).where(drafts.c.id > latest - _LATEST, drafts.c.file.is_not(None), ~taken.exists())
    return [_draft(row) for row in transaction.execute(wanted.order_by(drafts.c.id.desc()).limit(limit))]


def drafts_about(transaction: Transaction, record_id: RecordId, type_: str) -> list[Draft]:
    """The drafts of that type about a record that nobody has declared, the latest first: to open one again is better than another."""
    wanted = select(drafts).where(drafts.c.about == record_id, drafts.c.type == type_, drafts.c.file.is_(None))
    return [_draft(row) for row in transaction.execute(wanted.order_by(drafts.c.id.desc()))]


def save_draft(transaction: Transaction, draft_id: DraftId, account: str, content: str, now: str) -> None:
    """Keep what was entered; a draft that is declared is changed no more. Who changes nothing has not entered it."""
    still = (drafts.c.id == draft_id) & drafts.c.file.is_(None)
    is_new = drafts.c.content != content
    transaction.execute(update(drafts).where(still, is_new).values(account=account, content=content, changed=now))


def name_file(transaction: Transaction, draft_id: DraftId, file: str, now: str) -> None:
    """Under which name it is declared, before the file is written: it is owed from now on. A name given before stays."""
    still = (drafts.c.id == draft_id) & drafts.c.file.is_(None)
    transaction.execute(update(drafts).where(still).values(file=file, owed=now))


def note_given(transaction: Transaction, draft_id: DraftId) -> None:
    """Its file is in the inbox, or was taken already."""
    transaction.execute(update(drafts).where(drafts.c.id == draft_id).values(owed=None))


def owed_drafts(transaction: Transaction) -> list[tuple[str, Draft]]:
    """The declared ones whose file was not brought into the inbox yet, each with since when."""
    wanted = select(drafts).where(drafts.c.owed.is_not(None)).order_by(drafts.c.id)
    return [(row.owed, _draft(row)) for row in transaction.execute(wanted)]


def remove_draft(transaction: Transaction, draft_id: DraftId) -> bool:
    """Throw it away; False for one that is declared, which stays, or is gone."""
    removed = delete(drafts).where(drafts.c.id == draft_id, drafts.c.file.is_(None))
    return transaction.execute(removed).rowcount > 0


def _draft(row: Row[tuple[object, ...]]) -> Draft:
    return Draft(row.id, row.account, row.enterprise, row.type, row.content, row.changed, row.about, row.file)
