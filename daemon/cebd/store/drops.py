"""Drops: a row for each file taken out of an inbox, written before the file moves and kept for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, and_, delete, func, insert, or_, select, update

from cebd.file_names import kind_folder, path_from_text, same_on_disk
from cebd.problems.problem import Problem, stored_text
from cebd.records.ids import DropId
from cebd.records.saved import Saved
from cebd.records.states import HELD_BACK, DropOutcome, DropState
from cebd.store.messages import touch
from cebd.store.tables import IS_OPEN, drops, records
from cebd.store.transaction import Transaction

FieldColumns = Mapping[str, Mapping[str, str]]  # by sheet: the letters of the column of `head.orderNo`, `line.qty`


@dataclass(frozen=True, slots=True)
class Drop:
    """A file that was taken. Paths are relative to the enterprise's folder, as `cebd.file_names.path_as_text` gives them.

    `stem`: where its receipts lie in the outbox, without endings: `2026-11-26/orders`, or `orders` without days
    (`cebd.receipts.publishing.places`). `source`: its place in the inbox; `place`: its place by its state; `working`: its place in
    `working/`, None in rows of earlier versions (see `working_place`). `records`: the number of records read, None until it is converted.
    `problems`: of the whole file. `saved`: who saved it last; `corrects`: the drop whose receipt it is (`cebd.store.corrections`).
    `changed` counts the changes that its receipt must show; `published` the changes that it shows. `inode`: `DEVICE:NUMBER` of the file
    claimed; a rename keeps it. Times are ISO 8601.
    """

    id: DropId
    enterprise: str
    name: str
    stem: str
    sha256: str
    received: str
    state: DropState
    outcome: DropOutcome | None
    source: str
    place: str
    type: str | None
    records: int | None
    repeat_of: DropId | None
    problems: tuple[Problem, ...]
    changed: int
    published: int
    published_at: str | None
    working: str | None
    inode: str | None
    saved: Saved
    corrects: DropId | None

    @property
    def working_place(self) -> str:
        """Where the file is while it is ours; by number and name in rows of earlier versions."""
        return self.working or f"working/{self.id:06d}-{self.name}"

    @property
    def inbox_folder(self) -> str | None:
        """The subfolder of the inbox that the file came from, which may name its mapping; None for the inbox itself."""
        return kind_folder(PurePath(*path_from_text(self.source).parts[1:]))


class UnfinishedClaim(NamedTuple):
    """A claim whose file may still be in the inbox, at `source`; `place` is its new place, in `working/`."""

    id: DropId
    source: str
    place: str


def drop_of(row: RowMapping) -> Drop:
    """The value of a whole row of `drops`, for the store's other modules."""
    outcome, repeat_of, corrects = row["outcome"], row["repeat_of"], row["corrects"]
    return Drop(
        id=DropId(row["id"]),
        enterprise=row["enterprise"],
        name=row["name"],
        stem=row["stem"],
        sha256=row["sha256"],
        received=row["received"],
        state=DropState(row["state"]),
        outcome=None if outcome is None else DropOutcome(outcome),
        source=row["source"],
        place=row["place"],
        type=row["type"],
        records=row["records"],
        repeat_of=None if repeat_of is None else DropId(repeat_of),
        problems=tuple(Problem.from_json(values) for values in json.loads(row["problems"])),
        changed=row["changed"],
        published=row["published"],
        published_at=row["published_at"],
        working=row["working"],
        inode=row["inode"],
        saved=Saved(row["saved_by"], row["saved_at"]),
        corrects=None if corrects is None else DropId(corrects),
    )


# Asking


def columns_of_drop(transaction: Transaction, drop_id: DropId) -> FieldColumns:
    """Where the fields stand in the drop's workbook; empty for a message."""
    text = transaction.execute(select(drops.c.field_columns).where(drops.c.id == drop_id)).scalar()
    found: FieldColumns = json.loads(text) if text else {}
    return found


