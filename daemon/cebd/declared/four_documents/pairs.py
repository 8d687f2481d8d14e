"""Which documents are compared with which, and the problem of each field that differs.

| pair | the later document is held back | it is warned of |
| --- | --- | --- |
| order, payment | amount paid, by all its payments; payment company (customs: 13035) | transaction, payer, platform |
| order, list | a goods line, the number of lines (customs: 1322) | names of goods, buyer, platform, seller, address, freight |
| order, waybill | | consignee |
| list, waybill | | their numbers, address, weight, freight, insurance, bill of lading |

What is held back, customs are known to refuse. The settings weigh each problem ([rules]).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cebd.messages.shared_parts import WEIGHT

ORDER, PAYMENT, WAYBILL, LIST = "CEB311", "CEB411", "CEB511", "CEB621"
LINES = "lines"  # in place of a field: how many there are
PAID_TOO_MUCH, PAID_SO_FAR = "too much", "so far"  # likewise: what all payments of an order come to
_BUYER = ("buyerIdType", "buyerIdNumber", "buyerName", "buyerTelephone")


@dataclass(frozen=True, eq=False)
class Pair:
    """`parts`: what both share (`cebd.messages.shared_parts`). `ids`: the problem by the field of `one`."""

    one: str
    other: str
    parts: tuple[str, ...]
    ids: Mapping[str, str]

    @cached_property
    def all_ids(self) -> frozenset[str]:
        """They stand for this pair alone, so that what was said of it before is found again."""
        return frozenset(self.ids.values())

    def beside(self, type_: str) -> str:
        """The document that one of that type is compared with."""
        return self.other if type_ == self.one else self.one


ORDER_PAYMENT = Pair(
    ORDER,
    PAYMENT,
    ("payment", "telephone", "company", "transaction"),
    {
        **dict.fromkeys(("acturalPaid", "currency"), "CEBD-1421"),
        "payCode": "CEBD-1422",
        "payTransactionId": "CEBD-1423",
        **dict.fromkeys(_BUYER, "CEBD-1424"),
        "ebpCode": "CEBD-1425",
        PAID_TOO_MUCH: "CEBD-1437",
        PAID_SO_FAR: "CEBD-1438",
    },
)
ORDER_LIST = Pair(
    ORDER,
    LIST,
    ("list", "names"),
    {
        **dict.fromkeys(("gnum", "qty", "unit", "price", "totalPrice", "currency"), "CEBD-1426"),
        LINES: "CEBD-1427",
        "itemName": "CEBD-1428",
        **dict.fromkeys(_BUYER, "CEBD-1429"),
        **dict.fromkeys(("ebpCode", "ebcCode"), "CEBD-1430"),
        "consigneeAddress": "CEBD-1431",
        "freight": "CEBD-1439",
    },
)
ORDER_WAYBILL = Pair(
    ORDER,
    WAYBILL,
    ("consignee",),
    dict.fromkeys(("consignee", "consigneeTelephone", "consigneeAddress"), "CEBD-1432"),
)
LIST_WAYBILL = Pair(
    LIST,
    WAYBILL,
    ("parcel", WEIGHT, "freight", "insurance", "bill"),
    {
        **dict.fromkeys(("orderNo", "logisticsNo", "logisticsCode"), "CEBD-1433"),
        "consigneeAddress": "CEBD-1434",
        "grossWeight": "CEBD-1435",
        **dict.fromkeys(("freight", "insuredFee"), "CEBD-1440"),
        "billNo": "CEBD-1441",
    },
)
PAIRS = (ORDER_PAYMENT, ORDER_LIST, ORDER_WAYBILL, LIST_WAYBILL)
WORDS = {ORDER: ("订单", "order"), PAYMENT: ("支付单", "payment"), WAYBILL: ("运单", "waybill"), LIST: ("清单", "list")}
_NUMBER_IN_KEY = {ORDER: 2, PAYMENT: 0, WAYBILL: 0, LIST: 0}


def number_of(type_: str, key: Sequence[str]) -> str:
    """The number that people call a document by."""
    return key[_NUMBER_IN_KEY[type_]]
