"""Lists of records, files, messages and receipts, the latest first, a page at a time.

A page says where the next one begins (`before`): however far one turns, the index is entered there, and nothing is read twice or left out
because something new has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, select, true, tuple_

from cebd.customs.statuses import CANCELLED
from cebd.records.ids import DropId, RecordId
from cebd.records.states import MessageState, State
from cebd.store.across.finding.groups import Group, groups_of_records
from cebd.store.across.finding.listings import ListedDrop, ListedRecord, drop_rows, record_rows
from cebd.store.across.finding.references import drops_named, records_of_buyer, records_of_order
from cebd.store.tables import HAS_CUSTOMS_CODE, drops, messages, records, state_of
from cebd.store.transaction import Transaction, batches

Listed = TypeVar("Listed")
_FEW = 2000  # of so many records each is looked at; of a district with more the latest are soon found


class Place(NamedTuple):
    """Where a record stands in every list: behind later files, and behind later rows of its own."""

    drop_id: DropId
    record_id: RecordId


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records or files; None: any. `file`: a name, or its number; `order`: an order number; `buyer`: a digest (`cebd.records.facts`).

    `since`, `until` (ISO 8601): when the file came, without the end. `code`: the status of customs' latest answer, or customs' own code
    in its text. `unresolved`: without what nobody need look after any more: refused or kept back, and declared again since, or cancelled
    by the enterprise's own wish. `district`: of customs, as the numbers begin that customs gave to lists.
    """

    file: str | None = None
    order: str | None = None
    state: State | None = None
    type: str | None = None
    since: str | None = None
    until: str | None = None
    code: str | None = None
    enterprise: str | None = None
    buyer: bytes | None = None
    unresolved: bool = False
    district: str | None = None

    @property
    def is_of_records(self) -> bool:
        """Whether files are not what is asked for."""
        return any((self.order, self.state, self.code, self.buyer, self.district))


@dataclass(frozen=True, slots=True)
class Page(Generic[Listed]):
    """`before`: where the next page begins; None: this is the last."""

    rows: Sequence[Listed]
    before: Place | None


def record_page(
    transaction: Transaction, wanted: Filter, limit: int, before: Place | None = None
) -> Page[ListedRecord]:
    """The latest records that fit, at most `limit`."""
    in_order = record_places(transaction, wanted, limit + 1, before)
    shown = in_order[:limit]
    by_id = {row.id: row for row in record_rows(transaction, [place.record_id for place in shown])}
    listed = [by_id[place.record_id] for place in shown if place.record_id in by_id]
    return Page(listed, shown[-1] if len(in_order) > limit else None)


def record_places(
    transaction: Transaction,
    wanted: Filter,
    limit: int,
    before: Place | None = None,
    groups: Sequence[Group] | None = None,
) -> list[Place]:
    """Where the latest records stand that fit, at most `limit`, the latest first. `groups`: of all records, where they are known."""
    places: set[Place] = set()
    for query in _queries(transaction, wanted, before, groups):
        latest = query.order_by(query.selected_columns[0].desc(), query.selected_columns[1].desc())
        rows = transaction.execute(latest.limit(limit))
        places |= {Place(DropId(drop_id), RecordId(record_id)) for drop_id, record_id in rows}
    return sorted(places, reverse=True)[:limit]


def count_up_to(transaction: Transaction, wanted: Filter, at_most: int, groups: Sequence[Group] | None = None) -> int:
    """How many records fit; not more than so many are counted. `groups`: as of `record_places`."""
    places: set[tuple[int, int]] = set()
    for query in _queries(transaction, wanted, None, groups):
        places |= {(row[0], row[1]) for row in transaction.execute(query.limit(at_most))}
        if len(places) >= at_most:
            return at_most
    return len(places)


def drop_page(transaction: Transaction, wanted: Filter, limit: int, before: Place | None = None) -> Page[ListedDrop]:
    """The latest files that fit, at most `limit`; `type`: of the records in it."""
    query = select(drops.c.id).order_by(drops.c.id.desc()).limit(limit + 1)
    if wanted.file is not None:
        query = query.where(drops.c.id.in_(drops_named(transaction, wanted.file)))
    if wanted.type is not None:
        query = query.where(drops.c.type == wanted.type)
    if wanted.enterprise is not None:
        query = query.where(drops.c.enterprise == wanted.enterprise)
    span = _span(transaction, wanted)
    if span is not None:
        query = query.where(drops.c.id.between(*span), *_received(wanted))
    if before is not None:
        query = query.where(drops.c.id < before.drop_id)
    ids = [DropId(number) for number in transaction.execute(query).scalars()]
    more = Place(ids[limit - 1], RecordId(0)) if len(ids) > limit else None
    return Page(drop_rows(transaction, ids[:limit]), more)