def load_drop(transaction: Transaction, drop_id: DropId) -> Drop:
    """The drop of that number. Raises NoResultFound: numbers come from the store itself."""
    return drop_of(transaction.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())


def open_drops(transaction: Transaction) -> list[Drop]:
    """The drops that are being claimed, worked on or put away, in the order of their numbers."""
    query = select(drops).where(IS_OPEN).order_by(drops.c.id)
    return [drop_of(row) for row in transaction.execute(query).mappings()]


def last_drop_id(transaction: Transaction) -> int:
    """The id of the latest drop; 0 if there are no drops."""
    return int(transaction.execute(select(func.max(drops.c.id))).scalar() or 0)


def unfinished_claims(transaction: Transaction, enterprise: str) -> list[UnfinishedClaim]:
    """The enterprise's claims whose file may still be in the inbox, in the order of their ids."""
    query = (
        select(drops.c.id, drops.c.source, drops.c.place)
        .where(IS_OPEN, drops.c.state == DropState.CLAIMING, drops.c.enterprise == enterprise)
        .order_by(drops.c.id)
    )
    return [UnfinishedClaim(DropId(row.id), row.source, row.place) for row in transaction.execute(query)]


def is_being_claimed(transaction: Transaction, drop_id: DropId) -> bool:
    """Whether the claim has not come to its end."""
    return transaction.execute(select(drops.c.state).where(drops.c.id == drop_id)).scalar() == DropState.CLAIMING


def stems_taken(transaction: Transaction, enterprise: str, stem: str) -> set[str]:
    """The enterprise's outbox stems that begin with this stem, as disks compare names: a new stem must differ from them."""
    begin = same_on_disk(stem)[:40]
    near = or_(
        drops.c.stem_key.between(begin, begin + chr(0x10FFFF)),
        and_(drops.c.stem_key.is_(None), drops.c.stem.startswith(stem, autoescape=True)),  # of an earlier version
    )
    query = select(drops.c.stem).where(drops.c.enterprise == enterprise, near)
    return {same_on_disk(taken) for taken in transaction.execute(query).scalars()}


def drop_of_same_content(
    transaction: Transaction, enterprise: str, sha256: str, drop_id: DropId, *, only_earlier: bool
) -> DropId | None:
    """The first drop beside `drop_id` that has the same bytes and had records accepted; None if there is no such drop."""
    declared = select(records.c.drop_id).where(records.c.drop_id == drops.c.id, records.c.state.not_in(HELD_BACK))
    query = (
        select(drops.c.id)
        .where(
            drops.c.enterprise == enterprise,
            drops.c.sha256 == sha256,
            drops.c.id < drop_id if only_earlier else drops.c.id != drop_id,
            drops.c.repeat_of.is_(None),
            drops.c.state != DropState.WITHDRAWN,
            declared.exists(),
        )
        .order_by(drops.c.id)
        .limit(1)
    )
    number = transaction.execute(query).scalar()
    return None if number is None else DropId(number)


def had_records_accepted(transaction: Transaction, drop_id: DropId) -> bool:
    """Whether any of its records was declared, or is one that was declared before."""
    accepted = (records.c.drop_id == drop_id) & records.c.state.not_in(HELD_BACK)
    return transaction.execute(select(records.c.id).where(accepted).limit(1)).first() is not None


# Claiming and filing, in this order


def add_drop(
    transaction: Transaction,
    *,
    enterprise: str,
    name: str,
    stem: str,
    sha256: str,
    received: str,
    source: str,
    state: DropState = DropState.CLAIMING,
    outcome: DropOutcome | None = None,
    place: str = "",
) -> DropId:
    """Add the row of a file about to be claimed, or, with state, outcome and place, of a file already filed."""
    added = insert(drops).values(
        enterprise=enterprise,
        name=name,
        stem=stem,
        stem_key=same_on_disk(stem),
        sha256=sha256,
        received=received,
        state=state,
        outcome=outcome,
        source=source,
        place=place,
    )
    return DropId(transaction.execute(added.returning(drops.c.id)).scalar_one())


