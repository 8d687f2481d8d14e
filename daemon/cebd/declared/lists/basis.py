"""An inventory list rests on an order, a payment and a waybill: none may be refused, or missing if the enterprise declares it.

One that is missing may be declared later: then its list's receipt does not say so any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cebd.declared.checked_file import Checking
from cebd.problems.problem import Problem
from cebd.records.key import bare_number, joined, parts_of
from cebd.records.record import Record
from cebd.records.states import State
from cebd.store.across.earlier.counterparts import LaterWord, warned_lists
from cebd.store.across.earlier.declared import declares, states_by_key, states_by_order


class _Basis(NamedTuple):
    """A declaration that lists rest on: its names, and the list's field that names it."""

    type: str
    zh: str
    en: str
    field: str


_ORDER = _Basis("CEB311", "订单", "order", "orderNo")
_PAYMENT = _Basis("CEB411", "支付单", "payment", "orderNo")
_WAYBILL = _Basis("CEB511", "运单", "waybill", "logisticsNo")
_ALL = {basis.type: basis for basis in (_ORDER, _PAYMENT, _WAYBILL)}
_REFUSED, _MISSING = "CEBD-1411", "CEBD-1412"
_DELETES = "3"


class ListBasis:
    """The check of the lists of a file (CEBD-1411, CEBD-1412)."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._declares: dict[str, bool] = {}

    def check(self, records: Sequence[Record]) -> Iterator[tuple[int, Problem]]:
        """Problems with the positions of their records."""
        transaction = self._checking.transaction
        orders = [record.facts.order_no for record in records if record.facts.order_no]
        waybills = [record.facts.waybill_no for record in records if record.facts.waybill_no]
        yield from self._refused_or_missing(_PAYMENT, records, states_by_order(transaction, "CEB411", orders))
        yield from self._refused_or_missing(_WAYBILL, records, states_by_key(transaction, "CEB511", waybills))
        order_of_key = {
            _order_key(record, record.facts.order_no): record.facts.order_no
            for record in records
            if record.facts.order_no
        }
        by_key = states_by_key(transaction, "CEB311", list(order_of_key))
        by_order = {order_of_key[key]: states for key, states in by_key.items()}
        yield from self._refused_or_missing(_ORDER, records, by_order)

    def _refused_or_missing(
        self, basis: _Basis, records: Sequence[Record], states_by_number: Mapping[str, list[str]]
    ) -> Iterator[tuple[int, Problem]]:
        for position, record in enumerate(records):
            number = record.facts.waybill_no if basis is _WAYBILL else record.facts.order_no
            if not number or record.app_type == _DELETES:
                continue
            states = states_by_number.get(number, [])
            value = bare_number(number)
            names = {"what_zh": basis.zh, "what_en": basis.en}
            if states and all(state == State.REFUSED for state in states):
                yield position, self._checking.problem(_REFUSED, record, basis.field, value, **names)
            elif not states and self._is_declared_here(basis.type):
                yield position, self._checking.problem(_MISSING, record, basis.field, value, **names)

    def _is_declared_here(self, type_: str) -> bool:
        if type_ not in self._declares:
            self._declares[type_] = declares(self._checking.transaction, self._checking.file.enterprise, type_)
        return self._declares[type_]


class MissedByLists:
    """Orders, payments or waybills of a file that a list named before they were declared: it was warned of (CEBD-1412), and is no more."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    def words(self, records: Sequence[Record]) -> Iterator[tuple[int, LaterWord]]:
        """What these make to be said no more in the receipts of lists, by their positions."""
        basis = _ALL[records[0].type]
        positions = [position for position, record in enumerate(records) if record.app_type != _DELETES]
        numbers = [_number(basis, records[position]) for position in positions]
        column = "waybill_no" if basis is _WAYBILL else "order_no"
        lists = warned_lists(self._checking.transaction, column, numbers, _MISSING)
        others = tuple(f"{other.zh}（" for other in _ALL.values() if other is not basis)
        for position, number in zip(positions, numbers, strict=True):
            for warned in lists.get(number, ()):
                if f"{basis.zh}（" in warned.problems:
                    yield position, LaterWord(warned.id, warned.drop_id, frozenset({_MISSING}), (), others)


def _number(basis: _Basis, record: Record) -> str:
    """The number by which lists name the record, with the code of who gave it."""
    return joined(record.key) if basis is _WAYBILL else record.facts.order_no or ""


def _order_key(record: Record, order_no: str) -> str:
    number, platform = parts_of(order_no)
    return joined((platform, record.facts.enterprise or "", number))
