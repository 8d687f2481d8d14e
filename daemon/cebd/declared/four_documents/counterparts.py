"""Which declaration is the order, payment, waybill or list of a record.

They name each other by numbers, and a slip in a number must not make strangers of them:

| record | its counterpart | else, where the number is only half right |
| --- | --- | --- |
| payment, order | the order, payment of that number and platform | on another platform, if as much was paid by the same person |
| list, order | the order, list of that number and platform | on another platform, if the buyer is the same |
| list | the waybill that it names | the only waybill of its order, if no other list names that |
| waybill | the list that names it | the only list of its order, if the waybill that that names is not known |
| order, waybill | the only one of that order's number, whose platform no waybill says | |

Where an order has several payments, it is the one that the order names; where it names none of them, each. Several enterprises may have
declared one payment. A waybill whose number may be used again by now is nobody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cebd.declared.checked_file import Checking
from cebd.declared.four_documents.glance import differ, doubtful
from cebd.declared.four_documents.pairs import (
    LIST,
    LIST_WAYBILL,
    ORDER,
    ORDER_LIST,
    ORDER_PAYMENT,
    ORDER_WAYBILL,
    PAYMENT,
    WAYBILL,
    Pair,
)
from cebd.declared.four_documents.stated import DeclaredTexts, Numbers
from cebd.records.key import bare_number, joined, parts_of
from cebd.records.record import Record
from cebd.store.across.earlier.counterparts import Counterpart, glance, of_orders, of_waybills, with_keys


class Match(NamedTuple):
    """A record, by its position, and its counterpart in a pair. `unlike`: the parts that differ.

    `by_name`: one names the other, number and all; else a number, or the code of who gave it, differs. `others`: the numbers of the other
    payments of the order; then it is paid in parts, or twice (`payments_together.py`).
    """

    position: int
    counterpart: Counterpart
    unlike: frozenset[str] = frozenset()
    by_name: bool = True
    others: tuple[str, ...] = ()


class Counterparts:
    """Finds them for the records of a file, which have the same type. `declared` knows what counterparts state."""

    def __init__(self, checking: Checking, declared: DeclaredTexts) -> None:
        self._checking = checking
        self._transaction = checking.transaction
        self._declared = declared
        self._numbered: Mapping[int, Record] = {}
        self._numbers: tuple[list[int], list[str]] = [], []
        self.paid_at_several: Sequence[int] = ()  # the orders of these records that have several payments, by position

    def of(self, pair: Pair, records: Mapping[int, Record]) -> Iterator[Match]:
        """The counterparts of these records (by position) in that pair that may say otherwise, or did; nobody asks for the others."""
        type_ = next(iter(records.values())).type
        if pair is LIST_WAYBILL:
            return self._waybills(records) if type_ == LIST else self._lists(records)
        positions, numbers = self._order_numbers(records)
        seen = glance(self._transaction, pair.beside(type_), "order_no", numbers)
        if pair is ORDER_PAYMENT and type_ == ORDER:
            payments = Counter(place for place, *_ in seen)
            self.paid_at_several = [positions[place] for place, count in payments.items() if count > 1]
        looked_at = doubtful(pair, records, positions, seen, same_order=pair is not ORDER_WAYBILL)
        if not looked_at:
            return iter(())
        found = self._of_orders(pair.beside(type_), [records[position] for position in looked_at])
        choose = {ORDER_PAYMENT: self._payments, ORDER_LIST: self._list, ORDER_WAYBILL: self._waybill}[pair]
        return (
            self._with_others(match, records)
            for position in looked_at
            if (number := _order(records[position])) in found
            for match in choose(position, records[position], found[number])
        )

    def _order_numbers(self, records: Mapping[int, Record]) -> tuple[list[int], list[str]]:
        """The records that name an order, by position, and its number; three pairs ask for those of the same records."""
        if self._numbered is not records:
            positions = [position for position, record in records.items() if record.facts.order_no]
            self._numbers = positions, [_order(records[position]) for position in positions]
            self._numbered = records
        return self._numbers

    # By the number of an order

    def _payments(self, position: int, record: Record, candidates: Sequence[Counterpart]) -> Sequence[Match]:
        """An order's payments, a payment's order."""
        same = [one for one in candidates if one.order_no == record.facts.order_no]
        if not same:
            alike = [one for one in candidates if "payment" not in self._unlike(ORDER_PAYMENT, record, one)]
            return [Match(position, alike[0], by_name=False)] if len(alike) == 1 else []
        if record.type == PAYMENT:
            return [self._match(ORDER_PAYMENT, position, record, same[-1])]
        matches = [self._match(ORDER_PAYMENT, position, record, one) for one in same]
        if len(matches) == 1:
            return matches
        named = [match for match in matches if "transaction" not in match.unlike]
        if len({match.counterpart.key for match in named}) == 1:
            return named
        numbers = {one.key: parts_of(one.key)[0] for one in same}
        return [
            match._replace(others=tuple(number for key, number in numbers.items() if key != match.counterpart.key))
            for match in matches
        ]

    def _list(self, position: int, record: Record, candidates: Sequence[Counterpart]) -> Sequence[Match]:
        """An order's list, a list's order."""
        same = [one for one in candidates if one.order_no == record.facts.order_no]
        if same:
            return [self._match(ORDER_LIST, position, record, same[-1])]
        buyer = record.facts.buyer
        alike = [one for one in candidates if buyer is not None and one.buyer == buyer]
        return [Match(position, alike[0], by_name=False)] if len(alike) == 1 else []

    def _waybill(self, position: int, record: Record, candidates: Sequence[Counterpart]) -> Sequence[Match]:
        """An order's waybill, a waybill's order. Two platforms may give the same number, and one order may go in two parcels."""
        matches = [self._match(ORDER_WAYBILL, position, record, one) for one in candidates]
        agreeing = [match for match in matches if not match.unlike]
        if agreeing:
            return agreeing[:1]
        if len(matches) != 1 or self._is_old(matches[0].counterpart):
            return []
        return [] if record.type == ORDER and self._is_taken_elsewhere(record) else matches

    def _with_others(self, match: Match, records: Mapping[int, Record]) -> Match:
        """Of a payment that differs from its order, unless the order names it: which other payments that has, in this file or before."""
        record = records[match.position]
        if record.type != PAYMENT or not match.unlike or not match.by_name:
            return match
        numbers = self._declared.numbers_of(match.counterpart)
        if numbers and numbers["transaction"] and "transaction" not in match.unlike:
            return match
        own = record.key[0]
        others = {other.key[0]: None for other in records.values() if other.facts.order_no == record.facts.order_no}
        for one in of_orders(self._transaction, PAYMENT, [_order(record)]):
            if one.order_no == record.facts.order_no:
                others[parts_of(one.key)[0]] = None
        return match._replace(others=tuple(number for number in others if number != own))

    def _is_taken_elsewhere(self, order: Record) -> bool:
        """Whether another platform has an order of the same number."""
        others = of_orders(self._transaction, ORDER, [_order(order)])
        return any(one.order_no != order.facts.order_no for one in others)

    # By the number of a waybill

    def _waybills(self, lists: Mapping[int, Record]) -> Iterator[Match]:
        positions = [position for position, record in lists.items() if record.facts.waybill_no]
        numbers = [lists[position].facts.waybill_no or "" for position in positions]
        seen = glance(self._transaction, WAYBILL, "key", numbers)
        looked_at = doubtful(LIST_WAYBILL, lists, positions, seen, same_order=False)
        rest = _without(lists, (positions[place] for place, *_ in seen))
        by_key = {
            one.key: one
            for one in with_keys(self._transaction, WAYBILL, [lists[nth].facts.waybill_no or "" for nth in looked_at])
        }
        for position in looked_at:
            record = lists[position]
            own = by_key.get(record.facts.waybill_no or "")
            if own is None:
                rest[position] = record
            else:
                match = self._match(LIST_WAYBILL, position, record, own)
                if not match.unlike or not self._is_old(own):
                    yield match
        found = self._of_orders(WAYBILL, list(rest.values()))
        in_file = set(numbers) if found else ()
        for position, record in rest.items():
            match [one for one in found.get(_order(record), ()) if not self._is_old(one)]:
                case [one] if one.key not in in_file and not of_waybills(self._transaction, [one.key]):
                    yield Match(position, one, by_name=False)

    def _lists(self, waybills: Mapping[int, Record]) -> Iterator[Match]:
        positions = list(waybills)
        keys = {position: joined(record.key) for position, record in waybills.items()}
        seen = glance(self._transaction, LIST, "waybill_no", list(keys.values()))
        looked_at = doubtful(LIST_WAYBILL, waybills, positions, seen, same_order=False)
        rest = _without(waybills, (positions[place] for place, *_ in seen))
        by_waybill = {one.waybill_no: one for one in of_waybills(self._transaction, [keys[nth] for nth in looked_at])}
        for position in looked_at:
            record = waybills[position]
            naming = by_waybill.get(keys[position])
            if naming is None:
                rest[position] = record
            else:
                yield self._match(LIST_WAYBILL, position, record, naming)
        found = self._of_orders(LIST, list(rest.values()))
        in_file = set(keys.values()) if found else ()
        for position, record in rest.items():
            match found.get(_order(record), ()):
                case [one] if not self._is_waybill(one.waybill_no or "", in_file):
                    yield Match(position, one, by_name=False)

    def _is_waybill(self, key: str, in_file: Collection[str]) -> bool:
        return key in in_file or bool(with_keys(self._transaction, WAYBILL, [key]))

    # Both

    def _of_orders(self, type_: str, records: Sequence[Record]) -> dict[str, list[Counterpart]]:
        """The declarations of that type, by the number of their order."""
        found: dict[str, list[Counterpart]] = {}
        for one in of_orders(self._transaction, type_, list({_order(record) for record in records} - {""})):
            found.setdefault(one.order, []).append(one)
        return found

    def _is_old(self, one: Counterpart) -> bool:
        """Whether it is a waybill whose number may be used again."""
        return one.type == WAYBILL and self._declared.file_of(one).received < self._checking.waybills_since

    def _match(self, pair: Pair, position: int, record: Record, counterpart: Counterpart) -> Match:
        return Match(position, counterpart, self._unlike(pair, record, counterpart))

    def _unlike(self, pair: Pair, record: Record, counterpart: Counterpart) -> frozenset[str]:
        own, other = self._declared.numbers_of_record(record), self._declared.numbers_of(counterpart)
        if own is None or other is None:
            return frozenset()
        return unlike_parts(pair, own, other)


def unlike_parts(pair: Pair, own: Numbers, other: Numbers) -> frozenset[str]:
    """The parts that differ, by what the store keeps of each."""
    return frozenset(part for part in pair.parts if differ(part, own[part], other[part]))


def _order(record: Record) -> str:
    return bare_number(record.facts.order_no or "")


def _without(records: Mapping[int, Record], positions: Iterable[int]) -> dict[int, Record]:
    taken = set(positions)
    return {position: record for position, record in records.items() if position not in taken}
