"""Business rules that XSD cannot say. Each is a named function on a record's texts; its id stands in `problems/`.

A rule sees `head` and `lines` as texts by field name and yields (id, part, line number, field, facts); it is only asked about records
whose cells are all right by themselves. Sources: specification chapter 3, remarks on the fields; GB 11643 for identity numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import mul
from typing import NamedTuple

from cebd.messages.description import Part

Texts = Mapping[str, str]


class Broken(NamedTuple):
    """A rule that does not hold: where, and the facts its text needs. `line` counts from 0; -1 is the head."""

    id: str
    part: Part
    line: int
    field: str
    facts: dict[str, object]


Rule = Callable[[Texts, Sequence[Texts]], Iterator[Broken]]

_CENT = Decimal("0.01")


def paid_amount_adds_up(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """goodsValue + freight + taxTotal - discount = acturalPaid (311)."""
    due = Decimal(head["goodsValue"]) + Decimal(head["freight"]) + Decimal(head["taxTotal"]) - Decimal(head["discount"])
    if due != Decimal(head["acturalPaid"]):
        yield Broken("CEBD-1301", "head", -1, "acturalPaid", {"expected": due})


def lines_multiply(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """price x qty = totalPrice, to the cent (311, 621)."""
    for number, line in enumerate(lines):
        if line["qty"] == "1" and line["price"] == line["totalPrice"]:
            continue
        expected = Decimal(line["price"]) * Decimal(line["qty"])
        if abs(expected - Decimal(line["totalPrice"])) >= _CENT:
            yield Broken("CEBD-1302", "line", number, "totalPrice", {"expected": _plain(expected)})


def lines_add_up(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """The sum of the lines is goodsValue (311)."""
    total = sum((Decimal(line["totalPrice"]) for line in lines), Decimal())
    if total != Decimal(head["goodsValue"]):
        yield Broken("CEBD-1303", "head", -1, "goodsValue", {"expected": _plain(total)})


def lines_are_numbered(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """gnum runs 1, 2, 3 ... (311, 621)."""
    for number, line in enumerate(lines):
        if line["gnum"] != str(number + 1):
            yield Broken("CEBD-1304", "line", number, "gnum", {"expected": number + 1})
            return


def net_within_gross(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """netWeight <= grossWeight (621)."""
    if Decimal(head["netWeight"]) > Decimal(head["grossWeight"]):
        yield Broken("CEBD-1305", "head", -1, "netWeight", {"expected": head["grossWeight"]})


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number_is_whole(head: Texts, lines: Sequence[Texts]) -> Iterator[Broken]:
    """The buyer's identity number has the check digit of GB 11643 (ISO 7064 MOD 11-2)."""
    number = head["buyerIdNumber"].upper()
    if head.get("buyerIdType") != "1":
        return
    if len(number) == 18 and number[:17].isascii() and number[:17].isdigit():
        total = sum(map(mul, _WEIGHTS, map(int, number[:17])))
        if "10X98765432"[total % 11] == number[17]:
            return
    yield Broken("CEBD-1306", "head", -1, "buyerIdNumber", {})


RULES: dict[str, tuple[Rule, ...]] = {
    "CEB311": (
        paid_amount_adds_up,
        lines_multiply,
        lines_add_up,
        lines_are_numbered,
        identity_number_is_whole,
    ),
    "CEB621": (lines_multiply, lines_are_numbered, net_within_gross, identity_number_is_whole),
}


def broken_rules(code: str, head: Texts, lines: Sequence[Texts]) -> list[Broken]:
    """Every rule of that message the record breaks."""
    return [broken for rule in RULES.get(code, ()) for broken in rule(head, lines)]


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
