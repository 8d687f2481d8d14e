"""Amounts and quantities: what adds up, what multiplies, what may not be below zero, how much one order may be worth.

They are counted as whole numbers of 0.00001, the finest that the specification has (N19,5): exact, and several times as fast as Decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cebd.messages.description import Part
from cebd.records.amount import _ONE, scaled, shown
from cebd.rules.figures import Figures
from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Texts, Violation, rule

_NONZERO = "123456789"
LIMITS = "Cai Guan Shui [2018] No. 49, items 1 and 2; Cai Guan Shui [2016] No. 18, item 3"


def _not_multiplying(columns: RecordColumns) -> Iterable[int]:
    amounts = zip(*map(columns.line_amounts, ("price", "qty", "totalPrice")), strict=True)
    rounding = columns.figures.rounding_scaled * _ONE
    return columns.of_lines(
        line
        for line, (price, quantity, total) in enumerate(amounts)
        if not -rounding < price * quantity - total * _ONE < rounding
    )


@rule("CEBD-1302", source="specification chapter 3, totalPrice of 311 and 621", screen=_not_multiplying)
def lines_multiply(record: RecordTexts) -> Iterator[Violation]:
    """price x qty = totalPrice.

    Less than a cent of difference is rounding: a unit price worked out of the total (20 / 3 = 6.66667) has five decimals at most. A gift
    (price 0, total 0) multiplies like any other line.
    """
    for number, line in enumerate(record.lines):
        price, quantity, total = line["price"], line["qty"], line["totalPrice"]
        if quantity == "1" and price == total:
            continue
        product = scaled(price) * scaled(quantity)
        if abs(product - scaled(total) * _ONE) >= record.figures.rounding_scaled * _ONE:
            expected = (product + _ONE // 2) // _ONE
            proved = _proved_total(record, number)
            yield Violation("CEBD-1302", "line", number, "totalPrice", {"expected": shown(expected)}, proved)


def _proved_total(record: RecordTexts, number: int) -> str | None:
    """The line's total, where three others stand against it: price x qty, goodsValue without the other lines, and what was paid.

    Where the total agrees with goodsValue it is price or quantity that is wrong. Which of them, nothing tells: 94 x 2 = 186 may be a
    price of 93 as well as another quantity, so nothing is offered. Nor is anything in a list, whose head has no sum: its order may have
    been declared before, which `cebd.declared.suggestions` asks.
    """
    head, line = record.head, record.lines[number]
    if not head.get("goodsValue") or not is_paid(head, record.figures):
        return None
    others = [one for nth, one in enumerate(record.lines) if nth != number]
    total = scaled(head["goodsValue"]) - lines_total(others)
    if total < 0 or abs(total - scaled(line["totalPrice"])) < record.figures.rounding_scaled:
        return None
    corrected = {**line, "totalPrice": shown(total)}
    return shown(total) if all(multiplies(one, record.figures) for one in (corrected, *others)) else None


def multiplies(line: Texts, figures: Figures) -> bool:
    """Whether price x qty = totalPrice, less than a cent aside."""
    product = scaled(line["price"]) * scaled(line["qty"])
    return abs(product - scaled(line["totalPrice"]) * _ONE) < figures.rounding_scaled * _ONE


def lines_total(lines: Sequence[Texts]) -> int:
    """The sum of the lines' totalPrice."""
    return sum(scaled(line["totalPrice"]) for line in lines)


def due(head: Texts, goods_value: int | None = None) -> int:
    """goodsValue + freight + taxTotal - discount of an order; `goods_value` in place of the one that is declared."""
    value = scaled(head["goodsValue"]) if goods_value is None else goods_value
    return value + scaled(head["freight"]) + scaled(head["taxTotal"]) - scaled(head["discount"])


def is_paid(head: Texts, figures: Figures, goods_value: int | None = None) -> bool:
    """Whether acturalPaid is what is due, less than a cent aside."""
    return abs(due(head, goods_value) - scaled(head["acturalPaid"])) < figures.rounding_scaled


