"""Right values from earlier declarations: recovered numbers, amounts stated by another document. Offered, never applied.

Order numbers are consecutive, so a known number that matches the surviving digits proves nothing: the next, undeclared one may match as
well. A second column has to confirm it:

| damaged | recovered from | confirmed by |
| --- | --- | --- |
| orderNo of a list (621) | its waybill (511) | the list names the waybill, which names the order |
| | orders (311), while there is no waybill | the buyer is the same, the order is worth as much and is on no other list |
| orderNo of a payment (411) | orders (311) | the payer is the buyer, as much was paid, and nothing was paid for it before |
| logisticsNo of a list (621) | waybills (511) | the carrier is the same, the waybill names the list's order and is on no other list |
| orderNo, logisticsNo of an application (623, 625) | lists (621) | invtNo names the list |
| copNo of a list that is changed or deleted | lists (621) | the order and the declaring enterprise are the same |

A buyer may order the same again: there fifteen digits have to be left, not six. An amount is offered where two of three agree:

| wrong | contradicted by |
| --- | --- |
| acturalPaid of an order (CEBD-1301) | its other amounts come to what its payment (411) says was paid |
| totalPrice of a list's line (CEBD-1302) | price x qty, with which the list is worth as much as its order (311) |

Of goods it is offered what customs accepted for their item number (`goods_archive.py`). Nothing else is offered: a record's own new
number was declared nowhere before, a waybill's status (513) and a parcel that is delivered (711) have no second column, and identity
numbers are shown to nobody in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from cebd.declared.goods_archive import GoodsArchive
from cebd.declared.truncated_numbers import TruncatedNumber, truncated_number
from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.records.amount import scaled, shown
from cebd.records.facts import NO_FACTS, Facts, buyer_of, facts_if_complete
from cebd.records.ids import MessageId
from cebd.records.key import bare_number, joined, joined_number, parts_of
from cebd.records.record import CUT_OFF, SHORTENED, Record, may_have_suggestion
from cebd.rules.amounts import due
from cebd.store.across.earlier.stated import StatedRecords, stated_records
from cebd.store.records import By, OwnRecord, own_records, own_records_between
from cebd.store.transaction import Transaction

Texts = Mapping[str, str]
_MAX_MESSAGES_READ = 8  # remembered: the records of a file are mostly in the order of earlier records


class EarlierValues:
    """An enterprise's earlier declarations, queried for the damaged numbers of a file."""

    def __init__(self, transaction: Transaction, enterprise: str) -> None:
        self._transaction = transaction
        self._enterprise = enterprise
        self._goods = GoodsArchive(transaction, enterprise)
        self._read: dict[MessageId, StatedRecords] = {}

    def suggest(self, record: Record, head: Texts, lines: Sequence[Texts]) -> Record:
        """The record, with the right value beside each wrong value if it is proved. `head` and `lines` are its texts."""
        if not may_have_suggestion(record.problems):
            return record
        damaged = _Damaged(record, head, lines)
        # The order first: it distinguishes waybills.
        for field in ("orderNo", "logisticsNo", "copNo"):
            number = self._proved(damaged, field)
            if number is not None:
                damaged.head[field] = number
                damaged.proved[field] = number
        problems = tuple(self._with_value(damaged, problem, lines) for problem in record.problems)
        return record if problems == record.problems else record._replace(problems=problems)

    def _with_value(self, damaged: _Damaged, problem: Problem, lines: Sequence[Texts]) -> Problem:
        value = self._goods.value_for(damaged.record, problem, damaged.head, lines)
        if problem.id in (CUT_OFF, SHORTENED):
            value = damaged.proved.get(problem.field or "")
        elif problem.id == "CEBD-1301" and damaged.record.type == "CEB311":
            value = self._paid_for(damaged)
        elif problem.id == "CEBD-1302" and damaged.record.type == "CEB621":
            value = self._total_of_a_line(damaged)
        return problem if value is None else replace(problem, suggestion=value)

    def _proved(self, damaged: _Damaged, field: str) -> str | None:
        truncated = damaged.truncated(field)
        if truncated is None:
            return None
        try:
            numbers = self._candidates(damaged, truncated, field)
        except _NotKnown:
            return None
        return numbers.pop() if len(numbers) == 1 else None

    def _candidates(self, damaged: _Damaged, truncated: TruncatedNumber, field: str) -> set[str]:
        """The numbers that may be meant. Raises _NotKnown."""
        match damaged.record.type, field:
            case "CEB621", "orderNo":
                return set(self._orders_of_a_list(damaged, truncated))
            case "CEB411", "orderNo":
                return set(self._orders_of_a_payment(damaged, truncated))
            case "CEB621", "logisticsNo":
                return set(self._waybills_of_a_list(damaged, truncated))
            case "CEB623" | "CEB625", "orderNo" | "logisticsNo":
                return set(self._numbers_of_the_list(damaged, truncated, field))
            case "CEB621", "copNo" if damaged.record.app_type != "1":
                return set(self._lists_of_the_order(damaged, truncated))
        return set()

    # Each of these gives the numbers that agree with the surviving digits and with the second column

    def _orders_of_a_list(self, damaged: _Damaged, truncated: TruncatedNumber) -> Iterator[str]:
        waybill = joined_number(damaged.head.get("logisticsNo", ""), damaged.head.get("logisticsCode", ""))
        waybills = self._own("CEB511", By.KEY, waybill)
        if waybills:
            named = (self._declared(waybill).get("orderNo", "") for waybill in waybills)
            yield from (number for number in named if truncated.agrees(number))
            return
        worth = damaged.worth(damaged.lines)
        for order in self._orders_of(damaged.facts.buyer, damaged, truncated):
            number = parts_of(order.key)[-1]
            same_worth = not worth or order.value in worth
            if same_worth and not self._on_another_list(
                damaged, By.ORDER_NUMBER, joined_number(number, damaged.head["ebpCode"])
            ):
                yield number

    def _orders_of_a_payment(self, damaged: _Damaged, truncated: TruncatedNumber) -> Iterator[str]:
        head = damaged.head
        # As an order of the payer's would be known.
        buyer = buyer_of(head.get("payerIdType", ""), head.get("payerIdNumber", ""))
        for order in self._orders_of(buyer, damaged, truncated):
            number = parts_of(order.key)[-1]
            paid = self._declared(order).get("acturalPaid", "")
            if not _same_amount(paid, head.get("amountPaid", "")):
                continue
            order_no = joined_number(number, head["ebpCode"])
            if damaged.record.app_type != "1" or not self._own("CEB411", By.ORDER_NUMBER, order_no):
                yield number

    def _orders_of(self, buyer: bytes | None, damaged: _Damaged, truncated: TruncatedNumber) -> Iterator[OwnRecord]:
        """Orders of that buyer on that platform, and of that shop where the record names one, which agree with the surviving digits."""
        if buyer is None or not truncated.nearly_whole:
            return
        for order in self._own("CEB311", By.BUYER, buyer):
            platform, shop, number = parts_of(order.key)
            wanted_shop = damaged.head.get("ebcCode", shop)
            if platform == damaged.head.get("ebpCode") and shop == wanted_shop and truncated.agrees(number):
                yield order

    def _waybills_of_a_list(self, damaged: _Damaged, truncated: TruncatedNumber) -> Iterator[str]:
        order = damaged.head.get("orderNo", "")
        if not order or damaged.truncated("orderNo") is not None:
            return
        lowest, highest = truncated.bounds
        if len(str(lowest)) != len(str(highest)):
            return
        carrier = damaged.head.get("logisticsCode")
        for waybill in own_records_between(self._transaction, self._enterprise, "CEB511", str(lowest), str(highest)):
            number, code = parts_of(waybill.key)
            agrees = code == carrier and truncated.agrees(number) and self._declared(waybill).get("orderNo") == order
            if agrees and not self._on_another_list(damaged, By.WAYBILL_NUMBER, waybill.key):
                yield number

    def _numbers_of_the_list(self, damaged: _Damaged, truncated: TruncatedNumber, field: str) -> Iterator[str]:
        invt_no = damaged.head.get("invtNo")
        for list_ in self._own("CEB621", By.LIST_NUMBER, invt_no) if invt_no else ():
            number = bare_number((list_.order_no if field == "orderNo" else list_.waybill_no) or "")
            if truncated.agrees(number):
                yield number

    def _lists_of_the_order(self, damaged: _Damaged, truncated: TruncatedNumber) -> Iterator[str]:
        order = damaged.facts.order_no
        if order is None or damaged.truncated("orderNo") is not None:
            return
        for list_ in self._own("CEB621", By.ORDER_NUMBER, order):
            number, agent = parts_of(list_.key)
            if agent == damaged.head.get("agentCode") and truncated.agrees(number):
                yield number

    # Amounts

    def _paid_for(self, damaged: _Damaged) -> str | None:
        head = damaged.head
        owed = due(head)
        order = joined_number(head["orderNo"], head["ebpCode"])
        payments = self._own("CEB411", By.ORDER_NUMBER, order)
        try:
            paid = {self._declared(payment).get("amountPaid", "") for payment in payments}
        except _NotKnown:
            return None
        return shown(owed) if len(paid) == 1 and _same_amount(paid.pop(), shown(owed)) else None

    def _total_of_a_line(self, damaged: _Damaged) -> str | None:
        """Price x qty of the only line that does not multiply, in whole cents, if the list then has the value of its order."""
        head, products = damaged.head, [Decimal(line["price"]) * Decimal(line["qty"]) for line in damaged.lines]
        off = [nth for nth, line in enumerate(damaged.lines) if products[nth] != Decimal(line["totalPrice"])]
        if len(off) != 1 or products[off[0]] * 100 % 1:
            return None
        total = format(products[off[0]].normalize(), "f")
        lines = [{**line, "totalPrice": total} if nth in off else line for nth, line in enumerate(damaged.lines)]
        key = joined((head["ebpCode"], head["ebcCode"], head["orderNo"]))
        worth = [order.value for order in self._own("CEB311", By.KEY, key)]
        return total if len(worth) == 1 and worth[0] in damaged.worth(lines) else None

    # The store

    def _own(self, type_: str, by: By, wanted: str | bytes) -> Sequence[OwnRecord]:
        """The enterprise's own records of that type, in force; empty when they are too many to compare."""
        return own_records(self._transaction, self._enterprise, type_, by, wanted)

    def _on_another_list(self, damaged: _Damaged, by: By, number: str) -> bool:
        own = joined(damaged.record.key)
        return any(list_.key != own for list_ in self._own("CEB621", by, number))

    def _declared(self, record: OwnRecord) -> Texts:
        """The texts of the head of a record as it was declared. Raises _NotKnown: what another one says proves nothing then."""
        if record.message_id is None:
            raise _NotKnown
        records = self._read.get(record.message_id)
        if records is None:
            if len(self._read) >= _MAX_MESSAGES_READ:
                self._read.clear()
            records = self._read[record.message_id] = stated_records(self._transaction, record.message_id)
        stated = records.of(record.guid)
        if stated is None:
            raise _NotKnown
        return stated.texts.head


