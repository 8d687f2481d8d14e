"""Rules of the order (CEB311)."""

from __future__ import annotations

from collections.abc import Iterator

from cebd.rules.amounts import LIMITS, lines_multiply, over_limit, scaled, shown, signs
from cebd.rules.dates import dates_exist
from cebd.rules.goods import lines_are_numbered
from cebd.rules.identity import identity_rules
from cebd.rules.registrations import enterprise_codes
from cebd.rules.rule import Broken, Declared, rule


@rule("CEBD-1301", source="specification chapter 3, acturalPaid of 311")
def paid_amount_adds_up(record: Declared) -> Iterator[Broken]:
    """goodsValue + freight + taxTotal - discount = acturalPaid.

    Less than a cent of difference is rounding: a tax is worked out to five decimals, money is paid in cents. An order paid wholly by
    vouchers comes to 0.
    """
    head = record.head
    due = scaled(head["goodsValue"]) + scaled(head["freight"]) + scaled(head["taxTotal"]) - scaled(head["discount"])
    if abs(due - scaled(head["acturalPaid"])) >= record.figures.rounding_scaled:
        yield Broken("CEBD-1301", "head", -1, "acturalPaid", {"expected": shown(due)})


@rule("CEBD-1303", source="specification chapter 3, goodsValue of 311: the price agreed, what vouchers pay included")
def lines_add_up(record: Declared) -> Iterator[Broken]:
    """The sum of the lines' totalPrice is goodsValue, less than a cent of rounding aside. A discount stands in `discount`, not here."""
    value, lines = record.head["goodsValue"], record.lines
    if len(lines) == 1 and lines[0]["totalPrice"] == value:
        return
    total = sum(scaled(line["totalPrice"]) for line in lines)
    if abs(total - scaled(value)) >= record.figures.rounding_scaled:
        yield Broken("CEBD-1303", "head", -1, "goodsValue", {"expected": shown(total)})


@rule("CEBD-1307", "CEBD-1308", source=LIMITS)
def order_is_within_the_limit(record: Declared) -> Iterator[Broken]:
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
    signs(
        not_below=("goodsValue", "freight", "discount", "taxTotal", "acturalPaid"),
        line_above_zero=("qty",),
        line_not_below=("price", "totalPrice"),
    ),
    enterprise_codes("ebcCode", "payCode"),
)
