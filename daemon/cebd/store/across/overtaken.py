"""What others declared while a file was converted that read the store as it was a while ago (`docs/decisions/beside-the-store.md`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, or_, select

from cebd.records.ids import DropId, RecordId
from cebd.store.tables import records
from cebd.store.transaction import Transaction

# By these, declarations are held against each other one by one; each is indexed with the type.
_NUMBERS = ("key", "order_no", "waybill_no", "list_no")


def last_record_id(transaction: Transaction) -> RecordId:
    """The number of the latest record."""
    return RecordId(transaction.execute(select(func.max(records.c.id))).scalar() or 0)


def any_declared_since(transaction: Transaction, drop_id: DropId, type_: str, after: RecordId) -> bool:
    """Whether another drop has a record after that one with a key or number of a record of this drop, whose records are of that type."""
    return bool(transaction.execute(_ANY, _values(drop_id, type_, after)).scalar())


def buyers_since(transaction: Transaction, drop_id: DropId, type_: str, after: RecordId) -> list[bytes]:
    """The buyers of this drop of whom other drops have records of that type after that one."""
    return list(transaction.execute(_BUYERS, _values(drop_id, type_, after)).scalars())


def _values(drop_id: DropId, type_: str, after: RecordId) -> dict[str, object]:
    return {"drop_id": drop_id, "type": type_, "after": after}


_other, _mine = records.alias("other"), records.alias("mine")
_first_of_mine = (
    select(records.c.id)
    .where(records.c.drop_id == bindparam("drop_id"))
    .order_by(records.c.id)
    .limit(1)
    .scalar_subquery()
)
# The drop was brought in just now: what is newer than its first record is its own.
_IS_SINCE = (_other.c.id > bindparam("after"), _other.c.id < _first_of_mine)


def _has_mine_with(name: str) -> ColumnElement[bool]:
    return exists().where(
        _mine.c.type == bindparam("type"), _mine.c[name] == _other.c[name], _mine.c.drop_id == bindparam("drop_id")
    )


_ANY: Select[Any] = (
    select(literal_column("1")).where(*_IS_SINCE, or_(*(_has_mine_with(name) for name in _NUMBERS))).limit(1)
)
_BUYERS = (
    select(_other.c.buyer).where(*_IS_SINCE, _other.c.type == bindparam("type"), _has_mine_with("buyer")).distinct()
)
