"""What is removed of old declarations: bytes and words. What later declarations are held against stays (`docs/decisions/retention.md`).

| stays | because |
| --- | --- |
| the row of a file, with its SHA-256 and those of its receipts | the same file, or a receipt, dropped again is known |
| the rows of records: keys, numbers, digests, states | no number is declared twice, no change or deletion goes astray |
| the rows of messages and receipts, with their SHA-256 | a receipt that comes again is known, a number is used once |
| of messages amounts, codes, digests of texts (`removed_messages.py`) | later documents are held against them, and receipts matched |
| of the answers those that decided, and releases | a late answer of a lower rank undoes nothing |

A file goes with all that refer to it, or not at all: rows that repeat, or edit, a record of another file show that record's state.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update

from cebd.customs.statuses import RELEASED, rests
from cebd.records.ids import DropId, ReceiptId
from cebd.records.states import FINAL, DropOutcome, DropState, ReceiptState, State
from cebd.store.across.finding.groups import groups_of_records
from cebd.store.across.removed_messages import let_go_of_messages, removed_text
from cebd.store.beside.tables import files_to_remove, signatures_given
from cebd.store.console.tables import drafts, imports
from cebd.store.packing import pack
from cebd.store.tables import drops, history, messages, published_books, receipts, records
from cebd.store.transaction import Transaction, batches, execute_for_each


class OldFile(NamedTuple):
    """A file that may go. `place`: where it lies, relative to the enterprise's folder; `books`: SHA-256 of its receipt workbooks."""

    id: DropId
    enterprise: str
    stem: str
    place: str
    sha256: str
    received: str
    books: tuple[str, ...]


class OldReceipt(NamedTuple):
    """A receipt of customs of which no other file needs a word; `size`: of its packed bytes."""

    id: ReceiptId
    name: str
    sha256: str
    received: str
    enterprises: tuple[str, ...]
    size: int


class Stored(NamedTuple):
    """What the store keeps of a file and lets go: messages and their packed bytes, and answers that decide nothing."""

    messages: int = 0
    size: int = 0
    answers: int = 0


class FileToRemove(NamedTuple):
    """A file on the disk; `path` is relative to the enterprise's folder. `digests`: SHA-256 of what we know to be ours or the operator's
    own file as it was taken; empty where nobody works in such a file."""

    enterprise: str
    path: str
    digests: tuple[str, ...]


# Which


def old_files(transaction: Transaction, before: str, enterprises: Collection[str]) -> list[OldFile]:
    """The files of these enterprises of which all is final, and has been since before that time (ISO 8601); the earliest first."""
    aside = select(published_books.c.drop_id).where(published_books.c.aside)
    is_old = and_(
        drops.c.received < before,
        func.coalesce(drops.c.published_at, drops.c.received) < before,
        drops.c.state == DropState.FILED,
        drops.c.outcome != DropOutcome.HOLD,  # a person decides about it
        drops.c.changed <= drops.c.published,
        or_(
            drops.c.removed.is_(None), drops.c.published_at > drops.c.removed
        ),  # written anew since: a late answer came
        drops.c.enterprise.in_(enterprises),
        drops.c.id.not_in(aside),
    )
    columns = ("id", "enterprise", "stem", "place", "sha256", "received")
    books = select(published_books.c.digests).where(published_books.c.drop_id == drops.c.id).scalar_subquery()
    rows = transaction.execute(select(*(drops.c[name] for name in columns), books).where(is_old)).all()
    old = {row.id for row in rows} - _under_way(transaction)
    removed = set(transaction.execute(select(drops.c.id).where(drops.c.removed.is_not(None))).scalars())
    staying = _connected_with_others(_references(transaction), old | removed)
    chosen = [OldFile(*row[:6], tuple(json.loads(row[6] or "[]"))) for row in rows if row.id in old - staying]
    return sorted(chosen, key=lambda file: (file.received, file.id))


