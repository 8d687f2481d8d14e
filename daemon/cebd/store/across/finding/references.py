"""What a number or name means that a person has: a file, a message, or records.

| given | found by |
| --- | --- |
| a file's name or number | `drops` |
| a message's guid or CopMsgId | `messages` |
| a record's guid | `records_by_guid` |
| preNo, invtNo; the list that an application names | `records_with_pre_no` … |
| orderNo, logisticsNo of any document that names it | `records_by_order_no`, `records_by_waybill_no`, where it stands first |
| copNo, payTransactionId, logisticsNo as the document's own | `records_by_key`, where it stands first |
| orderNo as an order's own, which stands behind two companies' codes | `records_by_key`, for each pair of companies |

No query reads a table through: each enters an index at what was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, and_, bindparam, func, or_, select

from cebd.messages.description import message_types
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR
from cebd.store.tables import drops, messages, records
from cebd.store.transaction import Transaction

NUMBERS = ("No", "Id")  # so the elements end whose values are numbers, not companies' codes
_MOST_COMPANIES = 500  # pairs of companies' codes in keys of orders; a row with a wrong code makes one, too


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference names, each in the order of its numbers; files are named by the latest first."""

    drop_ids: tuple[DropId, ...] = ()
    message_ids: tuple[MessageId, ...] = ()
    record_ids: tuple[RecordId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.drop_ids or self.message_ids or self.record_ids)


def find(transaction: Transaction, ref: str) -> Found:
    """Everything of that name, number or guid."""
    return Found(
        tuple(drops_named(transaction, ref)),
        tuple(messages_named(transaction, ref)),
        tuple(records_numbered(transaction, ref)),
    )


def drops_named(transaction: Transaction, ref: str) -> list[DropId]:
    """The files of that name, or with that number; the latest first."""
    ids = set(transaction.execute(select(drops.c.id).where(drops.c.name == ref)).scalars())
    if ref.isascii() and ref.isdigit() and len(ref) < 10:
        ids |= set(transaction.execute(select(drops.c.id).where(drops.c.id == int(ref))).scalars())
    return [DropId(number) for number in sorted(ids, reverse=True)]


def messages_named(transaction: Transaction, ref: str) -> list[MessageId]:
    """The messages with that guid or CopMsgId."""
    ids: set[int] = set()
    for column in (messages.c.guid, messages.c.cop_msg_id):
        spellings = {ref, ref.upper(), ref.lower()}
        ids |= set(transaction.execute(select(messages.c.id).where(column.in_(spellings))).scalars())
    return [MessageId(number) for number in sorted(ids)]


def records_numbered(transaction: Transaction, ref: str) -> list[RecordId]:
    """The records with that guid, or with that number in any place where a number stands."""
    guids = {ref, ref.upper(), ref.lower()}
    ids = _ids(transaction, records.c.guid.in_(guids))
    for column in (records.c.pre_no, records.c.invt_no):
        ids |= _ids(transaction, column.is_not(None), column == ref)
    types = types_of_records(transaction)
    of_types = records.c.type.in_(types)
    ids |= _ids(transaction, of_types, records.c.list_no.is_not(None), records.c.list_no == ref)
    for column in (records.c.order_no, records.c.waybill_no):
        ids |= _ids(transaction, of_types, column.is_not(None), _begins(column, ref))
    return [RecordId(number) for number in sorted(ids | _by_key(transaction, types, ref))]


def records_of_order(transaction: Transaction, number: str) -> list[RecordId]:
    """The order of that number, and every document that names it."""
    types = types_of_records(transaction)
    of_types = records.c.type.in_(types)
    ids = _ids(transaction, of_types, records.c.order_no.is_not(None), _begins(records.c.order_no, number))
    orders = [type_ for type_ in types if "orderNo" in message_types()[type_].key]
    return [RecordId(one) for one in sorted(ids | _by_key(transaction, orders, number))]


def records_of_buyer(transaction: Transaction, buyer: bytes) -> list[RecordId]:
    """The records of that buyer (a digest)."""
    of_types = records.c.type.in_(types_of_records(transaction))
    return [RecordId(one) for one in sorted(_ids(transaction, of_types, records.c.buyer == buyer))]


def types_of_records(transaction: Transaction) -> list[str]:
    """The types of which the store has a record."""
    types: list[str] = []
    while (found := transaction.execute(_NEXT_TYPE, {"of": types[-1] if types else ""}).scalar()) is not None:
        types.append(str(found))
    return types


def _by_key(transaction: Transaction, types: Sequence[str], ref: str) -> set[int]:
    """Where it is a number in the document's own key; a company's code in it is none."""
    keys_of = {type_: message_types()[type_].key for type_ in types}
    first = [type_ for type_, names in keys_of.items() if names[0].endswith(NUMBERS)]
    ids = _ids(transaction, records.c.type.in_(first), _begins(records.c.key, ref))
    for type_, names in keys_of.items():
        for position, name in enumerate(names):
            before = list(beginnings(transaction, type_, position)) if position and name.endswith(NUMBERS) else ()
            if before:
                keys = or_(*(_begins(records.c.key, f"{begin}{ref}") for begin in before))
                ids |= _ids(transaction, records.c.type == type_, keys)
    return ids


def beginnings(transaction: Transaction, type_: str, parts: int) -> Iterator[str]:
    """The first parts of the keys of a type, each once, with the separator behind them."""
    after = ""
    for _ in range(_MOST_COMPANIES):
        key = transaction.execute(_NEXT_KEY, {"type": type_, "after": after}).scalar()
        if key is None:
            return
        begin = KEY_SEPARATOR.join(str(key).split(KEY_SEPARATOR)[:parts])
        yield f"{begin}{KEY_SEPARATOR}"
        after = f"{begin}{AFTER_SEPARATOR}"


def _begins(column: Column[str] | Column[str | None], text: str) -> ColumnElement[bool]:
    """It is that text, or goes on behind it with a separator: one range of an index."""
    whole = or_(column == text, column >= f"{text}{KEY_SEPARATOR}")
    return and_(column >= text, column < f"{text}{AFTER_SEPARATOR}", whole)


def _ids(transaction: Transaction, *where: ColumnElement[bool]) -> set[int]:
    return set(transaction.execute(select(records.c.id).where(*where)).scalars())


_NEXT_TYPE = select(func.min(records.c.type)).where(records.c.type > bindparam("of"))
_NEXT_KEY = select(func.min(records.c.key)).where(
    records.c.type == bindparam("type"), records.c.key > bindparam("after")
)
