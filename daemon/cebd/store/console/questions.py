"""What the console asks of drops, records and receipts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import ColumnElement, CompoundSelect, Row, Select, bindparam, func, or_, select, union

from cebd.messages.description import declarations, message_types
from cebd.messages.relations import cancelling, returning
from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, ReceiptId, RecordId
from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR, bare_number, parts_of
from cebd.records.states import DropState, MessageState, State
from cebd.store.across.finding.groups import Group, groups_of_records
from cebd.store.across.finding.listings import records_of_messages
from cebd.store.across.finding.pages import Filter, Place, count_up_to, is_unresolved, record_places
from cebd.store.across.finding.references import NUMBERS, find
from cebd.store.drops import Drop, drop_of
from cebd.store.receipts import StoredReceipt, stored_receipt
from cebd.store.tables import drops, history, messages, receipts, records, state_of
from cebd.store.transaction import Transaction, batches

_WAYBILL = "logisticsNo"
_NO_NUMBER = "\x00"


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record as lists show it. `key`: its business key by element; `order_no`, `waybill_no`: without who gave them."""

    id: RecordId
    drop_id: DropId
    message_id: MessageId | None
    enterprise: str
    type: str
    guid: str
    key: dict[str, str]
    state: State
    status: str | None
    info: str | None
    time: str | None
    pre_no: str | None
    invt_no: str | None
    order_no: str | None
    waybill_no: str | None
    app_type: str | None
    buyer: bytes | None
    file: str
    received: str
    active: bool
    problems: tuple[Problem, ...]

    @property
    def number(self) -> str:
        """The numbers by which people know it; the codes of companies, which stand in its key too, are left out."""
        return " ".join(value for name, value in self.key.items() if name.endswith(NUMBERS)) or self.guid


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Records, the latest first. `before`: where the next page begins; None: this is the last."""

    records: Sequence[FoundRecord]
    before: Place | None


def list_records(
    transaction: Transaction, states: Collection[State], wanted: Filter, limit: int, before: Place | None = None
) -> FoundPage:
    """The records in any of these states (none: in whatever state) that fit, at most `limit`."""
    groups = groups_of_records(transaction)
    places = {
        place
        for state in (*states,) or (None,)
        for place in record_places(transaction, replace(wanted, state=state), limit + 1, before, groups)
    }
    in_order = sorted(places, reverse=True)
    shown = in_order[:limit]
    more = shown[-1] if len(in_order) > limit else None
    return FoundPage(_records(transaction, [place.record_id for place in shown]), more)


def count_records(transaction: Transaction, states: Collection[State], wanted: Filter, at_most: int) -> int:
    """How many records in any of these states (none: in whatever state) fit; not more than so many are counted."""
    count, groups = 0, groups_of_records(transaction)
    for state in (*states,) or (None,):
        count += count_up_to(transaction, replace(wanted, state=state), at_most - count, groups)
        if count >= at_most:
            break
    return count


def messages_waiting_because(transaction: Transaction, problem: str) -> list[MessageId]:
    """The messages that wait for this reason (its id)."""
    says_so = messages.c.waiting.contains(f'"{problem}"', autoescape=True)
    query = select(messages.c.id).where(messages.c.waiting.is_not(None), says_so)
    return [MessageId(number) for number in transaction.execute(query.order_by(messages.c.id)).scalars()]


def records_of_messages_in(transaction: Transaction, message_ids: Sequence[MessageId], limit: int) -> list[FoundRecord]:
    """The records of these messages, the latest first."""
    found: list[FoundRecord] = []
    for batch in batches(message_ids):
        query = _found().where(records.c.message_id.in_(batch)).order_by(records.c.id.desc()).limit(limit)
        found += [_record(row) for row in transaction.execute(query)]
    return found[:limit]


def records_of_file(transaction: Transaction, drop_id: DropId, limit: int) -> list[FoundRecord]:
    """The records of a file, the first first."""
    query = _found().where(records.c.drop_id == drop_id).order_by(records.c.id).limit(limit)
    return [_record(row) for row in transaction.execute(query)]


def record_numbered(transaction: Transaction, number: int) -> FoundRecord | None:
    """The record of that number."""
    row = transaction.execute(_found().where(records.c.id == number)).first()
    return None if row is None else _record(row)


def find_records(transaction: Transaction, text: str, limit: int) -> list[FoundRecord]:
    """The records of an order number, waybill, copNo or other number of their own, guid, preNo, invtNo, message guid or CopMsgId; the
    latest first."""
    found = find(transaction, text)
    numbers = {*found.record_ids, *records_of_messages(transaction, found.message_ids)}
    return _records(transaction, sorted(numbers, reverse=True)[:limit])


def family_of(transaction: Transaction, record: FoundRecord, limit: int) -> list[FoundRecord]:
    """The other records of its order, waybill and list, the earliest first."""
    waybill = record.waybill_no or record.key.get(_WAYBILL)
    given = {"order": record.order_no, "waybill": waybill, "list": record.invt_no}
    bound: dict[str, object] = {}
    for name, number in given.items():
        text = number or _NO_NUMBER
        bound |= {name: text, f"{name}_parted": f"{text}{KEY_SEPARATOR}", f"{name}_end": f"{text}{AFTER_SEPARATOR}"}
    numbers = {RecordId(one) for one in transaction.execute(_family(), bound).scalars()} - {record.id}
    return _records(transaction, sorted(numbers, reverse=True)[:limit])[::-1]


@cache
def _family() -> CompoundSelect[int]:
    """Each number by an index of its own. Built once: it is asked for each page of a record."""
    declared = [message.code for message in (*declarations(), *declarations(export=True))]
    of_waybills = [code for code in declared if message_types()[code].key[0] == _WAYBILL]

    def begins(column: ColumnElement[str | None], name: str, types: Sequence[str]) -> Select[int]:
        whole = or_(column == bindparam(name), column >= bindparam(f"{name}_parted"))
        span = (column >= bindparam(name), column < bindparam(f"{name}_end"), whole)
        return select(records.c.id).where(records.c.type.in_(types), column.is_not(None), *span)

    return union(
        begins(records.c.order_no, "order", declared),
        begins(records.c.waybill_no, "waybill", declared),
        begins(records.c.key, "waybill", of_waybills),
        select(records.c.id).where(records.c.invt_no.is_not(None), records.c.invt_no == bindparam("list")),
        begins(records.c.list_no, "list", declared),
    )


def latest_version_of(transaction: Transaction, record: FoundRecord) -> RecordId | None:
    """The record that holds its key now; None where that is itself, or none does."""
    if record.active:
        return None
    own = (records.c.enterprise == record.enterprise, records.c.type == record.type)
    holds = (*own, records.c.key == KEY_SEPARATOR.join(record.key.values()), records.c.active)
    found = transaction.execute(select(records.c.id).where(*holds)).scalar()
    return None if found is None or found == record.id else RecordId(found)


def applications_about(transaction: Transaction, list_number: str) -> list[FoundRecord]:
    """The applications about the list that customs gave this number, to cancel it or to return its goods; the latest first."""
    types = sorted({*cancelling(), *returning()})
    about = (records.c.type.in_(types), records.c.list_no.is_not(None), records.c.list_no == list_number)
    ids = transaction.execute(select(records.c.id).where(*about)).scalars()
    return _records(transaction, [RecordId(number) for number in ids])


def find_drops(transaction: Transaction, text: str, limit: int) -> list[Drop]:
    """The drops of that number, or whose file's name has the text, the latest first."""
    wanted: ColumnElement[bool] = drops.c.name.contains(text, autoescape=True)
    if text.isdecimal() and len(text) < 10:
        wanted = or_(wanted, drops.c.id == int(text))
    query = select(drops).where(wanted).order_by(drops.c.id.desc()).limit(limit)
    return [drop_of(row) for row in transaction.execute(query).mappings()]