def _under_way(transaction: Transaction) -> set[int]:
    """The files with a record that is not final."""
    found: set[int] = set()
    for group in groups_of_records(transaction):
        at_rest = group.state is State.ACKNOWLEDGED and rests(group.type, group.status or "")
        if group.state not in FINAL | {State.REPEAT} and not at_rest:
            found |= set(transaction.execute(select(records.c.drop_id).where(group.is_of()).distinct()).scalars())
    return found


def _references(transaction: Transaction) -> set[tuple[int, int]]:
    """Pairs of files of which the first has a row that repeats, or edits, a record of the second, or is the second again, or
    corrects it."""
    earlier = records.alias("earlier")
    pairs: set[tuple[int, int]] = set()
    for named in (records.c.repeat_of, records.c.edit_of):
        query = select(records.c.drop_id, earlier.c.drop_id).join(earlier, earlier.c.id == named)
        pairs |= {(own, other) for own, other in transaction.execute(query.where(named.is_not(None)).distinct())}
    for named in (drops.c.repeat_of, drops.c.corrects):
        query = select(drops.c.id, named).where(named.is_not(None))
        pairs |= {(own, other) for own, other in transaction.execute(query)}
    return pairs


def _connected_with_others(pairs: Iterable[tuple[int, int]], old: Collection[int]) -> set[int]:
    """The files that hang together, in whatever direction and over however many others, with one that is not old."""
    neighbours: dict[int, set[int]] = {}
    for own, other in pairs:
        neighbours.setdefault(own, set()).add(other)
        neighbours.setdefault(other, set()).add(own)
    reached = {drop_id for drop_id in neighbours if drop_id not in old}
    border = list(reached)
    while border:
        new = neighbours[border.pop()] - reached
        reached |= new
        border += new
    return reached