def refuse_drop(transaction: Transaction, drop_id: DropId, reason: Problem) -> None:
    """Nothing of the file is to be declared, for this reason."""
    _set(transaction, drop_id, outcome=DropOutcome.ERROR, problems=stored_text([reason]), records=0)


def set_working_place(transaction: Transaction, drop_id: DropId, place: str, inode: str | None = None) -> None:
    """Where the claimed file goes in `working/`, before it goes there; and which file it is, where that is new."""
    _set(transaction, drop_id, place=place, working=place, **({} if inode is None else {"inode": inode}))


def finish_claiming(transaction: Transaction, drop_id: DropId, sha256: str, repeat_of: DropId | None) -> None:
    """Record that the file is in `working/`, with its digest; does nothing if another thread recorded it meanwhile."""
    claimed = update(drops).where(drops.c.id == drop_id, drops.c.state == DropState.CLAIMING)
    state = DropState.CLAIMED
    transaction.execute(claimed.values(state=state, sha256=sha256, repeat_of=repeat_of, working=drops.c.place))


def forget_claim(transaction: Transaction, drop_id: DropId) -> None:
    """The file is still in the inbox and cannot be moved: its row goes, and it can be claimed anew."""
    transaction.execute(delete(drops).where(drops.c.id == drop_id, drops.c.state == DropState.CLAIMING))


def withdraw_drop(transaction: Transaction, drop_id: DropId) -> None:
    """The file went away before it was ours."""
    _set(transaction, drop_id, state=DropState.WITHDRAWN)


def begin_filing(transaction: Transaction, drop_id: DropId, outcome: DropOutcome, place: str) -> None:
    """Where the worked file goes, before it goes there."""
    _set(transaction, drop_id, state=DropState.FILING, outcome=outcome, place=place)


def finish_filing(transaction: Transaction, drop_id: DropId) -> None:
    """The file is where its row says."""
    _set(transaction, drop_id, state=DropState.FILED)


def note_columns(transaction: Transaction, drop_id: DropId, columns: FieldColumns) -> None:
    """Where the fields stand in the drop's workbook: what is said later of a field finds its cell."""
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(field_columns=json.dumps(columns)))


def set_outcome(
    transaction: Transaction,
    drop_id: DropId,
    outcome: DropOutcome,
    type_: str | None,
    problems: Iterable[Problem],
    records_read: int,
) -> None:
    """Store the result of the conversion; the receipt must be written anew."""
    _set(transaction, drop_id, outcome=outcome, type=type_, problems=stored_text(problems), records=records_read)
    touch(transaction, [drop_id])


# A file that changed after it was taken


def hold_drop(transaction: Transaction, drop_id: DropId, problems: Iterable[Problem]) -> None:
    """The file goes to `hold/`, with these problems, which its receipt names."""
    _set(transaction, drop_id, outcome=DropOutcome.HOLD, problems=stored_text(problems))
    touch(transaction, [drop_id])


def _set(transaction: Transaction, drop_id: DropId, **values: Any) -> None:  # columns of the table
    transaction.execute(update(drops).where(drops.c.id == drop_id).values(values))


__all__ = [
    "Drop",
    "UnfinishedClaim",
    "add_drop",
    "begin_filing",
    "drop_of",
    "drop_of_same_content",
    "finish_claiming",
    "finish_filing",
    "forget_claim",
    "had_records_accepted",
    "hold_drop",
    "is_being_claimed",
    "last_drop_id",
    "load_drop",
    "open_drops",
    "refuse_drop",
    "set_outcome",
    "set_working_place",
    "stems_taken",
    "unfinished_claims",
    "withdraw_drop",
]
