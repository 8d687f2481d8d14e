"""Right values that were declared before: damaged numbers found again, amounts told by another document. Offered, never applied.

Numbers run on: that one number known has the digits that are left proves nothing, for the next one, not declared yet, may have them too.
So a second column has to say the same:

| damaged | found in | where beside the digits |
| --- | --- | --- |
| orderNo of a list (621) | its waybill (511) | the list names the waybill, which names the order |
| | orders (311), while there is no waybill | the buyer is the same, the order is worth as much and is on no other list |
| orderNo of a payment (411) | orders (311) | the payer is the buyer, as much was paid, and nothing was paid for it before |
| logisticsNo of a list (621) | waybills (511) | the carrier is the same, the waybill names the list's order and is on no other list |
| orderNo, logisticsNo of an application (623, 625) | lists (621) | invtNo names the list |
| copNo of a list that is changed or deleted | lists (621) | the order and the declaring enterprise are the same |

A buyer may order the same again: there fifteen digits have to be left, not six. An amount is offered where two of three say the same:

| wrong | what stands against it |
| --- | --- |
| acturalPaid of an order (CEBD-1301) | its other amounts come to what its payment (411) says was paid |
| totalPrice of a list's line (CEBD-1302) | price x qty, with which the list is worth as much as its order (311) |

Nothing else is offered: a record's own new number was declared nowhere before, a waybill's status (513) and a parcel that is delivered
(711) have no second column, and identity numbers are shown to nobody in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from cebd.declared.truncated_numbers import TruncatedNumber, truncated_number
from cebd.messages.description import message_types
from cebd.messages.parse import heads_by_guid
from cebd.problems.problem import Problem
from cebd.records.amount import scaled, shown
from cebd.records.facts import NO_FACTS, Facts, buyer_of, facts_of
from cebd.records.ids import MessageId
from cebd.records.key import KEY_SEPARATOR, joined, joined_number
from cebd.records.record import CUT_OFF, SHORTENED, Record, asks
from cebd.rules.amounts import due
from cebd.store.messages import message_body
from cebd.store.records import By, OwnRecord, own_records, own_records_between
from cebd.store.transaction import Transaction

Texts = Mapping[str, str]
_MAX_MESSAGES_READ = 8  # remembered: the records of a file mostly stand in the order of those before


class EarlierValues:
    """What one enterprise declared before, asked about the damaged numbers of one file."""

    def __init__(self, transaction: Transaction, enterprise: str) -> None:
        self._transaction = transaction
        self._enterprise = enterprise
        self._read: dict[MessageId, dict[str, Texts]] = {}

    def suggest(self, record: Record, head: Texts, lines: Sequence[Texts]) -> Record:
        """The record, with the right value beside each wrong one for which it is proved. `head` and `lines` are its texts."""
        if not asks(record.problems):
            return record
        asked = _Damaged(record, head, lines)
        # The order first: it is what tells waybills apart.
        for field in ("orderNo", "logisticsNo", "copNo"):
            number = self._proved(asked, field)
            if number is not None:
                asked.head[field] = number
                asked.proved[field] = number
        problems = tuple(self._with_value(asked, one) for one in record.problems)
        return record if problems == record.problems else record._replace(problems=problems)

    def _with_value(self, asked: _Damaged, found: Problem) -> Problem:
        value = None
        if found.id in (CUT_OFF, SHORTENED):
            value = asked.proved.get(found.field or "")
        elif found.id == "CEBD-1301" and asked.record.type == "CEB311":
            value = self._paid_for(asked)
        elif found.id == "CEBD-1302" and asked.record.type == "CEB621":
            value = self._total_of_a_line(asked)
        return found if value is None else replace(found, suggestion=value)

    def _proved(self, asked: _Damaged, field: str) -> str | None:
        left = asked.left(field)
        if left is None:
            return None
        match asked.record.type, field:
            case "CEB621", "orderNo":
                found = self._orders_of_a_list(asked, left)
            case "CEB411", "orderNo":
                found = self._orders_of_a_payment(asked, left)
            case "CEB621", "logisticsNo":
                found = self._waybills_of_a_list(asked, left)
            case "CEB623" | "CEB625", "orderNo" | "logisticsNo":
                found = self._numbers_of_the_list(asked, left, field)
            case "CEB621", "copNo" if asked.record.app_type != "1":
                found = self._lists_of_the_order(asked, left)
            case _:
                return None
        numbers = set(found)
        return numbers.pop() if len(numbers) == 1 else None

    # Each gives the numbers that agree with the digits left and with the second column

    def _orders_of_a_list(self, asked: _Damaged, left: TruncatedNumber) -> Iterator[str]:
        waybill = joined_number(asked.head.get("logisticsNo", ""), asked.head.get("logisticsCode", ""))
        waybills = self._before("CEB511", By.KEY, waybill)
        if waybills:
            named = (self._declared(one).get("orderNo", "") for one in waybills)
            yield from (number for number in named if left.agrees(number))
            return
        worth = asked.worth(asked.lines)
        for order in self._orders_of(asked.facts.buyer, asked, left):
            number = order.key.rpartition(KEY_SEPARATOR)[2]
            same_worth = not worth or order.value in worth
            if same_worth and not self._on_another_list(
                asked, By.ORDER_NUMBER, joined_number(number, asked.head["ebpCode"])
            ):
                yield number

    def _orders_of_a_payment(self, asked: _Damaged, left: TruncatedNumber) -> Iterator[str]:
        head = asked.head
        # As an order of the payer's would be known.
        buyer = buyer_of(head.get("payerIdType", ""), head.get("payerIdNumber", ""))
        for order in self._orders_of(buyer, asked, left):
            number = order.key.rpartition(KEY_SEPARATOR)[2]
            paid = self._declared(order).get("acturalPaid", "")
            if not _same_amount(paid, head.get("amountPaid", "")):
                continue
            order_no = joined_number(number, head["ebpCode"])
            if asked.record.app_type != "1" or not self._before("CEB411", By.ORDER_NUMBER, order_no):
                yield number

    def _orders_of(self, buyer: bytes | None, asked: _Damaged, left: TruncatedNumber) -> Iterator[OwnRecord]:
        """Orders of that buyer on that platform, and of that shop where it is told, which agree with the digits left."""
        if buyer is None or not left.nearly_whole:
            return
        for order in self._before("CEB311", By.BUYER, buyer):
            platform, shop, number = order.key.split(KEY_SEPARATOR)
            told = asked.head.get("ebcCode", shop)
            if platform == asked.head.get("ebpCode") and shop == told and left.agrees(number):
                yield order

    def _waybills_of_a_list(self, asked: _Damaged, left: TruncatedNumber) -> Iterator[str]:
        order = asked.head.get("orderNo", "")
        if not order or asked.left("orderNo") is not None:
            return
        lowest, highest = left.bounds
        if len(str(lowest)) != len(str(highest)):
            return
        carrier = asked.head.get("logisticsCode")
        for waybill in own_records_between(self._transaction, self._enterprise, "CEB511", str(lowest), str(highest)):
            number, _, code = waybill.key.partition(KEY_SEPARATOR)
            agrees = code == carrier and left.agrees(number) and self._declared(waybill).get("orderNo") == order
            if agrees and not self._on_another_list(asked, By.WAYBILL_NUMBER, waybill.key):
                yield number

    def _numbers_of_the_list(self, asked: _Damaged, left: TruncatedNumber, field: str) -> Iterator[str]:
        invt_no = asked.head.get("invtNo")
        for one in self._before("CEB621", By.LIST_NUMBER, invt_no) if invt_no else ():
            number = ((one.order_no if field == "orderNo" else one.waybill_no) or "").partition(KEY_SEPARATOR)[0]
            if left.agrees(number):
                yield number

    def _lists_of_the_order(self, asked: _Damaged, left: TruncatedNumber) -> Iterator[str]:
        order = asked.facts.order_no
        if order is None or asked.left("orderNo") is not None:
            return
        for one in self._before("CEB621", By.ORDER_NUMBER, order):
            number, _, agent = one.key.partition(KEY_SEPARATOR)
            if agent == asked.head.get("agentCode") and left.agrees(number):
                yield number

    # Amounts

    def _paid_for(self, asked: _Damaged) -> str | None:
        head = asked.head
        owed = due(head)
        order = joined_number(head["orderNo"], head["ebpCode"])
        payments = self._before("CEB411", By.ORDER_NUMBER, order)
        paid = {self._declared(one).get("amountPaid", "") for one in payments}
        return shown(owed) if len(paid) == 1 and _same_amount(paid.pop(), shown(owed)) else None

    def _total_of_a_line(self, asked: _Damaged) -> str | None:
        """Price x qty of the one line that does not multiply, in whole cents, where the list is then worth what its order is."""
        head, products = asked.head, [Decimal(line["price"]) * Decimal(line["qty"]) for line in asked.lines]
        off = [nth for nth, line in enumerate(asked.lines) if products[nth] != Decimal(line["totalPrice"])]
        if len(off) != 1 or products[off[0]] * 100 % 1:
            return None
        total = format(products[off[0]].normalize(), "f")
        lines = [{**line, "totalPrice": total} if nth in off else line for nth, line in enumerate(asked.lines)]
        key = joined((head["ebpCode"], head["ebcCode"], head["orderNo"]))
        worth = [one.value for one in self._before("CEB311", By.KEY, key)]
        return total if len(worth) == 1 and worth[0] in asked.worth(lines) else None

    # The store

    def _before(self, type_: str, by: By, wanted: str | bytes) -> Sequence[OwnRecord]:
        """The enterprise's own records of that type, in force; none when they are too many to tell apart."""
        return own_records(self._transaction, self._enterprise, type_, by, wanted)

    def _on_another_list(self, asked: _Damaged, by: By, number: str) -> bool:
        own = joined(asked.record.key)
        return any(one.key != own for one in self._before("CEB621", by, number))

    def _declared(self, before: OwnRecord) -> Texts:
        """The texts of the head of a record as it was declared."""
        if before.message_id is None:
            return {}
        known = self._read.get(before.message_id)
        if known is None:
            if len(self._read) >= _MAX_MESSAGES_READ:
                self._read.clear()
            known = self._read[before.message_id] = heads_by_guid(message_body(self._transaction, before.message_id))
        return known.get(before.guid.upper(), {})