def old_receipts(transaction: Transaction, before: str, going: Collection[DropId]) -> list[OldReceipt]:
    """The receipts that came before that time and speak of nothing but these files, or files that went before."""
    is_old = and_(
        receipts.c.received < before,
        receipts.c.state == ReceiptState.APPLIED,
        receipts.c.copied,
        receipts.c.owed.is_(None),
        receipts.c.removed.is_(None),
    )
    columns = ("id", "name", "sha256", "received", "enterprises")
    query = select(*(receipts.c[name] for name in columns), func.length(receipts.c.content)).where(is_old)
    rows = transaction.execute(query.order_by(receipts.c.id)).all()
    if not rows:
        return []
    of_files = (
        select(history.c.receipt_id, records.c.drop_id)
        .join(records, records.c.id == history.c.record_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .where(history.c.receipt_id <= rows[-1].id, drops.c.removed.is_(None))
        .distinct()
    )
    gone = set(going)
    needed = {receipt_id for receipt_id, drop_id in transaction.execute(of_files) if drop_id not in gone}
    return [OldReceipt(*row[:4], tuple(json.loads(row.enterprises)), row[5]) for row in rows if row.id not in needed]


def stored_of(transaction: Transaction, drop_ids: Sequence[DropId]) -> dict[DropId, Stored]:
    """What the store would let go of each of these files."""
    found: dict[DropId, Stored] = {}
    size = func.sum(func.length(messages.c.body) + func.coalesce(func.length(messages.c.signature), 0))
    for batch in batches(drop_ids):
        of_batch = select(messages.c.drop_id, func.count(), size).where(messages.c.drop_id.in_(batch))
        for drop_id, number, held in transaction.execute(of_batch.group_by(messages.c.drop_id)):
            found[drop_id] = Stored(number, held)
        answers = (
            select(records.c.drop_id, func.count())
            .join(history, history.c.record_id == records.c.id)
            .where(records.c.drop_id.in_(batch), _decides_nothing())
        )
        for drop_id, number in transaction.execute(answers.group_by(records.c.drop_id)):
            found[drop_id] = found.get(drop_id, Stored())._replace(answers=number)
    return found


def _decides_nothing() -> ColumnElement[bool]:
    """An answer that is neither the latest word of its record nor a release. The last row of all stays: a number is used once."""
    decided = select(records.c.status).where(records.c.id == history.c.record_id).correlate(history).scalar_subquery()
    last = select(func.max(history.c.id)).scalar_subquery()
    # Later applications count their days from a release.
    return and_(history.c.status.is_distinct_from(decided), history.c.status.not_in(RELEASED), history.c.id < last)


def old_signatures(transaction: Transaction, before: str) -> dict[str, int]:
    """How many signatures were given to others before that time, by month (2023-11)."""
    month = func.substr(signatures_given.c.time, 1, 7)
    query = select(month, func.count()).where(signatures_given.c.time < before).group_by(month)
    return {str(name): int(number) for name, number in transaction.execute(query)}


def removed_at(transaction: Transaction, drop_id: DropId) -> str | None:
    """When the bytes of that file's declarations were removed (ISO 8601); None where they are there."""
    removed: str | None = transaction.execute(select(drops.c.removed).where(drops.c.id == drop_id)).scalar()
    return removed


# Removing


def let_go(
    transaction: Transaction,
    files: Sequence[OldFile],
    old: Sequence[OldReceipt],
    on_the_disk: Sequence[FileToRemove],
    now: str,
) -> None:
    """Remove the bytes and words of these, and note which files on the disk are to follow. `now`: ISO 8601."""
    day = now[:10]
    for batch in batches([file.id for file in files], 50):
        let_go_of_messages(transaction, batch, now)
        of_batch = records.c.drop_id.in_(batch)
        own = select(records.c.id).where(of_batch)
        transaction.execute(delete(history).where(history.c.record_id.in_(own), _decides_nothing()))
        said = or_(records.c.problems.is_not(None), records.c.edits.is_not(None))
        transaction.execute(update(records).where(of_batch, said).values(problems=None, edits=None))
        gone = {"removed": now, "problems": "[]", "field_columns": None}
        transaction.execute(update(drops).where(drops.c.id.in_(batch)).values(**gone))
        _let_go_of_what_was_entered(transaction, batch)
    contents = [
        {"of": receipt.id, "content": pack(f"{removed_text(day, receipt.sha256)}\n".encode()), "removed": now}
        for receipt in old
    ]
    execute_for_each(transaction, update(receipts).where(receipts.c.id == bindparam("of")), contents)
    rows = [{"enterprise": e, "path": path, "digests": json.dumps(digests)} for e, path, digests in on_the_disk]
    execute_for_each(transaction, insert(files_to_remove).prefix_with("OR REPLACE", dialect="sqlite"), rows)


def _let_go_of_what_was_entered(transaction: Transaction, drop_ids: Sequence[DropId]) -> None:
    """The drafts that became these files, and what was said of those that were brought in on a page."""
    for table, when in ((drafts, drafts.c.changed), (imports, imports.c.declared)):
        is_it = (drops.c.enterprise == table.c.enterprise) & (drops.c.name == table.c.file) & (when <= drops.c.received)
        became = select(drops.c.id).where(drops.c.id.in_(drop_ids), is_it)
        transaction.execute(delete(table).where(became.exists()))


def forget_signatures(transaction: Transaction, before: str) -> None:
    """Remove what was noted of signatures given to others before that time."""
    transaction.execute(delete(signatures_given).where(signatures_given.c.time < before))


def pending_files(transaction: Transaction) -> list[FileToRemove]:
    """The files that are to be removed from the disk still."""
    query = select(files_to_remove).order_by(files_to_remove.c.enterprise, files_to_remove.c.path)
    return [
        FileToRemove(row.enterprise, row.path, tuple(json.loads(row.digests))) for row in transaction.execute(query)
    ]


def forget_files(transaction: Transaction, files: Iterable[FileToRemove]) -> None:
    """They are gone, or are a person's."""
    own = (files_to_remove.c.enterprise == bindparam("e")) & (files_to_remove.c.path == bindparam("p"))
    rows: list[Mapping[str, object]] = [{"e": file.enterprise, "p": file.path} for file in files]
    if rows:
        transaction.execute(delete(files_to_remove).where(own), rows)
