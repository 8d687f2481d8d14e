"""Rules of the order (CEB311)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cebd.records.amount import scaled, shown
from cebd.rules.amounts import (
    LIMITS,
    amounts_have_sign,
    amounts_not_zero,
    due,
    is_paid,
    lines_multiply,
    lines_total,
    multiplies,
    over_limit,
)
from cebd.rules.dates import dates_exist
from cebd.rules.goods import lines_are_numbered
from cebd.rules.identity import identity_rules
from cebd.rules.masked import nobody_is_masked
from cebd.rules.placeholders import something_is_said
from cebd.rules.registrations import enterprise_codes
from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule


def _not_adding_up(columns: RecordColumns) -> Iterable[int]:
    amounts = map(columns.head_amounts, ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid"))
    rounding = columns.figures.rounding_scaled
    return [
        number
        for number, (value, freight, tax, discount, paid) in enumerate(zip(*amounts, strict=True))
        if not -rounding < value + freight + tax - discount - paid < rounding
    ]


@rule("CEBD-1301", source="specification chapter 3, acturalPaid of 311", screen=_not_adding_up)
def paid_amount_adds_up(record: RecordTexts) -> Iterator[Violation]:
    """goodsValue + freight + taxTotal - discount = acturalPaid.

    Less than a cent of difference is rounding: a tax is worked out to five decimals, money is paid in cents. An order paid wholly by
    vouchers comes to 0.

    No amount is offered here: five take part, the lines confirm goodsValue alone, and any of the other four may be the wrong one. A
    discount typed twice looks like a payment that is too high. `cebd.declared.suggestions` asks the payment's own declaration.
    """
    head = record.head
    owed = due(head)
    if abs(owed - scaled(head["acturalPaid"])) >= record.figures.rounding_scaled:
        yield Violation("CEBD-1301", "head", -1, "acturalPaid", {"expected": shown(owed)})


def _lines_not_adding_up(columns: RecordColumns) -> Iterable[int]:
    sums, values = columns.line_sums("totalPrice"), columns.head_amounts("goodsValue")
    return [number for number, (total, value) in enumerate(zip(sums, values, strict=True)) if total != value]


@rule(
    "CEBD-1303",
    source="specification chapter 3, goodsValue of 311: the price agreed, what vouchers pay included",
    screen=_lines_not_adding_up,
)
def lines_add_up(record: RecordTexts) -> Iterator[Violation]:
    """The sum of the lines' totalPrice is goodsValue, less than a cent of rounding aside. A discount stands in `discount`, not here.

    The sum is offered where goodsValue stands alone: every line multiplies, and what was paid is due for the sum, not for goodsValue.
    """
    value, lines = record.head["goodsValue"], record.lines
    if len(lines) == 1 and lines[0]["totalPrice"] == value:
        return
    total = lines_total(lines)
    if abs(total - scaled(value)) >= record.figures.rounding_scaled:
        proved = shown(total) if _proves_goods_value(record, total) else None
        yield Violation("CEBD-1303", "head", -1, "goodsValue", {"expected": shown(total)}, proved)


def _proves_goods_value(record: RecordTexts, total: int) -> bool:
    head, figures = record.head, record.figures
    if not record.lines or is_paid(head, figures) or not is_paid(head, figures, total):
        return False
    return all(multiplies(line, figures) for line in record.lines)


def _over_the_limit(columns: RecordColumns) -> Iterable[int]:
    amounts = zip(columns.head_amounts("goodsValue"), columns.head_amounts("freight"), strict=True)
    limit = columns.figures.order_limit_scaled
    return [number for number, (value, freight) in enumerate(amounts) if value + freight > limit]


@rule("CEBD-1307", "CEBD-1308", source=LIMITS, screen=_over_the_limit)
def order_is_within_the_limit(record: RecordTexts) -> Iterator[Violation]:
    """goodsValue + freight is not over the limit of a single order. Tax does not count; what vouchers pay does."""
    head = record.head
    value = scaled(head["goodsValue"]) + scaled(head["freight"])
    if value > record.figures.order_limit_scaled:
        yield from over_limit(record, value, "head", -1, "goodsValue")


RULES = (
    paid_amount_adds_up,
    lines_multiply,
    lines_add_up,
    lines_are_numbered,
    *identity_rules("buyerIdType", "buyerIdNumber"),
    order_is_within_the_limit,
    dates_exist("appTime"),
    amounts_have_sign(
        not_below=("goodsValue", "freight", "discount", "taxTotal", "acturalPaid"),
        line_above_zero=("qty",),
        line_not_below=("price", "totalPrice"),
    ),
    amounts_not_zero(head=("acturalPaid",), line=("price",)),
    enterprise_codes("ebcCode", "payCode"),
    nobody_is_masked("buyerName", "buyerTelephone", "consignee", "consigneeTelephone", "consigneeAddress"),
    something_is_said(
        head=("orderNo", "buyerName", "buyerTelephone", "consignee", "consigneeTelephone", "consigneeAddress"),
        line=("itemName", "gmodel"),
    ),
)
