"""Mistakes in numbers and dates, and what Excel does to numbers and to what looks like one."""

from __future__ import annotations

from random import Random

from corpus.kinds import WORKBOOKS, XLSX, Kind, NotHere, Planted, Planting, in_a_cell
from corpus.sheets import Book, DateCell, Digits, Formula

_AMOUNTS = "head.goodsValue head.freight head.acturalPaid line.price line.totalPrice line.qty1"
_IDENTIFIERS = "head.orderNo head.logisticsNo head.payTransactionId head.billNo line.itemNo"
_FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
_DAY, _1904 = 46027, 1462  # 2026-01-05 counted from 1900; a book counted from 1904 has this many days less


def _right(right: str, _wrong: str) -> str:
    return right


def _thousands(rng: Random, _right: str) -> str:
    return f"{rng.randint(1000, 4999999):,}.{rng.randint(10, 99)}"


def _with_comma(_rng: Random, right: str) -> str:
    return right.replace(".", ",") if "." in right else f"{right},00"


def _with_point(_right: str, wrong: str) -> str:
    return wrong.replace(",", ".")


def _plain(_right: str, wrong: str) -> str:
    return wrong.replace(",", "").replace("，", "")


LOOKS = (
    in_a_cell("an amount with thousands separators", "CEBD-1204", _AMOUNTS, _thousands, suggestion=_plain),
    in_a_cell(
        "an amount with full-width thousands separators",
        "CEBD-1204",
        _AMOUNTS,
        lambda rng, right: _thousands(rng, right).replace(",", "，"),
        suggestion=_plain,
    ),
    in_a_cell(
        "an amount in full-width digits",
        "CEBD-1204",
        _AMOUNTS,
        lambda _r, v: v.translate(_FULL_WIDTH),
        suggestion=_right,
    ),
    in_a_cell("an amount with the sign of the yuan", "CEBD-1204", _AMOUNTS, lambda _r, v: "￥" + v, suggestion=_right),
    in_a_cell(
        "an amount with the other sign of the yuan", "CEBD-1204", _AMOUNTS, lambda _r, v: "¥ " + v, suggestion=_right
    ),
    in_a_cell("an amount with 元 after it", "CEBD-1204", _AMOUNTS, lambda _r, v: v + "元", suggestion=_right),
    in_a_cell("an amount with a decimal comma", "CEBD-1204", _AMOUNTS, lambda _r, _v: "12,50", suggestion=None),
    in_a_cell(
        "an amount of a line with a decimal comma that the others confirm",
        "CEBD-1204",
        "line.price line.qty line.totalPrice",
        _with_comma,
        suggestion=_with_point,
        codes=("CEB311", "CEB621"),
    ),
    in_a_cell(
        "an amount of the head with a decimal comma that the others confirm",
        "CEBD-1204",
        "head.goodsValue head.freight head.discount head.taxTotal head.acturalPaid",
        _with_comma,
        suggestion=_with_point,
        codes=("CEB311",),
    ),
    in_a_cell(
        "a decimal comma that nothing confirms",
        "CEBD-1204",
        "head.freight head.grossWeight head.amountPaid head.weight line.qty1",
        _with_comma,
        suggestion=None,
        codes=("CEB411", "CEB511", "CEB621"),
    ),
    in_a_cell("an amount with a blank inside", "CEBD-1204", _AMOUNTS, lambda _r, _v: "1 234.50", suggestion="1234.50"),
    in_a_cell(
        "an amount with a no-break space inside", "CEBD-1204", _AMOUNTS, lambda _r, _v: "1\u00a0234", suggestion="1234"
    ),
    in_a_cell("an amount in words", "CEBD-1204", _AMOUNTS, lambda _r, _v: "壹拾贰元", suggestion=None),
    in_a_cell("a letter O for a zero", "CEBD-1204", _AMOUNTS, lambda _r, _v: "1O.5", suggestion=None),
    in_a_cell(
        "a weight with its unit", "CEBD-1204", "head.grossWeight line.qty1", lambda _r, v: v + "kg", suggestion=None
    ),
    in_a_cell("an amount in another currency", "CEBD-1204", _AMOUNTS, lambda _r, v: "$" + v, suggestion=None),
    in_a_cell("an amount that is a dash", "CEBD-1204", _AMOUNTS, lambda _r, _v: "-", suggestion=None),
    in_a_cell(
        "an amount in brackets for a negative one",
        "CEBD-1204",
        "head.freight",
        lambda _r, _v: "(12.50)",
        suggestion=None,
    ),
    in_a_cell("two decimal points", "CEBD-1204", _AMOUNTS, lambda _r, _v: "12.5.0", suggestion=None),
)
DIGITS = (
    in_a_cell("six decimals", "CEBD-1208", _AMOUNTS, lambda _r, _v: "12.345678", suggestion=None),
    in_a_cell("a third in a number cell", "CEBD-1208", _AMOUNTS, lambda _r, _v: 100 / 3, suffixes=WORKBOOKS),
    in_a_cell("an amount of 20 digits", "CEBD-1208", _AMOUNTS, lambda _r, _v: "12345678901234567890"),
    in_a_cell("half a goods number", "CEBD-1210", "line.gnum", lambda _r, _v: "1.5", suggestion=None),
    in_a_cell("a goods number in words", "CEBD-1210", "line.gnum", lambda _r, _v: "第一项", suggestion=None),
    in_a_cell("half a parcel", "CEBD-1210", "head.packNo", lambda _r, _v: 1.5, suffixes=WORKBOOKS),
    in_a_cell("parcels with their unit", "CEBD-1210", "head.packNo", lambda _r, _v: "1件"),
    in_a_cell(
        "an order number of 17 digits in a number cell",
        "CEBD-1205",
        _IDENTIFIERS,
        lambda rng, _v: Digits(f"2026{rng.randint(10**12, 10**13 - 1)}"),
        suffixes=WORKBOOKS,
        suggestion=None,
    ),
    in_a_cell(
        "an order number of 19 digits stored as Excel stores it",
        "CEBD-1205",
        _IDENTIFIERS,
        lambda rng, _v: Digits(f"{rng.randint(10**13, 10**14 - 1) / 10**13}E+18"),
        suffixes=XLSX,
        suggestion=None,
    ),
    in_a_cell(
        "an identity number in a number cell",
        "CEBD-1205",
        "head.buyerIdNumber",
        lambda _r, _v: Digits("999999199001010000"),
        suffixes=WORKBOOKS,
        suggestion=None,
    ),
    in_a_cell(
        "an amount of 17 digits in a number cell",
        "CEBD-1205",
        "head.goodsValue line.totalPrice",
        lambda _r, _v: Digits("12345678901234567"),
        suffixes=WORKBOOKS,
    ),
    in_a_cell(
        "an identifier shortened to E notation",
        "CEBD-1217",
        _IDENTIFIERS,
        lambda rng, _v: f"{rng.randint(100001, 999999) / 100000}E+{rng.randint(15, 19)}",
        suggestion=None,
    ),
    in_a_cell(
        "an identity number shortened to E notation", "CEBD-1217", "head.buyerIdNumber", lambda _r, _v: "9.99999E+17"
    ),
    in_a_cell("an amount in E notation as text", "CEBD-1204", _AMOUNTS, lambda _r, _v: "1.2E+3", suggestion=None),
)


