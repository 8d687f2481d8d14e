"""A person's decision about rows that may have been declared before a store was restored: declare them, or give them up."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cebd.operations.text import Refused
from cebd.store.across import undecided
from cebd.store.across.undecided import UndecidedRecord
from cebd.store.store import Store


@dataclass(frozen=True)
class Decided:
    """The scope of a decision: numbers of rows and of their messages."""

    rows: int
    messages: int


def rows_to_decide(store_dir: Path, ref: str | None = None) -> list[UndecidedRecord]:
    """The rows that wait for a decision: all, or the rows of a file (number or name), order number, copNo or guid. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return undecided.undecided_records(transaction, ref)


def decide(store_dir: Path, ref: str, reason: str, *, declare: bool) -> Decided:
    """Declare these rows, or give them up; the whole message of a row goes. The daemon may run. `reason` is kept in the journal.

    Rows that customs have answered meanwhile are left alone. Raises StoreError, and Refused where a message cannot be declared as it was.
    """
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        rows = undecided.undecided_records(transaction, ref)
        try:
            change = undecided.release if declare else undecided.give_up
            return Decided(len(rows), change(transaction, rows, reason))
        except undecided.CannotRelease as error:
            raise Refused(error.zh, error.en) from None
