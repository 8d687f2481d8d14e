"""Cancelling: a list whose cancel application was granted is over, though no return of its own says so.

The statuses of a list (622) know no cancellation; what tells of it is the application's 399 (624, `海关审结`). The list remembers that as
`cancel:399` with the application's number and time, so it takes its place among the list's own returns: what customs say later still
decides. Told anew whenever either side has news, so it does not matter which came first: the 399, or the receipt that gave the list the
number (invtNo) by which the application names it. If customs take the 399 back, the list forgets it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, select, update

from cebd.customs.statuses import CANCELLED, outcome
from cebd.records.ids import ReceiptId
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import ReturnedStatus, State
from cebd.store.history import set_statuses, statuses_of
from cebd.store.tables import history, records

_Value = TypeVar("_Value", int, str)
_AT_ONCE = 500
_NEVER_CAME = [str(state) for state in (State.REJECTED, State.HELD, State.REPEAT)]
_Entries = dict[ReturnedStatus, ReceiptId]  # what a list is to be told, and the receipt that told it to its application


def end_cancelled_lists(connection: Connection, applications: Collection[int], numbers: Collection[str]) -> set[int]:
    """Settle the lists that these applications (record ids) are about, and those that just got these numbers (invtNo).

    Returns the drops of the lists that changed.
    """
    about = {number for some in _some(sorted(applications)) for number in _about(connection, some)}
    drops: set[int] = set()
    for some in _some(sorted(about.union(numbers))):
        granted = _granted(connection, some)
        affected = about.intersection(some) | granted.keys()
        if affected:
            drops |= _settle(connection, affected, granted)
    return drops


def _about(connection: Connection, applications: Sequence[int]) -> set[str]:
    query = select(records.c.list_no).where(records.c.id.in_(applications), records.c.list_no.is_not(None))
    return set(connection.execute(query).scalars())


def _granted(connection: Connection, numbers: Sequence[str]) -> dict[str, _Entries]:
    """What the lists of these numbers are to be told: that applications about them were concluded, each by its number."""
    query = (
        select(records.c.list_no, records.c.key, history.c.time, history.c.receipt_id)
        .join(history, history.c.record_id == records.c.id)
        .where(
            records.c.type == "CEB623",
            records.c.list_no.in_(numbers),
            records.c.state == str(State.SUCCEEDED),
            history.c.status == "399",
        )
    )
    entries: dict[str, _Entries] = {}
    for number, key, time, receipt_id in connection.execute(query):
        own = key.split(KEY_SEPARATOR)[0]
        info = f"撤销申请单 {own} 海关审结 cancel application {own} concluded"
        entries.setdefault(number, {}).setdefault(ReturnedStatus(CANCELLED, info, time), receipt_id)
    return entries


def _settle(connection: Connection, numbers: Collection[str], granted: dict[str, _Entries]) -> set[int]:
    """Every version of these lists: what was declared, and its changes."""
    drops: set[int] = set()
    query = select(records.c.id, records.c.drop_id, records.c.invt_no).where(
        records.c.type == "CEB621", records.c.invt_no.in_(sorted(numbers)), records.c.state.not_in(_NEVER_CAME)
    )
    for list_id, drop_id, number in connection.execute(query).all():
        if set_statuses(connection, list_id, CANCELLED, granted.get(number, {})):
            _state_anew(connection, list_id)
            drops.add(drop_id)
    return drops


def _state_anew(connection: Connection, list_id: int) -> None:
    state, shown = outcome("CEB621", statuses_of(connection, [list_id]).get(list_id, []))
    if state is not None and shown is not None:
        values = {"state": str(state), "status": shown.status, "info": shown.info, "time": shown.time or None}
        connection.execute(update(records).where(records.c.id == list_id).values(values))


def _some(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
