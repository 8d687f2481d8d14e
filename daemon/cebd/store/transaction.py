"""A transaction of the store, as other rooms hold it: they open it (`Store.read`, `Store.write`) and hand it on to functions of the store.

Only the store's modules use it for queries; other rooms just pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import CompileError, DatabaseError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError

Transaction = Connection
TransactionFailed = DatabaseError  # a full disk, a locked or damaged file: the trouble of the store and of nobody else
StoreFault = SQLAlchemyError  # that, and whatever else the store raises
# Of these errors, those caused by the values to be written.
UnfitValues = (CompileError, DataError, IntegrityError, ProgrammingError)

_Value = TypeVar("_Value")


def savepoint(transaction: Transaction) -> AbstractContextManager[object]:
    """A part of a transaction: when its block raises, the block's changes are undone and the rest of the transaction stays."""
    return transaction.begin_nested()


def batches(values: Sequence[_Value], size: int = 500) -> Iterator[Sequence[_Value]]:
    """The values in their order, in chunks: as many as a query may name, or a transaction may change."""
    return (values[start : start + size] for start in range(0, len(values), size))


__all__ = ["StoreFault", "Transaction", "TransactionFailed", "UnfitValues", "batches", "savepoint"]