def amounts_have_sign(
    *,
    above_zero: tuple[str, ...] = (),
    not_below: tuple[str, ...] = (),
    line_above_zero: tuple[str, ...] = (),
    line_not_below: tuple[str, ...] = (),
) -> Rule:
    """These quantities and weights are above zero, these amounts not below it.

    An amount may be 0: gifts, free delivery, orders paid wholly by vouchers. What is left out is not judged.
    """

    def without_their_sign(columns: RecordColumns) -> Iterator[int]:
        for name in above_zero:
            yield from columns.heads_where(name, _is_not_above_zero)
        for name in not_below:
            yield from columns.heads_where(name, _is_below_zero)
        for name in line_above_zero:
            yield from columns.lines_where(name, _is_not_above_zero)
        for name in line_not_below:
            yield from columns.lines_where(name, _is_below_zero)

    @rule(
        "CEBD-1317", source="specification chapter 3: actual quantities, weights and amounts", screen=without_their_sign
    )
    def numbers_have_their_sign(record: RecordTexts) -> Iterator[Violation]:
        head = record.head
        for name in above_zero:
            text = head.get(name, "")
            if _is_not_above_zero(text):
                yield not_above_zero("head", -1, name)
        for name in not_below:
            text = head.get(name, "")
            if _is_below_zero(text):
                yield _below_zero("head", -1, name)
        for number, line in enumerate(record.lines):
            for name in line_above_zero:
                text = line.get(name, "")
                if _is_not_above_zero(text):
                    yield not_above_zero("line", number, name)
            for name in line_not_below:
                text = line.get(name, "")
                if _is_below_zero(text):
                    yield _below_zero("line", number, name)

    return numbers_have_their_sign


def amounts_not_zero(*, head: tuple[str, ...] = (), line: tuple[str, ...] = ()) -> Rule:
    """An amount paid, or a price, of 0 is rare: a gift, an order paid wholly by vouchers. It is declared, and said."""

    def of_zero(columns: RecordColumns) -> Iterator[int]:
        for name in head:
            yield from columns.heads_where(name, _is_zero)
        for name in line:
            yield from columns.lines_where(name, _is_zero)

    @rule("CEBD-1329", source="specification chapter 3: actual price, amount paid", screen=of_zero)
    def nothing_costs_nothing(record: RecordTexts) -> Iterator[Violation]:
        for name in head:
            if _is_zero(record.head.get(name, "")):
                yield Violation("CEBD-1329", "head", -1, name, {})
        for number, texts in enumerate(record.lines):
            for name in line:
                if _is_zero(texts.get(name, "")):
                    yield Violation("CEBD-1329", "line", number, name, {})

    return nothing_costs_nothing


# Text comparison settles nearly all: a number that begins with 1 to 9 is above zero (and so is, to `in`, no text at all).


def _is_not_above_zero(text: str) -> bool:
    return text[:1] not in _NONZERO and scaled(text) <= 0


def _is_zero(text: str) -> bool:
    return text[:1] not in _NONZERO and scaled(text) == 0


def _is_below_zero(text: str) -> bool:
    return text[:1] == "-" and scaled(text) < 0


def not_above_zero(part: Part, line: int, field: str) -> Violation:
    """A quantity or weight that is 0 or less."""
    return Violation("CEBD-1317", part, line, field, {"must_zh": "必须大于 0", "must_en": "must be above zero"})


def _below_zero(part: Part, line: int, field: str) -> Violation:
    return Violation("CEBD-1317", part, line, field, {"must_zh": "不能小于 0", "must_en": "must not be below zero"})


def over_limit(record: RecordTexts, value: int, part: Part, line: int, field: str) -> Iterator[Violation]:
    """What the law says of an order worth more than one order may be.

    A single piece may go on and is taxed in full (CEBD-1308), unless it alone is over the year's limit. "A single piece" is taken at its
    word: one line, quantity 1. A gift beside it makes two; half a kilogram may be many.
    """
    figures = record.figures
    worth = {"total": shown(value)}
    single = len(record.lines) == 1 and scaled(record.lines[0]["qty"]) == _ONE
    if not single:
        limit = {"limit": figures.order_limit, "which_zh": "单次交易限值", "which_en": "limit of a single order"}
        yield Violation("CEBD-1307", part, line, field, worth | limit)
    elif value > figures.annual_limit_scaled:
        limit = {"limit": figures.annual_limit, "which_zh": "个人年度交易限值", "which_en": "buyer's limit of a year"}
        yield Violation("CEBD-1307", part, line, field, worth | limit)
    else:
        yield Violation("CEBD-1308", part, line, field, worth | {"limit": figures.order_limit})