def drop_numbered(transaction: Transaction, number: int) -> Drop | None:
    """The drop of that number."""
    row = transaction.execute(select(drops).where(drops.c.id == number)).mappings().first()
    return None if row is None else drop_of(row)


def drop_of_file(transaction: Transaction, enterprise: str, name: str) -> Drop | None:
    """The latest drop of that enterprise and name; a file that went away before it was taken became none."""
    is_it = (drops.c.enterprise == enterprise) & (drops.c.name == name) & (drops.c.state != DropState.WITHDRAWN)
    query = select(drops).where(is_it)
    row = transaction.execute(query.order_by(drops.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else drop_of(row)


def counts_by_group(transaction: Transaction) -> dict[Group, int]:
    """How many records each group of like ones has."""
    count = select(func.count()).select_from(records)
    return {
        group: transaction.execute(count.where(group.is_of())).scalar_one() for group in groups_of_records(transaction)
    }


def count_unresolved(transaction: Transaction, group: Group, at_most: int) -> int:
    """How many of a group somebody has to look after still; not more than so many are counted."""
    few = select(records.c.id).where(group.is_of(), is_unresolved()).limit(at_most).subquery()
    return int(transaction.execute(select(func.count()).select_from(few)).scalar_one())


def latest_of_group(transaction: Transaction, group: Group, limit: int) -> list[tuple[str | None, str | None]]:
    """What is said of the latest records of a group: customs' text, and the problems as JSON."""
    query = select(records.c.info, records.c.problems).where(group.is_of())
    rows = transaction.execute(query.order_by(records.c.drop_id.desc()).limit(limit))
    return [(row.info, row.problems) for row in rows]


def held_by_type(transaction: Transaction) -> dict[str, int]:
    """Of records whose message is on its way, how many a person has to decide about."""
    held = (
        select(records.c.type, func.count())
        .join(messages, messages.c.id == records.c.message_id)
        .where(messages.c.state == MessageState.HELD, records.c.state == State.READY)
        .group_by(records.c.type)
    )
    return {str(type_): int(number) for type_, number in transaction.execute(held)}


def receipts_of(transaction: Transaction, record_id: RecordId) -> list[StoredReceipt]:
    """The receipts in which customs spoke of the record, in the order of their arrival."""
    of_record = select(history.c.receipt_id).where(history.c.record_id == record_id)
    query = select(receipts).where(receipts.c.id.in_(of_record)).order_by(receipts.c.id)
    return [stored_receipt(row) for row in transaction.execute(query)]


def receipt_numbered(transaction: Transaction, number: int) -> StoredReceipt | None:
    """The receipt of that number."""
    row = transaction.execute(select(receipts).where(receipts.c.id == ReceiptId(number))).first()
    return None if row is None else stored_receipt(row)


def _records(transaction: Transaction, numbers: Sequence[RecordId]) -> list[FoundRecord]:
    """The records of these numbers, the latest first."""
    if not numbers:
        return []
    query = _found().where(records.c.id.in_(numbers)).order_by(records.c.drop_id.desc(), records.c.id.desc())
    return [_record(row) for row in transaction.execute(query)]


@cache
def _found() -> Select[tuple[object, ...]]:
    return select(
        records,
        state_of().label("now"),
        drops.c.name.label("file"),
        drops.c.received,
    ).join(drops, drops.c.id == records.c.drop_id)


def _record(row: Row[tuple[object, ...]]) -> FoundRecord:
    return FoundRecord(
        id=row.id,
        drop_id=row.drop_id,
        message_id=row.message_id,
        enterprise=row.enterprise,
        type=row.type,
        guid=row.guid,
        key=dict(zip(message_types()[row.type].key, parts_of(row.key), strict=False)),
        state=State(row.now),
        status=row.status,
        info=row.info,
        time=row.time,
        pre_no=row.pre_no,
        invt_no=row.invt_no,
        order_no=bare_number(row.order_no) if row.order_no else None,
        waybill_no=bare_number(row.waybill_no) if row.waybill_no else None,
        app_type=row.app_type,
        buyer=row.buyer,
        file=row.file,
        received=row.received,
        active=row.active,
        problems=tuple(map(Problem.from_json, json.loads(row.problems or "[]"))),
    )
