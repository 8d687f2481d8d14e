"""Receipt workbooks that were dropped again: which drop each of them corrects, and by whom.

One receipt may be corrected more than once, by one person after the other, or by two persons side by side: the drops form a tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select, update

from cebd.records.ids import DropId
from cebd.records.saved import Saved
from cebd.records.states import DropOutcome
from cebd.store.messages import touch
from cebd.store.tables import drops
from cebd.store.transaction import Transaction

_MOST = 1000  # of a tree: one that is larger, or goes in a circle, is not followed further


class Correction(NamedTuple):
    """A drop among corrections. `stem`: where its receipt lies; `name`: of its file."""

    id: DropId
    name: str
    stem: str
    saved: Saved
    received: str
    corrects: DropId | None


def note_saved(transaction: Transaction, drop_id: DropId, saved: Saved, corrects: DropId | None) -> None:
    """Who saved the file of the drop last, and which drop it corrects."""
    values = {"saved_by": saved.by, "saved_at": saved.at, "corrects": corrects}
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(values))


def drop_of_receipt(transaction: Transaction, enterprise: str, stem: str, digest: str) -> DropId | None:
    """The enterprise's drop whose receipt has that stem, and whose file has a SHA-256 that begins so; None if there is none."""
    query = select(drops.c.id).where(drops.c.enterprise == enterprise, drops.c.stem == stem)
    number = transaction.execute(query.where(drops.c.sha256.startswith(digest, autoescape=True))).scalar()
    return None if number is None else DropId(number)


def corrected_by(transaction: Transaction, drop_id: DropId) -> list[Correction]:
    """The drops that this one corrects, the latest first: the second is what the first one corrects, and so on."""
    chain: list[Correction] = []
    number: int | None = drop_id
    while number is not None and len(chain) < _MOST:
        corrects = transaction.execute(select(drops.c.corrects).where(drops.c.id == number)).scalar()
        if corrects is not None:
            chain += _read(transaction, [corrects])
        number = corrects
    return chain


def corrections_of(transaction: Transaction, drop_id: DropId) -> list[Correction]:
    """The drops that correct this one, and those that correct these, by number; files that could not be read are none."""
    found: dict[int, Correction] = {}
    frontier: list[int] = [drop_id]
    while frontier and len(found) < _MOST:
        query = select(drops.c.id).where(drops.c.corrects.in_(frontier), drops.c.outcome != DropOutcome.ERROR)
        frontier = [number for number in transaction.execute(query).scalars() if number not in found]
        found |= {one.id: one for one in _read(transaction, frontier)}
    return [found[number] for number in sorted(found)]


def touch_corrected(transaction: Transaction, drop_id: DropId) -> None:
    """The receipts of the drops that this one corrects are to be written anew: each says what has taken its place."""
    touch(transaction, [one.id for one in corrected_by(transaction, drop_id)])


def _read(transaction: Transaction, numbers: Iterable[int]) -> list[Correction]:
    columns = (
        drops.c.id,
        drops.c.name,
        drops.c.stem,
        drops.c.saved_by,
        drops.c.saved_at,
        drops.c.received,
        drops.c.corrects,
    )
    query = select(*columns).where(drops.c.id.in_(list(numbers)))
    return [
        Correction(row.id, row.name, row.stem, Saved(row.saved_by, row.saved_at), row.received, row.corrects)
        for row in transaction.execute(query)
    ]