class _NotKnown(Exception):
    """What a record states nobody knows any more."""


class _Damaged:
    """A record with damaged numbers, and the numbers proved so far, by field."""

    def __init__(self, record: Record, head: Texts, lines: Sequence[Texts]) -> None:
        self.record = record
        self.head = dict(head)
        self.lines = lines
        self.proved: dict[str, str] = {}

    @property
    def facts(self) -> Facts:
        """The facts that later declarations would ask of the record."""
        return _facts(self.record.type, self.head, self.lines)

    def worth(self, lines: Sequence[Texts]) -> set[int]:
        """Possible values of the order of a list with these lines, in cents: orders have no insurance. Empty if an amount is wrong."""
        heads = (self.head, {**self.head, "insuredFee": "0"})
        values = (_facts(self.record.type, head, lines).value for head in heads)
        return {value for value in values if value is not None}

    def truncated(self, field: str) -> TruncatedNumber | None:
        """The surviving digits of that number; None if it is not damaged, or proved already."""
        if field in self.proved:
            return None
        for problem in self.record.problems:
            if problem.field == field and problem.id in (CUT_OFF, SHORTENED):
                return truncated_number(problem)
        return None


def _facts(code: str, head: Texts, lines: Sequence[Texts]) -> Facts:
    paths = message_types()[code].facts
    if paths is None:
        return NO_FACTS
    paths = paths._replace(shared=())  # nothing is compared with what is damaged
    facts = facts_if_complete(paths, head, lines)
    if facts is NO_FACTS and lines:
        # An amount is wrong, too: what it is worth is not known, but the rest is.
        return facts_if_complete(paths._replace(head_amounts=(), line_amounts=()), head, ())
    return facts


def _same_amount(one: str, other: str) -> bool:
    try:
        return bool(one and other) and scaled(one) == scaled(other)
    except ValueError:
        return False
