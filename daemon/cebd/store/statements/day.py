"""The files of an enterprise's day, their records, and the other documents of the same purchases, from whichever day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from cebd.records.states import DropState, State
from cebd.store.drops import Drop, drop_of
from cebd.store.tables import drops, records, state_of
from cebd.store.transaction import Transaction, batches

_ROWS_AT_ONCE = 1000


class DayRecord(NamedTuple):
    """A record. `key`, `order_no` and `waybill_no` are joined (`cebd.records.key`); `status`: the latest answer."""

    id: int
    type: str
    key: str
    order_no: str | None
    waybill_no: str | None
    state: State
    status: str | None
    list_number: str | None
    active: bool

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """Of several versions of a document the heaviest speaks for it: the one in force, one that was declared, the latest."""
        return self.active, self.state is not State.REJECTED, self.id


def files_of_day(transaction: Transaction, enterprise: str, day: str) -> list[Drop]:
    """The files that the enterprise dropped on that day (`2026-11-26`), in the order in which they came."""
    query = select(drops).where(
        drops.c.enterprise == enterprise,
        drops.c.received >= day,
        drops.c.received < f"{day}U",  # after every `T...`
        drops.c.state != DropState.WITHDRAWN,
    )
    return [drop_of(row) for row in transaction.execute(query.order_by(drops.c.id)).mappings()]


def records_of_files(transaction: Transaction, files: Sequence[Drop]) -> Iterator[DayRecord]:
    """The records of these files, in the order of their rows."""
    for drop in files:
        query = select(*_columns()).where(records.c.drop_id == drop.id).order_by(records.c.id)
        for rows in transaction.execute(query).partitions(_ROWS_AT_ONCE):
            for row in rows:
                yield _record(row)


def documents(transaction: Transaction, type_: str, name: str, numbers: Sequence[str]) -> dict[str, DayRecord]:
    """By number, the document of that type that has it in the column `name` (`key`, `order_no`, `waybill_no`), whoever declared it here."""
    found: dict[str, DayRecord] = {}
    for batch in batches(numbers):
        query = select(*_columns()).where(
            records.c.type == type_, records.c[name].in_(batch), records.c.state != State.REPEAT
        )
        for row in transaction.execute(query):
            record = _record(row)
            number: str = record._asdict()[name]
            before = found.get(number)
            if before is None or record.weight > before.weight:
                found[number] = record
    return found


def _columns() -> tuple[ColumnElement[Any], ...]:
    names = ("id", "type", "key", "order_no", "waybill_no")
    return (*(records.c[name] for name in names), state_of(), records.c.status, records.c.invt_no, records.c.active)


def _record(row: Sequence[Any]) -> DayRecord:  # Any: each value as its column has it
    id_, type_, key, order_no, waybill_no, state, status, number, active = row
    return DayRecord(id_, type_, key, order_no, waybill_no, State(state), status, number, active)