def _queries(
    transaction: Transaction, wanted: Filter, before: Place | None, groups: Sequence[Group] | None
) -> Iterator[Select[Any]]:
    """What is to be asked: each gives the places of some of the records that fit (`Any`: two numbers), from an index in their order."""
    own = select(records.c.drop_id, records.c.id).where(*_narrowed(transaction, wanted, before))
    few = _few(transaction, wanted)
    if few is not None:
        for ids in batches(few):
            yield own.where(records.c.id.in_(ids), *_exactly(wanted))
        return
    if wanted.state is wanted.type is wanted.code is wanted.enterprise is None and wanted.district is None:
        yield own
        return
    for group in groups_of_records(transaction) if groups is None else groups:
        if not _may_fit(group, wanted):
            continue
        of_group = own.where(group.is_of())
        if group.state is not State.READY or wanted.state is None:
            yield of_group
        elif wanted.state is State.SENT:  # most of them: found from the latest on
            is_sent = and_(messages.c.id == records.c.message_id, messages.c.state == MessageState.SENT)
            yield of_group.where(select(messages.c.id).where(is_sent).exists())
        else:
            yield _of_messages(of_group, wanted.state)
    if wanted.code is not None:
        in_text = func.lower(records.c.info).contains(f"[code:{wanted.code};", autoescape=True)
        yield own.where(HAS_CUSTOMS_CODE, in_text, *_exactly(wanted, but_code=True))


def _few(transaction: Transaction, wanted: Filter) -> list[RecordId] | None:
    """The records of the order, of the buyer, of a district that has few: of all that are asked for. None: none is, or there are many."""
    found: list[set[RecordId]] = []
    if wanted.order is not None:
        found.append(set(records_of_order(transaction, wanted.order)))
    if wanted.buyer is not None:
        found.append(set(records_of_buyer(transaction, wanted.buyer)))
    if wanted.district is not None and not found:
        query = select(records.c.id).where(*_in_district(wanted.district)).limit(_FEW + 1)
        ids = set(transaction.execute(query).scalars())
        if len(ids) <= _FEW:
            found.append({RecordId(number) for number in ids})
    return sorted(set.intersection(*found)) if found else None


def _in_district(district: str) -> Iterator[ColumnElement[bool]]:
    yield records.c.invt_no.is_not(None)
    yield records.c.invt_no.between(district, f"{district}\uffff")


def _of_messages(of_group: Select[Any], state: State) -> Select[Any]:
    """Of messages that are not sent there are few: they are asked first. The file of a message is that of its records."""
    states = [MessageState.IN_DOUBT, MessageState.ASKED] if state is State.IN_DOUBT else [MessageState(state)]
    ids = select(messages.c.id).where(messages.c.state.in_(states))
    return of_group.where(records.c.message_id.in_(ids))


def _may_fit(group: Group, wanted: Filter) -> bool:
    follows = group.state is State.READY and wanted.state in _OF_MESSAGES
    return (
        (wanted.enterprise is None or group.enterprise == wanted.enterprise)
        and (wanted.type is None or group.type == wanted.type)
        and (wanted.state is None or group.state is wanted.state or follows)
        and (wanted.code is None or group.status == wanted.code)
    )


_OF_MESSAGES = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.HELD)


def _exactly(wanted: Filter, *, but_code: bool = False) -> Iterator[ColumnElement[bool]]:
    """The filters that need no index, as a few records are left."""
    if wanted.type is not None:
        yield records.c.type.concat("") == wanted.type  # or SQLite reads all of the type, by the index of keys
    if wanted.enterprise is not None:
        yield records.c.enterprise == wanted.enterprise
    if wanted.state is not None:
        yield state_of() == wanted.state
    if wanted.code is not None and not but_code:
        in_text = func.lower(records.c.info).contains(f"[code:{wanted.code};", autoescape=True)
        yield (records.c.status == wanted.code) | in_text


def is_unresolved() -> ColumnElement[bool]:
    """Of records that were refused or kept back: whether somebody has to look after them still."""
    later = records.alias()
    same_key = and_(later.c.type == records.c.type, later.c.key == records.c.key)
    again = select(later.c.id).where(same_key, later.c.enterprise == records.c.enterprise, later.c.id > records.c.id)
    return case(
        (records.c.state == State.REFUSED, records.c.active & records.c.status.is_distinct_from(CANCELLED)),
        (records.c.state == State.REJECTED, ~again.exists()),
        else_=true(),
    )


def _narrowed(transaction: Transaction, wanted: Filter, before: Place | None) -> Iterator[ColumnElement[bool]]:
    if wanted.unresolved:
        yield is_unresolved()
    if wanted.district is not None:
        yield from _in_district(wanted.district)
    if before is not None:
        yield tuple_(records.c.drop_id, records.c.id) < tuple_(*before)
    if wanted.file is not None:
        yield records.c.drop_id.in_(drops_named(transaction, wanted.file))
    span = _span(transaction, wanted)
    if span is not None:
        yield records.c.drop_id.between(*span)
        of_file = and_(drops.c.id == records.c.drop_id, *_received(wanted))
        yield select(drops.c.id).where(of_file).exists()


def _span(transaction: Transaction, wanted: Filter) -> tuple[int, int] | None:
    """The first and the last of the files that came in that time; their numbers run with it, but for a clock that was set."""
    if wanted.since is None and wanted.until is None:
        return None
    query = select(func.min(drops.c.id), func.max(drops.c.id)).where(*_received(wanted))
    first, last = transaction.execute(query).one()
    return (0, -1) if first is None else (first, last)


def _received(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    if wanted.since is not None:
        yield drops.c.received >= wanted.since
    if wanted.until is not None:
        yield drops.c.received < wanted.until
