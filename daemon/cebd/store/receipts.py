"""Receipts: a row for each document from customs, with its bytes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select, update

from cebd.records.ids import ReceiptId
from cebd.records.states import ReceiptState, SubmissionPhase
from cebd.store.databases.database import insert_if_new
from cebd.store.packing import pack, unpack
from cebd.store.tables import receipts, submissions
from cebd.store.transaction import Transaction, execute_for_each


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A stored receipt. `received`: the time of its arrival, ISO 8601.

    `handed_over`: the last hand-over (an id of `submissions`) before it; 0: there was no hand-over yet, None: unknown.
    `enterprises`: the enterprises of its records; `owed`: those of them that the settings lack, so that it could not be copied out.
    """

    id: ReceiptId
    channel: str
    name: str
    received: str
    type: str | None
    state: ReceiptState
    enterprises: tuple[str, ...]
    owed: tuple[str, ...]
    handed_over: int | None
    packed: bytes

    def content(self) -> bytes:
        """The bytes as they came. Raises zlib.error when they were damaged in the store."""
        return unpack(self.packed)


RECEIPT_COLUMNS = tuple(
    receipts.c[name]
    for name in ("id", "channel", "name", "received", "type", "state", "enterprises", "owed", "handed_over", "content")
)


def stored_receipt(row: Row[Any]) -> StoredReceipt:
    """The receipt of a row that has `RECEIPT_COLUMNS`."""
    return StoredReceipt(
        id=row.id,
        channel=row.channel,
        name=row.name,
        received=row.received,
        type=row.type,
        state=ReceiptState(row.state),
        enterprises=_of_text(row.enterprises),
        owed=_of_text(row.owed) if row.owed else (),
        handed_over=row.handed_over,
        packed=row.content,
    )


def add_receipt(transaction: Transaction, channel: str, name: str, content: bytes, received: str) -> bool:
    """Store a fetched receipt; returns whether it is new: the same bytes from the same channel are stored once."""
    row = {
        "channel": channel,
        "name": name,
        "sha256": sha256(content).hexdigest(),
        "received": received,
        "state": str(ReceiptState.STORED),
        "copied": False,
        "content": pack(content),
    }
    # Read after the fetch: every message that the receipt concerns was handed over by now.
    return insert_if_new(transaction, receipts, row, {"handed_over": _LAST_HAND_OVER})


def receipts_to_apply(transaction: Transaction) -> list[ReceiptId]:
    """Receipts that nobody has read yet, in the order in which they came."""
    query = select(receipts.c.id).where(receipts.c.state == ReceiptState.STORED).order_by(receipts.c.id)
    return list(transaction.execute(query).scalars())


def load_receipts(transaction: Transaction, receipt_ids: Sequence[ReceiptId]) -> list[StoredReceipt]:
    """These receipts with their bytes, in the order in which they came: ask for a few at a time."""
    return [stored_receipt(row) for row in transaction.execute(_RECEIPTS, {"of": list(receipt_ids)})]


def unmatched_receipts(transaction: Transaction, types: Collection[str], limit: int) -> Iterator[StoredReceipt]:
    """The latest receipts of these types that speak of nothing of ours, the last first."""
    query = select(*RECEIPT_COLUMNS).where(
        receipts.c.state == ReceiptState.UNMATCHED, receipts.c.type.in_(sorted(types))
    )
    return map(stored_receipt, transaction.execute(query.order_by(receipts.c.id.desc()).limit(limit)))


class ClosedReceipt(NamedTuple):
    """What became of a receipt. `enterprises`: those of its records; `clock`: its evidence about our clock, as text
    (`cebd.receipts.clock_evidence`)."""

    id: ReceiptId
    state: ReceiptState
    type: str | None = None
    enterprises: Collection[str] = ()
    clock: str | None = None


def close_receipts(transaction: Transaction, closed: Sequence[ClosedReceipt]) -> None:
    """These receipts were read, or cannot be; they are to be copied out (again)."""
    rows = [
        {
            "of": receipt.id,
            "state": str(receipt.state),
            "type": receipt.type,
            "enterprises": _as_text(tuple(sorted(receipt.enterprises))),
            "clock": receipt.clock,
        }
        for receipt in closed
    ]
    execute_for_each(transaction, _CLOSE, rows)


# Copies for people


def receipts_to_copy(transaction: Transaction) -> list[ReceiptId]:
    """Receipts that were read and are not copied out yet, in the order in which they came."""
    query = select(receipts.c.id).where(receipts.c.state != ReceiptState.STORED, receipts.c.copied.is_(False))
    return list(transaction.execute(query.order_by(receipts.c.id)).scalars())


def mark_copied(transaction: Transaction, receipt_id: ReceiptId, owed: Sequence[str]) -> None:
    """The receipt is copied out, but for the enterprises to which a copy is owed."""
    values = {"copied": True, "owed": _as_text(tuple(owed)) if owed else None}
    transaction.execute(update(receipts).where(receipts.c.id == receipt_id).values(**values))


def owed_copies(transaction: Transaction) -> dict[tuple[str, ...], int]:
    """How many receipts are owed to each set of enterprises that any is owed to."""
    query = select(receipts.c.owed, func.count()).where(receipts.c.owed.is_not(None)).group_by(receipts.c.owed)
    return {tuple(json.loads(text)): count for text, count in transaction.execute(query)}


def copy_again(transaction: Transaction, owed: Iterable[Sequence[str]]) -> None:
    """Mark receipts owed to exactly these sets of enterprises to be copied out."""
    texts = [_as_text(tuple(enterprises)) for enterprises in owed]
    transaction.execute(update(receipts).where(receipts.c.owed.in_(texts)).values(copied=False))


@lru_cache  # a station has few enterprises and many receipts
def _as_text(enterprises: tuple[str, ...]) -> str:
    return json.dumps(enterprises, ensure_ascii=False)


@lru_cache
def _of_text(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def latest_clock_evidence(transaction: Transaction, limit: int) -> list[str]:
    """The evidence of the latest receipts about our clock, the last first."""
    query = select(receipts.c.clock).where(receipts.c.clock.is_not(None)).order_by(receipts.c.id.desc()).limit(limit)
    return list(transaction.execute(query).scalars())


_RECEIPTS = select(*RECEIPT_COLUMNS).where(receipts.c.id.in_(bindparam("of", expanding=True))).order_by(receipts.c.id)
_LAST_HAND_OVER = func.coalesce(
    select(submissions.c.id)
    .where(submissions.c.phase == SubmissionPhase.HANDING_OVER)
    .order_by(submissions.c.id.desc())
    .limit(1)
    .scalar_subquery(),
    0,
)
_CLOSE = (
    update(receipts)
    .where(receipts.c.id == bindparam("of"))
    .values(
        state=bindparam("state"),
        type=bindparam("type"),
        enterprises=bindparam("enterprises"),
        clock=func.coalesce(bindparam("clock"), receipts.c.clock),
        copied=False,
        owed=None,
    )
)
