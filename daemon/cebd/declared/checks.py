"""Rules that ask what was declared before: changes of what is there, applications about a list, what a list stands on, a buyer's year.

Asked of a few hundred records at a time, after repeats were told apart. Sources: specification chapter 3 (appType, logisticsNo, 623, 625)
and table 7-2 (621012, 623005, 625004 and their like); for the annual limit and the days for returns see `rules/figures.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from lxml import etree

from cebd.clock import iso
from cebd.customs.statuses import CANCELLED
from cebd.declared.numbers_in_use import Number, NumbersInUse, Others
from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.schema import parse_xml
from cebd.problems.problem import Place, Problem, problem, with_severity_of
from cebd.records.ids import DropId
from cebd.records.key import KEY_SEPARATOR, joined
from cebd.records.record import Record
from cebd.records.states import State
from cebd.rules.figures import Figures
from cebd.store.declared import (
    InForce,
    bought,
    cancelled,
    declares,
    in_force,
    lists_numbered,
    lists_with,
    orders_with,
    states_by_key,
    states_by_order,
)
from cebd.store.messages import message_body
from cebd.store.records import ActiveRecord
from cebd.store.transaction import Transaction

_UNDER_WAY = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT)
_FINAL_STATUSES = ("700", "800", "899")  # a list in this status is changed no more
_BASES = {
    "CEB311": ("订单", "order", "orderNo"),
    "CEB411": ("支付单", "payment", "orderNo"),
    "CEB511": ("运单", "waybill", "logisticsNo"),
}
_MONTH = timedelta(days=31)

PlaceOf = Callable[[Record, str], Place]


@dataclass(frozen=True)
class CheckedFile:
    """The file whose records are checked. `drop_id`: its number in the store that is asked; None where that store does not have the file.

    `name` is what the operator calls it. `place_of` gives the cell of a field of a record's head.
    """

    enterprise: str
    drop_id: DropId | None
    name: str
    place_of: PlaceOf


class EarlierDeclarations:
    """What the records of one file are checked against. `transaction` is of the store that is asked."""

    def __init__(
        self,
        transaction: Transaction,
        file: CheckedFile,
        severities: Mapping[str, str],
        figures: Figures,
        now: datetime,
    ) -> None:
        self._transaction = transaction
        self._file = file
        self._severities = severities
        self._figures = figures
        self._now = now
        self._spent: dict[bytes, int] = {}  # by the buyers of this file, in the year, in cents
        self._declares: dict[str, bool] = {}
        self._numbers = NumbersInUse(file.enterprise, file.name)

    def blocks(self, record: Record, before: ActiveRecord) -> bool:
        """Whether a new declaration (appType 1) has to give way to one of the same key made before.

        It has not after a refusal or a deletion, nor when a logistics enterprise uses the number of an old waybill again.
        """
        if record.app_type != "1" or _is_deleted(before):
            return False
        if before.state == State.REFUSED:
            # What customs refused may have been a change or a deletion: then what was to be changed stands.
            changes = before.app_type in ("2", "3")
            return changes and in_force(self._transaction, self._file.enterprise, record.type, joined(record.key))
        return not (
            record.type == "CEB511" and before.received < iso(self._now - self._figures.waybill_months * _MONTH)
        )

    def checked(
        self, message: MessageType, records: Sequence[Record], earlier: Mapping[str, ActiveRecord], keys: Sequence[str]
    ) -> list[Record]:
        """The records, each with what the ledger says against it. `keys` are theirs, as the store has them."""
        found: list[list[Problem]] = [[] for _ in records]
        for position, (record, key) in enumerate(zip(records, keys, strict=True)):
            before = earlier.get(key)
            if before is not None and is_cancelled(before):
                found[position].append(self._problem("CEBD-1416", record, "copNo", record.key[0], file=before.file))
            elif record.app_type != "1":
                found[position] += self._change(record, before)
        match message.code:
            case "CEB621":
                self._stands_on(records, found)
            case "CEB623" | "CEB625":
                self._about_a_list(message, records, found)
        if message.code in ("CEB311", "CEB621"):
            self._within_the_year(message.code, records, found)
        told = [
            record.with_problems(*self._weighed(some)) if some else record
            for record, some in zip(records, found, strict=True)
        ]
        match message.code:
            case "CEB311":
                return self._one_of_each_number(told, keys)
            case "CEB621":
                return self._in_one_list(told, keys)
        return told

    def _weighed(self, found: Iterable[Problem]) -> list[Problem]:
        return [one for each in found if (one := with_severity_of(each, self._severities)) is not None]

    # A change or deletion

    def _change(self, record: Record, before: ActiveRecord | None) -> Iterator[Problem]:
        if before is None or _is_deleted(before):
            yield self._problem("CEBD-1405", record, "appType", _number(record), app_type=record.app_type)
        elif before.state in _UNDER_WAY or (record.type == "CEB621" and before.status in _FINAL_STATUSES):
            state = before.status if before.status in _FINAL_STATUSES else before.state
            yield self._problem("CEBD-1406", record, "appType", _number(record), state=state)

    def _problem(self, id_: str, record: Record, field: str, value: str | None, **facts: Any) -> Problem:
        known = message_types()[record.type].field("head", field)
        return problem(id_, self._file.place_of(record, field), field=known, value=value, **facts)

    # What a list stands on

    def _stands_on(self, records: Sequence[Record], found: list[list[Problem]]) -> None:
        orders = [record.facts.order_no for record in records if record.facts.order_no]
        waybills = [record.facts.waybill_no for record in records if record.facts.waybill_no]
        self._refused_or_missing("CEB411", records, states_by_order(self._transaction, "CEB411", orders), found)
        self._refused_or_missing("CEB511", records, states_by_key(self._transaction, "CEB511", waybills), found)
        keys = {self._order_key(record): record.facts.order_no or "" for record in records}
        states = states_by_key(self._transaction, "CEB311", list(keys))
        self._refused_or_missing("CEB311", records, {keys[key]: some for key, some in states.items()}, found)

    def _order_key(self, record: Record) -> str:
        number, _, platform = (record.facts.order_no or "").partition(KEY_SEPARATOR)
        return KEY_SEPARATOR.join((platform, record.facts.enterprise or "", number))

    def _refused_or_missing(
        self, code: str, records: Sequence[Record], states: Mapping[str, list[str]], found: list[list[Problem]]
    ) -> None:
        zh, en, field = _BASES[code]
        if code not in self._declares:
            self._declares[code] = declares(self._transaction, self._file.enterprise, code)
        for record, problems in zip(records, found, strict=True):
            number = record.facts.waybill_no if code == "CEB511" else record.facts.order_no
            if not number or record.app_type == "3":
                continue
            known = states.get(number, [])
            value = number.partition(KEY_SEPARATOR)[0]
            if known and all(state == State.REFUSED for state in known):
                problems.append(self._problem("CEBD-1411", record, field, value, what_zh=zh, what_en=en))
            elif not known and self._declares[code]:
                problems.append(self._problem("CEBD-1412", record, field, value, what_zh=zh, what_en=en))

    # One order, one waybill, one list

    def _in_one_list(self, records: Sequence[Record], keys: Sequence[str]) -> list[Record]:
        orders = [record.facts.order_no for record in records if record.facts.order_no]
        waybills = [record.facts.waybill_no for record in records if record.facts.waybill_no]
        lists = lists_with(self._transaction, orders=orders, waybills=waybills)
        free = cancelled(self._transaction, [one.invt_no for one in lists if one.invt_no])
        standing = [one for one in lists if one.invt_no not in free]
        since = iso(self._now - self._figures.waybill_months * _MONTH)
        by_order = _grouped((one.order_no, one) for one in standing)
        by_waybill = _grouped((one.waybill_no, one) for one in standing if one.received >= since)
        told = []
        for record, key in zip(records, keys, strict=True):
            number, waybill = ("orderNo", record.facts.order_no), ("logisticsNo", record.facts.waybill_no)
            taking = record.app_type != "3"
            asked = ((number, by_order), (waybill, by_waybill)) if taking else ()
            told.append(self._taken_by(record, key, "CEBD-1414", asked))
        return told

    def _taken_by(self, record: Record, key: str, id_: str, numbers: Sequence[tuple[Number, Others]]) -> Record:
        """The record with what speaks against it; without, the numbers are its own from now on."""
        found: list[Problem] = []
        for mine, others in numbers:
            if not self._numbers.is_free(mine, others):
                found += self._numbers.against(record, key, mine, others, partial(self._problem, id_))
        told = record.with_problems(*self._weighed(found)) if found else record
        if told.ready:
            for mine, _ in numbers:
                self._numbers.take(mine, key)
        return told

    # One order, one number

    def _one_of_each_number(self, records: Sequence[Record], keys: Sequence[str]) -> list[Record]:
        """A platform gives a number to one order, so the same number under another seller is that order declared a second time.

        An error and no warning: every message of the specification has orderNo "unique within one trading platform", and a payment (411)
        names its order by number and platform, without the seller. What is kept back by mistake goes once the rule is weighed down; what
        was declared twice is not called back. Changes and deletions are not asked: they declare no further order.
        """
        mine = [
            (record.facts.order_no, key) for record, key in zip(records, keys, strict=True) if record.app_type == "1"
        ]
        new = {number: key for number, key in mine if number}
        standing = _grouped((one.order_no, one) for one in orders_with(self._transaction, list(new)))
        alone = len(new) == len(mine) and all(record.ready for record in records)
        if alone and self._numbers.take_all("orderNo", new, standing):
            return list(records)
        told = []
        for record, key in zip(records, keys, strict=True):
            asked = ((("orderNo", record.facts.order_no), standing),) if record.app_type == "1" else ()
            told.append(self._taken_by(record, key, "CEBD-1415", asked))
        return told

    # Applications about a list

    def _about_a_list(self, message: MessageType, records: Sequence[Record], found: list[list[Problem]]) -> None:
        numbers = [record.facts.list_no for record in records if record.facts.list_no]
        lists = lists_numbered(self._transaction, numbers)
        for record, problems in zip(records, found, strict=True):
            if record.facts.list_no is None:
                continue
            original = lists.get(record.facts.list_no)
            if original is None:
                problems.append(self._problem("CEBD-1407", record, "invtNo", record.facts.list_no))
            elif message.code == "CEB623":
                if original.released:
                    released = original.released[:10]
                    problems.append(self._problem("CEBD-1408", record, "invtNo", original.invt_no, released=released))
            else:
                problems.extend(self._return_in_time(record, original))
                problems.extend(self._return_of_its_lines(record, original))

    def _return_in_time(self, record: Record, original: InForce) -> Iterator[Problem]:
        limit = self._figures.return_days
        if original.released is None:
            why = {"why_zh": "还没有放行", "why_en": "was not released yet"}
        else:
            released = datetime.fromisoformat(original.released)
            if self._now - released <= timedelta(days=limit):
                return
            day = original.released[:10]
            why = {
                "why_zh": f"已于 {day} 放行，超过 {limit} 日",
                "why_en": f"was released on {day}, over {limit} days ago",
            }
        yield self._problem("CEBD-1409", record, "invtNo", original.invt_no, limit=limit, **why)

    def _return_of_its_lines(self, record: Record, original: InForce) -> Iterator[Problem]:
        if original.message_id is None:
            return
        lines = _lines_of(message_body(self._transaction, original.message_id), original.guid)
        asked: dict[str, Decimal] = {}
        for gnum, gcode, qty in record.facts.lines:
            asked[gnum] = asked.get(gnum, Decimal()) + Decimal(qty)
            there = lines.get(gnum)
            if there is None:
                why = ("原清单没有这一项", "the original list has no such line")
            elif there[0] != gcode:
                why = (f"原清单的商品编码是 {there[0]}", f"the original list has the commodity code {there[0]}")
            elif asked[gnum] > there[1]:
                why = (f"原清单的数量是 {there[1]}", f"the original list has the quantity {there[1]}")
            else:
                continue
            facts = {"number": gnum, "list": original.invt_no, "why_zh": why[0], "why_en": why[1]}
            yield self._problem("CEBD-1410", record, "invtNo", original.invt_no, **facts)

    # A buyer's year

    def _within_the_year(self, code: str, records: Sequence[Record], found: list[list[Problem]]) -> None:
        """Counted in the order of the rows, so that those beyond the limit are named and not those before."""
        limit = int(self._figures.annual_limit * 100)
        new = {record.facts.buyer for record in records if record.facts.buyer} - self._spent.keys()
        before = bought(self._transaction, code, sorted(filter(None, new)), f"{self._now:%Y}-01-01", self._file.drop_id)
        for record, problems in zip(records, found, strict=True):
            buyer, value = record.facts.buyer, record.facts.value
            if buyer is None or value is None or record.app_type != "1":
                continue
            spent = self._spent.get(buyer, before.get(buyer, 0)) + value
            self._spent[buyer] = spent
            if spent > limit:
                total = f"{Decimal(spent) / 100:f}"
                facts = {"total": total, "limit": self._figures.annual_limit}
                problems.append(self._problem("CEBD-1413", record, "buyerIdNumber", None, **facts))


def is_cancelled(before: ActiveRecord) -> bool:
    """Whether that is a list whose cancellation customs have granted: its own number is used up."""
    return before.state == State.REFUSED and before.status == CANCELLED


def _grouped(found: Iterable[tuple[str | None, InForce]]) -> dict[str | None, list[InForce]]:
    groups: dict[str | None, list[InForce]] = {}
    for number, one in found:
        groups.setdefault(number, []).append(one)
    return groups


def _is_deleted(before: ActiveRecord) -> bool:
    return before.app_type == "3" and before.state == State.SUCCEEDED


def _number(record: Record) -> str:
    return " ".join(record.key)


def _lines_of(message: bytes, guid: str) -> dict[str, tuple[str, Decimal]]:
    """The goods lines of a list in a stored message: commodity code and quantity by line number."""
    root = parse_xml(message, huge=True)
    for inventory in root.iterfind(f"{{{CEB}}}Inventory"):
        if (inventory.findtext(f"{{{CEB}}}InventoryHead/{{{CEB}}}guid") or "").upper() == guid.upper():
            lines = inventory.iterfind(f"{{{CEB}}}InventoryList")
            return {_text(line, "gnum"): (_text(line, "gcode"), Decimal(_text(line, "qty"))) for line in lines}
    return {}


def _text(line: etree._Element, name: str) -> str:
    return (line.findtext(f"{{{CEB}}}{name}") or "").strip()
