"""A transaction of the store, as other rooms hold it: they open it (`Store.read`, `Store.write`) and hand it on to functions of the store.

Only the store's modules use it for queries; other rooms just pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection, UpdateBase
from sqlalchemy.exc import CompileError, DatabaseError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler

Transaction = Connection
TransactionFailed = DatabaseError  # a full disk, a locked or damaged file: the trouble of the store and of nobody else
StoreFault = SQLAlchemyError  # that, and whatever else the store raises
# Of these errors, those caused by the values to be written.
UnfitValues = (CompileError, DataError, IntegrityError, ProgrammingError)

_Value = TypeVar("_Value")


def savepoint(transaction: Transaction) -> AbstractContextManager[object]:
    """A part of a transaction: when its block raises, the block's changes are undone and the rest of the transaction stays."""
    return transaction.begin_nested()


def execute_for_each(transaction: Transaction, statement: UpdateBase, rows: Sequence[Mapping[str, object]]) -> None:
    """Execute the statement once for each row of values; all rows have the names of the first, and text, numbers and truth alone.

    The driver gets them as they are: SQLAlchemy's own way takes longer for a row than the database does.
    """
    if not rows:
        return
    compiled = statement.compile(dialect=transaction.dialect, column_keys=list(rows[0]))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101  of a statement it is
    same = {name: value for name, value in compiled.params.items() if name not in rows[0]}
    named = [{**same, **row} for row in rows]
    names = compiled.positiontup  # None: the driver takes values by name
    values = named if names is None else [tuple(map(row.__getitem__, names)) for row in named]
    transaction.exec_driver_sql(str(compiled), values)


def batches(values: Sequence[_Value], size: int = 500) -> Iterator[Sequence[_Value]]:
    """The values in their order, in chunks: as many as a query may name, or a transaction may change."""
    return (values[start : start + size] for start in range(0, len(values), size))


__all__ = ["StoreFault", "Transaction", "TransactionFailed", "UnfitValues", "batches", "execute_for_each", "savepoint"]