class _Damaged:
    """A record with damaged numbers, and what is proved of it so far."""

    def __init__(self, record: Record, head: Texts, lines: Sequence[Texts]) -> None:
        self.record = record
        self.head = dict(head)
        self.lines = lines
        self.proved: dict[str, str] = {}

    @property
    def facts(self) -> Facts:
        """What the record would be known by."""
        return _facts(self.record.type, self.head, self.lines)

    def worth(self, lines: Sequence[Texts]) -> set[int]:
        """What the order of a list with these lines may be worth, in cents: an order knows of no insurance. Empty where none can tell."""
        heads = (self.head, {**self.head, "insuredFee": "0"})
        values = (_facts(self.record.type, head, lines).value for head in heads)
        return {one for one in values if one is not None}

    def left(self, field: str) -> TruncatedNumber | None:
        """What is left of the number; None where it is not damaged, or proved."""
        if field in self.proved:
            return None
        for one in self.record.problems:
            if one.field == field and one.id in (CUT_OFF, SHORTENED):
                return truncated_number(one)
        return None


def _facts(code: str, head: Texts, lines: Sequence[Texts]) -> Facts:
    paths = message_types()[code].facts
    facts = facts_of(paths, head, lines)
    if facts is NO_FACTS and paths is not None and lines:
        # An amount is wrong, too: what it is worth is not known, but the rest is.
        return facts_of(replace(paths, head_amounts=(), line_amounts=()), head, ())
    return facts


def _same_amount(one: str, other: str) -> bool:
    try:
        return bool(one and other) and scaled(one) == scaled(other)
    except ValueError:
        return False
