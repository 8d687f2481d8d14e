"""What a declaration waits for once the e-port has it: a list for its order, payment and waybill, each of these for its list.

Customs get the four together (docs/decisions/orders-rest-at-2.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cebd.customs.statuses import rests
from cebd.records.key import bare_number
from cebd.records.states import State
from cebd.store.across.earlier.declared import declares, lists_with, states_by_key, states_by_order
from cebd.store.across.judged import JudgedRecord
from cebd.store.transaction import Transaction

_LIST, _DELETES = "CEB621", "3"
_UNANSWERED = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT)
_NOT_HERE, _NO_ANSWER = ("本站还没有申报", "not declared here yet"), ("还没有回执", "not answered yet")


class Awaited(NamedTuple):
    """A declaration that is waited for: the name of its message (`order`), and its number with the reason, in Chinese and English."""

    name: str
    zh: str
    en: str


class _Basis(NamedTuple):
    """A declaration that a list rests on."""

    type: str
    name: str
    zh: str


_ORDER, _PAYMENT, _WAYBILL = (
    _Basis("CEB311", "order", "订单"),
    _Basis("CEB411", "payment", "支付单"),
    _Basis("CEB511", "waybill", "运单"),
)
_ITS_LIST = Awaited("inventory", "它的清单", "its list")


class AwaitedDeclarations:
    """Asks the store of earlier declarations, for records of one file and type."""

    def __init__(self, earlier: Transaction) -> None:
        self._earlier = earlier
        self._declares: dict[tuple[str, str], bool] = {}

    def of(self, records: Sequence[JudgedRecord]) -> list[tuple[Awaited, ...]]:
        """What each of them waits for; a deletion for nothing."""
        type_ = records[0].type
        orders = [record.order_no for record in records if record.order_no]
        waybills = [record.waybill_no for record in records if record.waybill_no]
        if type_ == _LIST:
            states = {
                _ORDER: states_by_order(self._earlier, _ORDER.type, orders),
                _PAYMENT: states_by_order(self._earlier, _PAYMENT.type, orders),
                _WAYBILL: states_by_key(self._earlier, _WAYBILL.type, waybills),
            }
            return [tuple(self._of_list(record, states)) for record in records]
        if not rests(type_, "2"):
            return [()] * len(records)
        lists = lists_with(self._earlier, orders=orders, waybills=[record.key for record in records])
        listed = {number for known in lists for number in (known.order_no, known.waybill_no) if number}
        return [
            () if record.app_type == _DELETES or not listed.isdisjoint((record.order_no, record.key)) else (_ITS_LIST,)
            for record in records
        ]

    def _of_list(self, record: JudgedRecord, states: Mapping[_Basis, Mapping[str, Sequence[str]]]) -> Iterator[Awaited]:
        for basis, by_number in states.items():
            number = record.waybill_no if basis is _WAYBILL else record.order_no
            if not number or record.app_type == _DELETES:
                continue
            known = by_number.get(number, ())
            if not known and self._is_declared_here(record.enterprise, basis.type):
                yield _named(basis, number, _NOT_HERE)
            elif known and all(state in _UNANSWERED for state in known):
                yield _named(basis, number, _NO_ANSWER)

    def _is_declared_here(self, enterprise: str, type_: str) -> bool:
        asked = enterprise, type_
        if asked not in self._declares:
            self._declares[asked] = declares(self._earlier, enterprise, type_)
        return self._declares[asked]


def _named(basis: _Basis, number: str, why: tuple[str, str]) -> Awaited:
    bare = bare_number(number)
    return Awaited(basis.name, f"{basis.zh} {bare}（{why[0]}）", f"the {basis.name} {bare} ({why[1]})")
