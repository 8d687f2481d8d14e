"""Right purchases: an order, its payment, its waybill and its list, as differently as they may be written and still say the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from cebd.trial.rows import Line, inventory_rows, order_rows, payment_rows, waybill_rows

ORDER, PAYMENT, WAYBILL, LIST = "order", "payment", "waybill", "inventory"
DOCUMENTS = (ORDER, PAYMENT, WAYBILL, LIST)
PAYMENT_COMPANY = "4407961777"
_CREDIT_CODE = "91440300MA5EXAMPL1"  # the same company's
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass
class Purchase:
    """`rows`: a row for each goods line by document; a payment in parts has several. `names_payment`: the order says which it is."""

    number: int
    rows: dict[str, list[Line]]
    names_payment: bool = False
    is_in_parts: bool = False
    spelling: set[str] = field(default_factory=set)

    def change(self, document: str, **fields: str) -> None:
        """`head_NAME` or `line_NAME` in all its rows."""
        for row in self.rows[document]:
            row.update({name.replace("_", ".", 1): text for name, text in fields.items()})


def right_purchase(
    number: int,
    chance: random.Random,
    *,
    lines: int | None = None,
    names_payment: bool | None = None,
    in_parts: bool = False,
) -> Purchase:
    """`in_parts`: it may be paid in parts."""
    lines = lines or chance.choice((1, 1, 2, 3))
    made = Purchase(
        number,
        {
            ORDER: list(order_rows(1, first=number, lines=lines)),
            PAYMENT: list(payment_rows(1, first=number, lines=lines)),
            WAYBILL: list(waybill_rows(1, first=number, lines=lines)),
            LIST: list(inventory_rows(1, first=number, lines=lines)),
        },
    )
    made.names_payment = chance.random() < 0.5 if names_payment is None else names_payment
    if made.names_payment:
        [payment] = made.rows[PAYMENT]
        named = {name: payment[f"head.{name}"] for name in ("payCode", "payName", "payTransactionId")}
        made.change(ORDER, **{f"head_{name}": text for name, text in named.items()})
    for spell in _WAYS:
        if chance.random() < 0.15:
            spell(made)
            made.spelling.add(spell.__name__)
    if in_parts and chance.random() < 0.05:
        _in_parts(made)
    return made


def _without_telephone(made: Purchase) -> None:
    for row in made.rows[PAYMENT]:
        del row["head.telephone"]


def _company_by_its_credit_code(made: Purchase) -> None:
    if made.names_payment:
        made.change(ORDER, head_payCode=_CREDIT_CODE)


def _blanks_in_the_address(made: Purchase) -> None:
    for document in (ORDER, WAYBILL):
        made.change(
            document, head_consigneeAddress=made.rows[document][0]["head.consigneeAddress"].replace("市", "市 ")
        )


def _wide_digits_in_the_address(made: Purchase) -> None:
    made.change(LIST, head_consigneeAddress=made.rows[LIST][0]["head.consigneeAddress"].translate(_WIDE))


def _decimals(made: Purchase) -> None:
    for row in made.rows[LIST]:
        row["line.qty"] += ".0"
        row["line.price"] = str(Decimal(row["line.price"]).normalize() + 0)


def _amount_without_decimals(made: Purchase) -> None:
    for row in made.rows[PAYMENT]:
        row["head.amountPaid"] += "00" if "." in row["head.amountPaid"] else ".00"


def _names_of_the_platform(made: Purchase) -> None:
    """What the list calls the goods beside what the platform does."""
    for of_order, row in zip(made.rows[ORDER], made.rows[LIST], strict=True):
        row["line.itemName"] = of_order["line.itemName"]
        row["line.gname"] += "（进口）"


def _rounded_weight(made: Purchase) -> None:
    for row in made.rows[WAYBILL]:
        row["head.weight"] = str(int(Decimal(row["head.weight"])) + 1)


def _with_china_s_code(made: Purchase) -> None:
    """Before a telephone number, in the three ways in which shops write it."""
    made.change(ORDER, head_consigneeTelephone=f"+86 {made.rows[ORDER][0]['head.consigneeTelephone']}")
    number = made.rows[LIST][0]["head.buyerTelephone"]
    made.change(LIST, head_buyerTelephone=f"0086-{number[:3]}-{number[3:7]}-{number[7:]}")
    for row in made.rows[PAYMENT]:
        if "head.telephone" in row:
            row["head.telephone"] = f"86{row['head.telephone']}"


def _small_letters(made: Purchase) -> None:
    """In an address and in a name."""
    for document in (ORDER, WAYBILL, LIST):
        address = f"{made.rows[document][0]['head.consigneeAddress']}A座"
        made.change(document, head_consigneeAddress=address.lower() if document == LIST else address)
    for document, name in ((ORDER, "buyerName"), (PAYMENT, "payerName"), (LIST, "buyerName")):
        made.change(document, **{f"head_{name}": "LI XIAOMING" if document == ORDER else "Li Xiaoming"})


def _waybill_without_freight_and_bill(made: Purchase) -> None:
    for row in made.rows[WAYBILL]:
        for name in ("freight", "insuredFee", "billNo"):
            del row[f"head.{name}"]


_WAYS: tuple[Callable[[Purchase], None], ...] = (
    _without_telephone,
    _company_by_its_credit_code,
    _blanks_in_the_address,
    _wide_digits_in_the_address,
    _decimals,
    _amount_without_decimals,
    _names_of_the_platform,
    _rounded_weight,
    _with_china_s_code,
    _small_letters,
    _waybill_without_freight_and_bill,
)


def _in_parts(made: Purchase) -> None:
    """Paid at twice; the order names neither."""
    for row in made.rows[ORDER]:
        for name in ("head.payCode", "head.payName", "head.payTransactionId"):
            row.pop(name, None)
    [payment] = made.rows[PAYMENT]
    whole = Decimal(payment["head.amountPaid"])
    parts = (Decimal(10), whole - 10)
    made.rows[PAYMENT] = [
        payment | {"head.payTransactionId": f"{payment['head.payTransactionId']}{nth}", "head.amountPaid": str(part)}
        for nth, part in enumerate(parts)
    ]
    made.names_payment, made.is_in_parts = False, True


def rows_of(purchases: Iterable[Purchase], document: str) -> list[Line]:
    """The rows of one file; cells that a row does not have are empty."""
    rows = [row for one in purchases for row in one.rows[document]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: name.startswith("line."))
    return [{name: row.get(name, "") for name in names} for row in rows]
