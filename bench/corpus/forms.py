"""The shapes in which records are written down: one flat sheet or heads and lines apart, with headings as found in real workbooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus.goods import an_inventory, an_order
from corpus.headings import (
    CANCEL,
    DELIVERY_HEAD,
    DELIVERY_LINE,
    INVENTORY_HEAD,
    INVENTORY_LINE,
    ORDER_HEAD,
    ORDER_LINE,
    PAYMENT,
    RETURN_HEAD,
    RETURN_LINE,
    STATUS,
    WAYBILL,
)
from corpus.papers import a_cancellation, a_delivery, a_payment, a_return, a_status, a_waybill
from corpus.sheets import TEXTS, Book, DateCell, Key, Padded, Record, Row, Sheet, Value

_AMOUNTS = frozenset(
    ("goodsValue", "freight", "discount", "taxTotal", "acturalPaid", "insuredFee", "amountPaid", "qty", "qty1", "qty2")
) | {"weight", "grossWeight", "netWeight", "price", "totalPrice", "packNo", "gnum"}
_CODES = {"unit": 3, "unit1": 3, "unit2": 3, "country": 3, "customsCode": 4, "portCode": 4, "gcode": 10}
_EPOCH_DAY = 46027  # 2026-01-05, counted from 1900


@dataclass(frozen=True)
class Form:
    """A kind of record and its shape. `link` is the number that stands on both sheets."""

    name: str
    code: str
    make: Callable[[Random, int, int], Record]
    head: str
    line: str
    two_sheets: bool
    link: str = "orderNo"
    optional: str = ""  # fields a clean sheet may do without: they have a value of their own, or need not be declared

    def headings(self) -> dict[Key, list[str]]:
        found: dict[Key, list[str]] = {}
        for part, text in (("head", self.head), ("line", self.line)):
            for row in text.strip().splitlines():
                name, *spelled = row.split()
                found[(part, name)] = spelled
        return found


_ORDER = ("CEB311", an_order, ORDER_HEAD, ORDER_LINE)
_INVENTORY = ("CEB621", an_inventory, INVENTORY_HEAD, INVENTORY_LINE)
_ORDER_OPTIONAL = "currency buyerIdType gnum barCode consigneeDistrict payCode"
_INVENTORY_OPTIONAL = "currency buyerIdType gnum barCode itemName ieDate qty2"
FORMS = {
    form.name: form
    for form in (
        Form("orders, flat", *_ORDER, False, "orderNo", _ORDER_OPTIONAL),
        Form("orders, two sheets", *_ORDER, True, "orderNo", _ORDER_OPTIONAL),
        Form("inventory lists, flat", *_INVENTORY, False, "copNo", _INVENTORY_OPTIONAL),
        Form("inventory lists, two sheets", *_INVENTORY, True, "copNo", _INVENTORY_OPTIONAL),
        Form("payments", "CEB411", a_payment, PAYMENT, "", False, "payTransactionId", "currency payerIdType telephone"),
        Form("waybills", "CEB511", a_waybill, WAYBILL, "", False, "logisticsNo", "currency"),
        Form("waybill statuses", "CEB513", a_status, STATUS, "", False, "logisticsNo", "logisticsStatus"),
        Form("cancellations", "CEB623", a_cancellation, CANCEL, "", False, "copNo", "buyerIdType"),
        Form("returns", "CEB625", a_return, RETURN_HEAD, RETURN_LINE, False, "copNo", "buyerIdType"),
        Form("returns, two sheets", "CEB625", a_return, RETURN_HEAD, RETURN_LINE, True, "copNo", "buyerIdType"),
        Form("deliveries", "CEB711", a_delivery, DELIVERY_HEAD, DELIVERY_LINE, False, "copNo", "ieFlag gnum"),
        Form(
            "deliveries, two sheets", "CEB711", a_delivery, DELIVERY_HEAD, DELIVERY_LINE, True, "copNo", "ieFlag gnum"
        ),
    )
}


def lay_out(
    form: Form,
    records: list[Record],
    rng: Random,
    suffix: str,
    needed: frozenset[Key],
    plain: bool,
    *,
    in_order: bool = False,
) -> Book:
    """The records as a book: headings chosen among their spellings, columns left out or shuffled, cells as text or numbers.

    `needed` columns are kept; `in_order`: as they come. A `plain` book has text cells only and the official headings.
    """
    headings = form.headings()
    may_go = frozenset(form.optional.split())
    keys = [key for key in headings if key in needed or key[1] not in may_go or rng.random() < 0.5]
    if ("line", "qty2") not in keys:
        keys = [key for key in keys if key != ("line", "unit2")]
    if not plain and not in_order and rng.random() < 0.3:
        rng.shuffle(keys)
    spelled = {key: headings[key][0] if plain else rng.choice(headings[key]) for key in keys}
    numeric = frozenset() if plain else frozenset(key for key in keys if key[1] in _AMOUNTS and rng.random() < 0.5)
    padded = frozenset() if plain else frozenset(key for key in keys if key[1] in _CODES and rng.random() < 0.3)
    dated = (
        frozenset()
        if plain or suffix in TEXTS
        else frozenset(key for key in keys if key[1] == "declTime" and rng.random() < 0.5)
    )
    epoch_1904 = suffix not in TEXTS and rng.random() < 0.2
    shapes = _Shapes(numeric, padded, dated, epoch_1904)
    if form.two_sheets:
        head = [key for key in keys if key[0] == "head"]
        lines = [("head", form.link), *(key for key in keys if key[0] == "line")]
        sheets = [
            _sheet("表头", head, spelled, records, shapes, by_line=False),
            _sheet("表体", lines, spelled, records, shapes, by_line=True),
        ]
    else:
        sheets = [_sheet("Sheet1", keys, spelled, records, shapes, by_line=bool(form.line))]
    encoding = rng.choice(("utf-8", "utf-8-sig", "gb18030"))
    return Book(form.name, suffix, sheets, epoch_1904=epoch_1904, encoding=encoding)


@dataclass(frozen=True)
class _Shapes:
    numeric: frozenset[Key]
    padded: frozenset[Key]
    dated: frozenset[Key]
    epoch_1904: bool

    def shape(self, key: Key, value: Value) -> Value:
        if type(value) is not str or not value.isascii():
            return value
        if key in self.numeric and value.replace(".", "", 1).isdigit():
            return float(value) if "." in value else int(value)
        if key in self.padded and value.isdigit() and len(value) == _CODES[key[1]]:
            return Padded(int(value), len(value))
        if key in self.dated and value == "20260105":
            return DateCell(_EPOCH_DAY - 1462 if self.epoch_1904 else _EPOCH_DAY)
        return value


def _sheet(
    name: str, keys: list[Key], spelled: dict[Key, str], records: list[Record], shapes: _Shapes, *, by_line: bool
) -> Sheet:
    sheet = Sheet(name, list(keys), [Row([spelled[key] for key in keys])])
    for number, record in enumerate(records):
        for line in range(len(record.lines)) if by_line else (None,):
            own = {("head", one): value for one, value in record.head.items()}
            if line is not None:
                own |= {("line", one): value for one, value in record.lines[line].items()}
                own |= {("head", one): value for (at, one), value in record.rows.items() if at == line}
            cells = [shapes.shape(key, own.get(key)) for key in keys]
            sheet.rows.append(Row(cells, number, line))
    return sheet
