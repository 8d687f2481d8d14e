"""Mistakes that make two documents of a purchase say otherwise, each with the fields in which that must be seen.

What is expected is written down here field by field; nothing of it is taken from the daemon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from cebd.trial.rows import identity_number
from purchases.making import LIST, ORDER, PAYMENT, PAYMENT_COMPANY, WAYBILL, Purchase


class Expected(NamedTuple):
    """A difference between two documents: the problem, and the field in each; of which goods lines (from 0) `line.qty` is."""

    id: str
    fields: Mapping[str, str]
    lines: Mapping[str, int] = MappingProxyType({})


class Kind(NamedTuple):
    """`plant` makes the mistake and says what must be seen; `lines`, `names_payment`: what it needs."""

    name: str
    plant: Callable[[Purchase], list[Expected]]
    lines: int | None = None
    names_payment: bool | None = None


def _buyer(document: str, **fields: str) -> Callable[[Purchase], list[Expected]]:
    """Of the buyer: the list and the payment say it beside the order. `fields`: by name in the order."""
    of_payer = {"buyerIdNumber": "payerIdNumber", "buyerName": "payerName", "buyerTelephone": "telephone"}

    def plant(made: Purchase) -> list[Expected]:
        expected = []
        for name, text in fields.items():
            of_payment = of_payer[name]
            own = of_payment if document == PAYMENT else name
            made.change(document, **{f"head_{own}": text or identity_number(made.number + 500)})
            if document != LIST and f"head.{of_payment}" in made.rows[PAYMENT][0]:
                expected.append(Expected("CEBD-1424", {ORDER: f"head.{name}", PAYMENT: f"head.{of_payment}"}))
            if document != PAYMENT:
                expected.append(Expected("CEBD-1429", {ORDER: f"head.{name}", LIST: f"head.{name}"}))
        return expected

    return plant


def _goods(document: str, nth: int = 0) -> Callable[[Purchase], list[Expected]]:
    """Twice as many at half the price."""

    def plant(made: Purchase) -> list[Expected]:
        row = made.rows[document][nth]
        row["line.qty"] = str(Decimal(row["line.qty"]) * 2)
        row["line.price"] = str(Decimal(row["line.price"]) / 2)
        names = ("line.qty", "line.price")
        return [Expected("CEBD-1426", {ORDER: name, LIST: name}, {ORDER: nth, LIST: nth}) for name in names]

    return plant


def _unit(document: str, nth: int = 0) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.rows[document][nth]["line.unit"] = "011"
        return [Expected("CEBD-1426", {ORDER: "line.unit", LIST: "line.unit"}, {ORDER: nth, LIST: nth})]

    return plant


def _price(made: Purchase) -> list[Expected]:
    row = made.rows[LIST][0]
    row["line.price"] = str(Decimal(row["line.price"]) + 1)
    row["line.totalPrice"] = str(Decimal(row["line.price"]) * Decimal(row["line.qty"]))
    names = ("line.price", "line.totalPrice")
    return [Expected("CEBD-1426", {ORDER: name, LIST: name}) for name in names]


def _line_left_out(made: Purchase) -> list[Expected]:
    made.rows[LIST].pop()
    rest = len(made.rows[LIST])
    return [Expected("CEBD-1427", {ORDER: "line.gnum", LIST: "line.gnum"}, {ORDER: rest, LIST: rest - 1})]


def _goods_name(document: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        of_list = "line.itemName" if "line.itemName" in made.rows[LIST][0] else "line.gname"
        made.rows[document][0][of_list if document == LIST else "line.itemName"] = "运动鞋"
        return [Expected("CEBD-1428", {ORDER: "line.itemName", LIST: of_list})]

    return plant


def _seller(document: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(document, head_ebcCode="4407961998")
        return [Expected("CEBD-1430", {ORDER: "head.ebcCode", LIST: "head.ebcCode"})]

    return plant


def _platform(document: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(document, head_ebpCode="4407961998")
        fields = "head.ebpCode"
        expected = []
        if document != LIST:
            expected.append(Expected("CEBD-1425", {ORDER: fields, PAYMENT: fields}))
        if document != PAYMENT:
            expected.append(Expected("CEBD-1430", {ORDER: fields, LIST: fields}))
        return expected

    return plant


def _address(document: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        name = "head.consigneeAddress"
        made.change(document, head_consigneeAddress="测试省别处市样本区九号")
        pairs = {"CEBD-1431": (ORDER, LIST), "CEBD-1432": (ORDER, WAYBILL), "CEBD-1434": (LIST, WAYBILL)}
        return [Expected(id_, dict.fromkeys(pair, name)) for id_, pair in pairs.items() if document in pair]

    return plant


def _consignee(document: str, name: str, text: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(document, **{f"head_{name}": text})
        return [Expected("CEBD-1432", {ORDER: f"head.{name}", WAYBILL: f"head.{name}"})]

    return plant


def _amount(by: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        [payment] = made.rows[PAYMENT]
        payment["head.amountPaid"] = str(Decimal(payment["head.amountPaid"]) + Decimal(by))
        return [Expected("CEBD-1421", {ORDER: "head.acturalPaid", PAYMENT: "head.amountPaid"})]

    return plant


def _paid_again(share: str) -> Callable[[Purchase], list[Expected]]:
    """A second payment of that share of the amount."""

    def plant(made: Purchase) -> list[Expected]:
        [payment] = made.rows[PAYMENT]
        part = (Decimal(payment["head.amountPaid"]) * Decimal(share)).quantize(Decimal("0.01"))
        again = {"head.payTransactionId": f"AGAIN{made.number}", "head.amountPaid": str(part)}
        made.rows[PAYMENT].append(payment | again)
        return [Expected("CEBD-1437", {ORDER: "head.acturalPaid", PAYMENT: "head.amountPaid"}, {PAYMENT: 1})]

    return plant


def _freight(document: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(LIST, head_freight="0")
        made.change(document, head_freight="12.00")
        pairs = {"CEBD-1439": (ORDER, LIST), "CEBD-1440": (LIST, WAYBILL)}
        return [
            Expected(id_, dict.fromkeys(pair, "head.freight"))
            for id_, pair in pairs.items()
            if document in pair and all("head.freight" in made.rows[one][0] for one in pair)
        ]

    return plant


def _of_waybill(problem: str, name: str, text: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(WAYBILL, **{f"head_{name}": text})
        return [Expected(problem, {LIST: f"head.{name}", WAYBILL: f"head.{name}"})]

    return plant


def _of_payment(problem: str, name: str, text: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(PAYMENT, **{f"head_{name}": text.format(made.number)})
        made.change(ORDER, head_payCode=PAYMENT_COMPANY)
        return [Expected(problem, {ORDER: f"head.{name}", PAYMENT: f"head.{name}"})]

    return plant


def _company(made: Purchase) -> list[Expected]:
    made.change(ORDER, head_payCode="4407961776")
    return [Expected("CEBD-1422", {ORDER: "head.payCode", PAYMENT: "head.payCode"})]


def _number_of_waybill(document: str, name: str, text: str) -> Callable[[Purchase], list[Expected]]:
    def plant(made: Purchase) -> list[Expected]:
        made.change(document, **{f"head_{name}": f"{text}{made.number:06d}"[-10:]})
        return [Expected("CEBD-1433", {LIST: f"head.{name}", WAYBILL: f"head.{name}"})]

    return plant


def _weight(document: str, name: str) -> Callable[[Purchase], list[Expected]]:
    """Grams for kilograms."""

    def plant(made: Purchase) -> list[Expected]:
        made.change(document, **{f"head_{name}": str(Decimal(made.rows[document][0][f"head.{name}"]) * 1000)})
        return [Expected("CEBD-1435", {LIST: "head.grossWeight", WAYBILL: "head.weight"})]

    return plant


_OTHER_TELEPHONE = "13900000000"
KINDS = (
    *(Kind(f"goods of the {document}", _goods(document)) for document in (ORDER, LIST)),
    *(Kind(f"goods of a third line of the {document}", _goods(document, 2), lines=3) for document in (ORDER, LIST)),
    *(Kind(f"unit in the {document}", _unit(document)) for document in (ORDER, LIST)),
    Kind("unit of a second line", _unit(LIST, 1), lines=2),
    Kind("price", _price),
    Kind("a line left out", _line_left_out, lines=3),
    *(Kind(f"name of goods in the {document}", _goods_name(document)) for document in (ORDER, LIST)),
    *(
        Kind(f"buyer's name in the {document}", _buyer(document, buyerName="褚试十"))
        for document in (ORDER, PAYMENT, LIST)
    ),
    *(
        Kind(f"buyer's telephone in the {document}", _buyer(document, buyerTelephone=_OTHER_TELEPHONE))
        for document in (ORDER, LIST)
    ),
    *(
        Kind(f"buyer's identity in the {document}", _buyer(document, buyerIdNumber=""))
        for document in (ORDER, PAYMENT, LIST)
    ),
    *(Kind(f"seller in the {document}", _seller(document)) for document in (ORDER, LIST)),
    *(Kind(f"platform in the {document}", _platform(document)) for document in (ORDER, PAYMENT, LIST)),
    *(Kind(f"address in the {document}", _address(document)) for document in (ORDER, WAYBILL, LIST)),
    *(
        Kind(f"consignee in the {document}", _consignee(document, "consignee", "褚试十"))
        for document in (ORDER, WAYBILL)
    ),
    Kind("consignee's telephone", _consignee(WAYBILL, "consigneeTelephone", _OTHER_TELEPHONE)),
    Kind("paid more", _amount("3.50")),
    Kind("paid less than the order that names it", _amount("-3.50"), names_payment=True),
    Kind("paid less than an order that names none", _amount("-3.50"), names_payment=False),
    Kind("paid twice", _paid_again("1"), names_payment=False),
    Kind("paid too much in parts", _paid_again("0.4"), names_payment=False),
    Kind("paid once more than the order names", _paid_again("0.4"), names_payment=True),
    *(Kind(f"freight of the {document}", _freight(document)) for document in (LIST, WAYBILL)),
    Kind("insurance of the waybill", _of_waybill("CEBD-1440", "insuredFee", "3")),
    Kind("bill of lading of the waybill", _of_waybill("CEBD-1441", "billNo", "BL-ANOTHER-1")),
    Kind("payment company in the payment", _of_payment("CEBD-1422", "payCode", "4407961776"), names_payment=True),
    Kind("payment company in the order", _company, names_payment=True),
    Kind("transaction", _of_payment("CEBD-1423", "payTransactionId", "ANOTHER{}"), names_payment=True),
    Kind("waybill's number in the list", _number_of_waybill(LIST, "logisticsNo", "YX00")),
    Kind("waybill's number in the waybill", _number_of_waybill(WAYBILL, "logisticsNo", "YX00")),
    Kind("carrier", _number_of_waybill(WAYBILL, "logisticsCode", "4409")),
    Kind("order's number in the waybill", _number_of_waybill(WAYBILL, "orderNo", "TX00")),
    *(
        Kind(f"weight in the {document}", _weight(document, name))
        for document, name in ((LIST, "grossWeight"), (WAYBILL, "weight"))
    ),
)
