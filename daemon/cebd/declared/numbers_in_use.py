"""Numbers that may be used only once: an order in a list, a waybill in a list, an order's number among the orders of a platform.

Checked against the store, and against the file itself, whose records are not in the store yet. Nearly all of 100,000 numbers are free:
that is tested first, for an ordinary batch of orders with a single query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cebd.declared.checked_file import Checking
from cebd.problems.problem import Problem, with_severity_of
from cebd.records.key import bare_number, parts_of
from cebd.records.record import Record
from cebd.store.across.earlier.declared import InForce, cancelled, lists_with, orders_with

Users = Mapping[str | None, Sequence[InForce]]  # by number, the declarations in force that use it


class _Number(NamedTuple):
    """A number of a record: the field that has it, the number joined with the code of who gave it, and its users in the store."""

    field: str
    number: str | None
    users: Users


class NumbersInUse:
    """The numbers that the records of a file use so far. `severities`: the settings' severities of problems."""

    def __init__(self, checking: Checking, severities: Mapping[str, str]) -> None:
        self._checking = checking
        self._severities = severities
        self._key_of: dict[str, dict[str, str]] = {"orderNo": {}, "logisticsNo": {}}  # field -> number -> key

    def check_lists(self, records: Sequence[Record], keys: Sequence[str]) -> list[Record]:
        """The lists, each with a problem (CEBD-1414) where another list has its order or its waybill. `keys` are theirs."""
        orders = [record.facts.order_no for record in records if record.facts.order_no]
        waybills = [record.facts.waybill_no for record in records if record.facts.waybill_no]
        lists = lists_with(self._checking.transaction, orders=orders, waybills=waybills)
        gone = cancelled(
            self._checking.transaction, [declared_list.invt_no for declared_list in lists if declared_list.invt_no]
        )
        lists = [declared_list for declared_list in lists if declared_list.invt_no not in gone]
        since = self._checking.waybills_since
        by_order = _grouped((declared_list.order_no, declared_list) for declared_list in lists)
        by_waybill = _grouped(
            (declared_list.waybill_no, declared_list) for declared_list in lists if declared_list.received >= since
        )
        checked = []
        for record, key in zip(records, keys, strict=True):
            order = _Number("orderNo", record.facts.order_no, by_order)
            waybill = _Number("logisticsNo", record.facts.waybill_no, by_waybill)
            numbers = () if record.app_type == "3" else (order, waybill)
            checked.append(self._checked(record, key, "CEBD-1414", numbers))
        return checked

    def check_orders(self, records: Sequence[Record], keys: Sequence[str]) -> list[Record]:
        """The orders, each with a problem (CEBD-1415) if another order of the platform has its number. `keys`: the orders' keys.

        A platform gives a number to one order, so the same number under another seller is that order declared a second time.

        An error and no warning: every message of the specification has orderNo "unique within one trading platform", and a payment (411)
        names its order by number and platform, without the seller. An order that is kept back by mistake goes once the settings make a
        warning of it; an order that was declared twice cannot be called back. Changes and deletions are not asked: they declare no
        further order.
        """
        numbers = [
            (record.facts.order_no, key) for record, key in zip(records, keys, strict=True) if record.app_type == "1"
        ]
        key_of = {number: key for number, key in numbers if number}
        users = _grouped(
            (declared_order.order_no, declared_order)
            for declared_order in orders_with(self._checking.transaction, list(key_of))
        )
        all_differ = len(key_of) == len(numbers) and all(record.ready for record in records)
        if all_differ and self._take_all("orderNo", key_of, users):
            return list(records)
        checked = []
        for record, key in zip(records, keys, strict=True):
            number = _Number("orderNo", record.facts.order_no, users)
            checked.append(self._checked(record, key, "CEBD-1415", (number,) if record.app_type == "1" else ()))
        return checked

    def _take_all(self, field: str, key_of: Mapping[str, str], users: Users) -> bool:
        """Take these numbers at once, if all of them are free."""
        taken = self._key_of[field]
        if not taken.keys().isdisjoint(key_of) or not users.keys().isdisjoint(key_of):
            return False
        taken.update(key_of)
        return True

    def _checked(self, record: Record, key: str, id_: str, numbers: Sequence[_Number]) -> Record:
        """The record with its conflicts; where it is ready all the same, the numbers are its own from now on."""
        problems = []
        for number in numbers:
            conflict = None if self._is_free(number) else self._conflict(record, key, id_, number)
            weighed = None if conflict is None else with_severity_of(conflict, self._severities)
            if weighed is not None:
                problems.append(weighed)
        checked = record.with_problems(*problems) if problems else record
        if checked.ready:
            for field, number_text, _ in numbers:
                if number_text is not None:
                    self._key_of[field].setdefault(number_text, key)
        return checked

    def _is_free(self, number: _Number) -> bool:
        return number.number not in self._key_of[number.field] and number.number not in number.users

    def _conflict(self, record: Record, key: str, id_: str, number: _Number) -> Problem | None:
        """The problem that another record of this file, or a declaration in force, has that number; None if the number is free."""
        if number.number is None:
            return None
        file = self._checking.file
        key_here = self._key_of[number.field].get(number.number, key)
        users = ((user.enterprise, user.key, user.file) for user in number.users.get(number.number, ()))
        for enterprise, other_key, other_file in ((file.enterprise, key_here, file.name), *users):
            if (enterprise, other_key) != (file.enterprise, key):
                zh, en = ("运单", "waybill") if number.field == "logisticsNo" else ("订单", "order")
                facts = {"other": _name(record.type, other_key), "file": other_file, "what_zh": zh, "what_en": en}
                value = bare_number(number.number)
                return self._checking.problem(id_, record, number.field, value, **facts)
        return None


def _grouped(users: Iterable[tuple[str | None, InForce]]) -> dict[str | None, list[InForce]]:
    groups: dict[str | None, list[InForce]] = {}
    for number, user in users:
        groups.setdefault(number, []).append(user)
    return groups


def _name(type_: str, key: str) -> str:
    """The name of the other declaration: a list's copNo; the ebcCode of an order, whose number is the same."""
    return parts_of(key)[1 if type_ == "CEB311" else 0]