def _date_cell(name: str, problem: str, keys: str, serial: float, since_1904: bool, suggestion: str | None) -> Kind:
    def plant(planting: Planting) -> None:
        if planting.afterwards:
            raise NotHere
        key = planting.key(*keys.split())
        record = planting.record(need=lambda one: bool((one.head if key[0] == "head" else one.lines[0]).get(key[1])))
        planting.put(record, key, DateCell(serial))
        planting.expect(problem, record, key, 0, suggestion)

        def count_from(book: Book) -> list[Planted]:
            for sheet in book.sheets:
                for row in sheet.rows:
                    for column, cell in enumerate(row.cells):
                        if isinstance(cell, DateCell) and cell.serial != serial and book.epoch_1904 != since_1904:
                            row.cells[column] = DateCell(cell.serial + (-_1904 if since_1904 else _1904))
            book.epoch_1904 = since_1904
            return []

        planting.afterwards.append(count_from)

    return Kind(name, problem, plant, WORKBOOKS, alone=True)


DATES = (
    _date_cell("an identifier that became a date", "CEBD-1211", _IDENTIFIERS, _DAY, False, None),
    _date_cell(
        "an identifier that became a date, counted from 1904", "CEBD-1211", _IDENTIFIERS, _DAY - _1904, True, None
    ),
    _date_cell("a model that became a date", "CEBD-1211", "line.gmodel", _DAY + 1, False, None),
    _date_cell("a quantity shown as a date", "CEBD-1219", "line.qty line.qty1", 5, False, "5"),
    _date_cell("a price shown as a date", "CEBD-1219", "line.price head.freight", 93.5, False, "93.5"),
    _date_cell("a quantity shown as a date, counted from 1904", "CEBD-1219", "line.qty line.qty1", 5, True, None),
    _date_cell("an amount that became a date", "CEBD-1219", "line.price line.totalPrice", _DAY + 1, False, None),
    in_a_cell(
        "a day that could be another",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: "5/1/2026",
        suggestion=None,
    ),
    in_a_cell(
        "a day that could be another, with zeros",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: "05/01/2026",
        suggestion=None,
    ),
    in_a_cell(
        "a day before its month",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: "25/01/2026",
        suggestion="20260125",
    ),
    in_a_cell(
        "a day after its month",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: "01.25.2026",
        suggestion="20260125",
    ),
    in_a_cell(
        "a day of six digits", "CEBD-1223", "head.declTime head.ieDate", lambda _r, _v: "260105", suggestion=None
    ),
    in_a_cell(
        "a time without its hour",
        "CEBD-1223",
        "head.payTime head.logisticsTime",
        lambda _r, _v: "2026-01-05",
        suggestion=None,
    ),
    in_a_cell(
        "a day of words",
        "CEBD-1223",
        "head.declTime head.ieDate head.payTime head.logisticsTime",
        lambda _r, _v: "昨天",
        suggestion=None,
    ),
    in_a_cell(
        "a day that is not, with hyphens",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: "2026-02-30",
        suggestion=None,
    ),
    in_a_cell(
        "a day as the number Excel counts",
        "CEBD-1223",
        "head.declTime head.ieDate",
        lambda _r, _v: _DAY,
        suffixes=WORKBOOKS,
    ),
)


def _never_calculated(planting: Planting) -> None:
    key = planting.key("line.totalPrice", "line.price", "head.goodsValue", "head.freight")
    record = planting.record()
    planting.put(record, key, Formula("B2*C2", "0"))
    planting.expect("CEBD-1214", record, key, 0, None)

    def uncalculated(book: Book) -> list[Planted]:
        book.calculated = False
        return []

    planting.afterwards.append(uncalculated)


KINDS = (
    *LOOKS,
    *DIGITS,
    *DATES,
    Kind("a formula that was never calculated", "CEBD-1214", _never_calculated, XLSX, alone=True),
)
