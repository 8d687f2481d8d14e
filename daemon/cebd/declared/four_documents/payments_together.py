"""What the payments of an order come to together: an order is paid once, whole or in parts.

| its payments come to | is said | severity |
| --- | --- | --- |
| more | CEBD-1437 of the payment with which it is too much, and of the order | error; warning where the order names one, customs take it |
| less | CEBD-1438 of the last payment, and of the order | a warning: the rest may come |
| as much | what was said of the parts is taken back | |

One payment alone is compared with its order field by field (`check.py`). Nothing can be said before the order is here. One number of one
payment company is one payment, whichever enterprises declare it: it is counted once, as the latest of them has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cebd.declared.checked_file import Checking
from cebd.declared.four_documents.check import Compared, as_warning, place_of, unknown
from cebd.declared.four_documents.differences import Said
from cebd.declared.four_documents.pairs import ORDER, ORDER_PAYMENT, PAID_SO_FAR, PAID_TOO_MUCH, PAYMENT
from cebd.declared.four_documents.stated import DeclaredTexts
from cebd.messages.description import message_types
from cebd.problems.problem import Problem, problem, with_severity_of
from cebd.records.amount import scaled
from cebd.records.key import bare_number, joined, parts_of
from cebd.records.record import Record
from cebd.store.across.earlier.counterparts import Counterpart, LaterWord, of_orders

_CHANGES, _DELETES = "2", "3"
_CENT = 1000  # in the unit that amounts are scaled to
_MOST_NAMED = 5
_PAID, _AMOUNT = "acturalPaid", "amountPaid"
_TOO_MUCH, _SO_FAR = ORDER_PAYMENT.ids[PAID_TOO_MUCH], ORDER_PAYMENT.ids[PAID_SO_FAR]
_OF_ALL = frozenset({_TOO_MUCH, _SO_FAR})
_OF_AMOUNTS = _OF_ALL | {ORDER_PAYMENT.ids[_PAID]}


class _Payment(NamedTuple):
    """A payment of an order: its number, cents, file and row. `declared`: as the store has it; None in the file that is checked."""

    number: str
    cents: int
    file: str
    row: int | None
    declared: Counterpart | None = None


class _Order(NamedTuple):
    """What an order says was paid, in cents, and in its own words; and the number of the payment that it names."""

    number: str
    cents: int
    text: str
    named: str


class PaymentsTogether:
    """The check of the payments, or orders, of a file. `severities`: the settings' severities of problems."""

    def __init__(self, checking: Checking, declared: DeclaredTexts, severities: Mapping[str, str]) -> None:
        self._checking = checking
        self._declared = declared
        self._severities = severities
        self._in_file: dict[str, tuple[_Payment, ...]] = {}  # by the order's number with its platform

    def of_payments(self, payments: Mapping[int, Record]) -> Iterator[tuple[int, Compared]]:
        """By the positions of the payments, what is said of them and of their orders. Those that are kept back are none of them."""
        earlier = self._declared_payments(payments.values())
        several: list[tuple[int, tuple[_Payment, ...]]] = []
        for position, record in payments.items():
            order_no = record.facts.order_no
            if not order_no or record.app_type == _DELETES:
                continue
            key = joined(record.key)
            own = _Payment(record.key[0], record.facts.value or 0, self._checking.file.name, record.place.row)
            in_file = self._in_file.get(order_no, ())
            before = [one for one in earlier.get(order_no, ()) if one.declared is None or one.declared.key != key]
            self._in_file[order_no] = (*in_file, own)
            if before or in_file:
                several.append((position, (*before, *in_file, own)))
        orders = of_orders(self._checking.transaction, ORDER, [_bare(payments[position]) for position, _ in several])
        by_number = {one.order_no: one for one in orders}
        for position, together in several:
            order = by_number.get(payments[position].facts.order_no)
            if order is None:
                continue
            stated = self._declared.of(order)
            if stated is not None:
                yield position, self._of_payment(payments[position], together, order, _order_of(stated.texts.head))
            elif not self._declared.is_exhausted:
                yield from self._of_unknown_order(position, payments[position], order)

    def of_orders(
        self, orders: Mapping[int, Record], heads: Mapping[int, Mapping[str, str]]
    ) -> Iterator[tuple[int, Compared]]:
        """By the positions of the orders, which have several payments each, what is said of them and of these. `heads`: what they state."""
        payments = self._declared_payments(orders.values())
        for position, record in orders.items():
            together = payments.get(record.facts.order_no or "", ())
            if len(together) > 1 and record.app_type != _DELETES:
                yield position, self._of_order(record, together, _order_of(heads[position]))

    # What is said

    def _of_unknown_order(self, position: int, record: Record, order: Counterpart) -> Iterator[tuple[int, Compared]]:
        """Nobody knows any more what the order says was paid."""
        weighed = self._weighed(unknown(record, order, self._declared), is_warned=record.app_type == _CHANGES)
        if weighed is not None:
            yield position, Compared((weighed,), ())

    def _of_payment(self, record: Record, together: Sequence[_Payment], order: Counterpart, stated: _Order) -> Compared:
        id_ = _verdict(together, stated)
        own, earlier = together[-1], [one.declared for one in together if one.declared is not None]
        if id_ is None:
            words = [_word(order, _OF_AMOUNTS), *(_word(one, _OF_AMOUNTS) for one in earlier)]
            return Compared((), _those_that_change(words))
        facts = _facts(together, stated)
        amount = message_types()[PAYMENT].field("head", _AMOUNT)
        value = _yuan(own.cents)
        place = self._checking.place_of(record, _AMOUNT)
        weighed = self._weighed(
            problem(id_, place, field=amount, value=value, **facts),
            is_warned=record.app_type == _CHANGES or _is_named(together, stated),
        )
        if weighed is None:
            return Compared((), ())
        file = self._declared.file_of(order)
        paid = message_types()[ORDER].field("head", _PAID)
        of_order = problem(id_, place_of(order, file, Said(_PAID, None, "")), field=paid, value=stated.text, **facts)
        if weighed.severity == "error":  # it is kept back: of the others all is as it was
            return Compared((weighed,), (_word(order, frozenset({id_}), as_warning(of_order))[1],))
        of_parts = _OF_AMOUNTS if id_ == _SO_FAR else _OF_ALL
        words = [_word(order, of_parts, as_warning(of_order)), *(_word(one, _OF_ALL) for one in earlier)]
        return Compared((weighed,), _those_that_change(words))

    def _of_order(self, record: Record, together: Sequence[_Payment], stated: _Order) -> Compared:
        id_ = _verdict(together, stated)
        declared = [one.declared for one in together if one.declared is not None]
        if id_ is None:
            return Compared((), _those_that_change([_word(one, _OF_AMOUNTS) for one in declared]))
        facts = _facts(together, stated)
        place = self._checking.place_of(record, _PAID)
        paid = message_types()[ORDER].field("head", _PAID)
        weighed = self._weighed(
            problem(id_, place, field=paid, value=stated.text, **facts),
            is_warned=record.app_type == _CHANGES or _is_named(together, stated),
        )
        if weighed is None:
            return Compared((), ())
        amount = message_types()[PAYMENT].field("head", _AMOUNT)
        words = []
        so_far = 0
        for nth, (one, counterpart) in enumerate(zip(together, declared, strict=True), 1):
            so_far += one.cents
            is_said = nth == len(together) if id_ == _SO_FAR else nth > 1 and so_far > stated.cents
            if is_said:
                where = place_of(counterpart, self._declared.file_of(counterpart), Said(_AMOUNT, None, ""))
                said = problem(id_, where, field=amount, value=_yuan(one.cents), **facts)
                words.append(_word(counterpart, _OF_ALL, as_warning(said)))
            else:
                words.append(_word(counterpart, _OF_ALL))
        return Compared((weighed,), _those_that_change(words))

    def _weighed(self, found: Problem, *, is_warned: bool) -> Problem | None:
        weighed = with_severity_of(found, self._severities)
        return as_warning(weighed) if weighed is not None and is_warned else weighed

    # Which payments there are

    def _declared_payments(self, records: Iterable[Record]) -> dict[str, tuple[_Payment, ...]]:
        """Those in force of the orders that these records are, or name, by the order's number with its platform."""
        found: dict[str, dict[str, _Payment]] = {}
        numbers = list({_bare(record) for record in records} - {""})
        for one in sorted(of_orders(self._checking.transaction, PAYMENT, numbers), key=lambda one: one.id):
            if one.drop_id == self._checking.file.drop_id:
                continue  # counted as its row was checked
            file = self._declared.file_of(one).name
            payment = _Payment(parts_of(one.key)[0], self._cents(one), file, one.row, one)
            found.setdefault(one.order_no or "", {})[one.key] = payment
        return {order_no: tuple(payments.values()) for order_no, payments in found.items()}

    def _cents(self, payment: Counterpart) -> int:
        if payment.value is not None:
            return payment.value
        stated = self._declared.of(payment)  # an earlier version declared it
        return 0 if stated is None else _in_cents(stated.texts.head.get(_AMOUNT, ""))


