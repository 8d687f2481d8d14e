"""What later declarations ask of a record: the order, waybill and list it speaks of, who buys, and for how much.

| of | order | waybill | list | buyer and value |
| --- | --- | --- | --- | --- |
| 311 | orderNo, ebpCode | | | goodsValue + freight |
| 411 | orderNo, ebpCode | | | |
| 621 | orderNo, ebpCode | logisticsNo, logisticsCode | | lines + freight + insuredFee |
| 623, 625 | | | invtNo of the original | |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from cebd.records.amount import scaled
from cebd.records.key import joined_number

Texts = Mapping[str, str]
_CENT = 1000  # in the unit that amounts are scaled to, 0.00001


class Facts(NamedTuple):
    """`order_no` and `waybill_no` are a number and the code of who gave it, joined by U+001F.

    `buyer` is a digest of the identity number, `value` in cents. `enterprise`: of a list, its ebcCode. `lines`: of a return application,
    (gnum, gcode, qty) of each line.
    """

    order_no: str | None = None
    enterprise: str | None = None
    waybill_no: str | None = None
    list_no: str | None = None
    buyer: bytes | None = None
    value: int | None = None
    lines: tuple[tuple[str, str, str], ...] = ()


NO_FACTS = Facts()


def facts_of(code: str, head: Texts, lines: Sequence[Texts]) -> Facts:
    """The facts of a record whose texts are right by themselves."""
    try:
        match code:
            case "CEB311":
                return Facts(
                    order_no=joined_number(head["orderNo"], head["ebpCode"]),
                    buyer=_buyer(head),
                    value=_cents(head["goodsValue"], head["freight"]),
                )
            case "CEB411":
                return Facts(order_no=joined_number(head["orderNo"], head["ebpCode"]))
            case "CEB621":
                return Facts(
                    order_no=joined_number(head["orderNo"], head["ebpCode"]),
                    enterprise=head["ebcCode"],
                    waybill_no=joined_number(head["logisticsNo"], head["logisticsCode"]),
                    buyer=_buyer(head),
                    value=_cents(head["freight"], head["insuredFee"], *(line["totalPrice"] for line in lines)),
                )
            case "CEB623":
                return Facts(list_no=head["invtNo"])
            case "CEB625":
                returned = tuple((line["gnum"], line["gcode"], line["qty"]) for line in lines)
                return Facts(list_no=head["invtNo"], lines=returned)
    except (KeyError, ValueError):
        pass  # a dropped message that its schema refuses anyway
    return NO_FACTS


def _buyer(head: Texts) -> bytes | None:
    if head.get("buyerIdType") != "1":
        return None
    return blake2b(head["buyerIdNumber"].upper().encode(), digest_size=8).digest()


def _cents(*amounts: str) -> int:
    return sum(map(scaled, amounts)) // _CENT