def _bare(record: Record) -> str:
    return bare_number(record.facts.order_no or "")


def _order_of(head: Mapping[str, str]) -> _Order:
    paid = head.get(_PAID, "")
    return _Order(head.get("orderNo", ""), _in_cents(paid), paid, head.get("payTransactionId", ""))


def _in_cents(text: str) -> int:
    return scaled(text) // _CENT


def _yuan(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _is_named(together: Sequence[_Payment], stated: _Order) -> bool:
    """Whether the order names one of its payments."""
    return any(one.number == stated.named for one in together)


def _verdict(together: Sequence[_Payment], stated: _Order) -> str | None:
    """The problem; None where nothing is to be said of them together."""
    total = sum(one.cents for one in together)
    if total > stated.cents:
        return _TOO_MUCH
    return _SO_FAR if total < stated.cents and not _is_named(together, stated) else None


def _facts(together: Sequence[_Payment], stated: _Order) -> dict[str, str]:
    total = sum(one.cents for one in together)
    named = together[-_MOST_NAMED:]
    parts_zh = [f"{one.number}（文件 {one.file} 第 {one.row or '-'} 行，{_yuan(one.cents)} 元）" for one in named]
    parts_en = [f"{one.number} ({one.file}, row {one.row or '-'}, {_yuan(one.cents)} yuan)" for one in named]
    if len(named) < len(together):
        parts_zh.append(f"等 {len(together)} 笔")
        parts_en.append(f"{len(together)} in all")
    is_twice = sum(one.cents == stated.cents for one in together) > 1
    return {
        "number": stated.number,
        "payments_zh": "、".join(parts_zh),
        "payments": ", ".join(parts_en),
        "total": _yuan(total),
        "paid": _yuan(stated.cents),
        "rest": _yuan(abs(total - stated.cents)),
        "twice_zh": "，像是同一订单支付了两次" if is_twice else "",
        "twice": ": it looks as if the order were paid twice" if is_twice else "",
    }


def _word(one: Counterpart, ids: frozenset[str], *said: Problem) -> tuple[Counterpart, LaterWord]:
    return one, LaterWord(one.id, one.drop_id, ids, said)


def _those_that_change(words: Sequence[tuple[Counterpart, LaterWord]]) -> tuple[LaterWord, ...]:
    """Without those that say nothing and take back nothing."""
    return tuple(word for one, word in words if word.problems or any(id_ in (one.problems or "") for id_ in word.ids))
