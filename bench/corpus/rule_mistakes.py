"""Records whose cells are right one by one and that break a rule of the trade all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from corpus.goods import identity_number, plain, with_check_digit
from corpus.kinds import Kind, Planting
from corpus.sheets import Record

_ORDER, _LIST = ("CEB311",), ("CEB621",)
_PRICED = ("CEB311", "CEB621")


def _anything(_record: Record) -> bool:
    return True


def _bonded(record: Record) -> bool:
    return str(record.head["tradeMode"]) == "1210"


def _direct(record: Record) -> bool:
    return str(record.head["tradeMode"]) == "9610"


def _rule(
    name: str,
    problem: str,
    codes: tuple[str, ...],
    place: str,
    changes: dict[str, object] | Callable[[Planting, int, int], None],
    *,
    need: Callable[[Record], bool] = _anything,
    least_lines: int = 0,
    last_line: bool = False,
    then: Callable[[Record], None] | None = None,
    offered: bool = False,
) -> Kind:
    """A broken rule, said on the field `place`. `changes` are new values by field; a callable value is asked with the right one.

    `offered`: the other amounts prove what the right value of `place` was; else nothing may be offered.
    """

    def plant(planting: Planting) -> None:
        key = planting.key(place)
        record = planting.record(least_lines, need)
        lines = planting.records[record].lines
        line = len(lines) - 1 if last_line else planting.rng.randrange(max(1, len(lines)))
        right = planting.right(record, key, line) if offered else None
        if callable(changes):
            changes(planting, record, line)
        else:
            for one, value in changes.items():
                field = planting.key(one)
                wrong = value(planting.right(record, field, line)) if callable(value) else value
                planting.put(record, field, wrong, line)
        if then is not None:
            then(planting.records[record])
        planting.expect(problem, record, key, line, right)

    return Kind(name, problem, plant, codes=codes)


def _more(amount: str) -> Callable[[str], str]:
    return lambda right: plain(Decimal(right) + Decimal(amount))


def _add_up(record: Record) -> None:
    """Make the totals of lines and head agree again, where the record has them."""
    for line in record.lines:
        line["totalPrice"] = plain(Decimal(str(line["price"])) * Decimal(str(line["qty"])))
    head = record.head
    if "goodsValue" in head:
        head["goodsValue"] = plain(sum((Decimal(line["totalPrice"]) for line in record.lines), Decimal()))
        _pay(record)


def _pay(record: Record) -> None:
    head = record.head
    if "acturalPaid" in head:
        due = sum(Decimal(str(head[name])) for name in ("goodsValue", "freight", "taxTotal"))
        head["acturalPaid"] = plain(due - Decimal(str(head["discount"])))


def _dear(price: str, quantity: str) -> Callable[[Planting, int, int], None]:
    def change(planting: Planting, record: int, line: int) -> None:
        planting.put(record, ("line", "price"), price, line)
        planting.put(record, ("line", "qty"), quantity, line)
        _add_up(planting.records[record])

    return change


def _one_line(record: Record) -> bool:
    return len(record.lines) == 1


def _wrong_check_digit(right: str) -> str:
    return right[:17] + ("0" if right[17] != "0" else "1")


def _two_digits_swapped(right: str) -> str:
    for at in range(14, 16):
        if right[at] != right[at + 1]:
            return right[:at] + right[at + 1] + right[at] + right[at + 2 :]
    return _wrong_check_digit(right)


def _number(place: str, code: tuple[str, ...], problem: str, name: str, value: object) -> Kind:
    return _rule(f"{name} ({code[0]})", problem, code, place, {place: value})


def _identity(code: tuple[str, ...], place: str) -> tuple[Kind, ...]:
    return (
        _number(place, code, "CEBD-1306", "an identity number with a wrong check digit", _wrong_check_digit),
        _number(place, code, "CEBD-1306", "an identity number with two digits swapped", _two_digits_swapped),
        _number(place, code, "CEBD-1306", "an identity number of fifteen digits", "999999900101001"),
        _number(place, code, "CEBD-1306", "a passport as identity number", "E12345678"),
        _number(place, code, "CEBD-1310", "a birth on 30 February", with_check_digit("99999919900230001")),
        _number(place, code, "CEBD-1310", "a birth in the future", identity_number(1, date(2090, 1, 1))),
        _number(place, code, "CEBD-1310", "a birth under the emperor", identity_number(1, date(1880, 1, 1))),
    )


AMOUNTS = (
    _rule(
        "the amount paid does not add up", "CEBD-1301", _ORDER, "head.acturalPaid", {"head.acturalPaid": _more("10")}
    ),
    _rule(
        "the amount paid is a cent off", "CEBD-1301", _ORDER, "head.acturalPaid", {"head.acturalPaid": _more("0.01")}
    ),
    _rule("a discount taken twice", "CEBD-1301", _ORDER, "head.acturalPaid", {"head.discount": _more("3")}),
    _rule("price times quantity is another total", "CEBD-1302", _PRICED, "line.totalPrice", {"line.price": _more("1")}),
    _rule("a quantity changed without its total", "CEBD-1302", _PRICED, "line.totalPrice", {"line.qty": _more("1")}),
    _rule(
        "the lines do not add up",
        "CEBD-1303",
        _ORDER,
        "head.goodsValue",
        {"head.goodsValue": _more("10")},
        then=_pay,
    ),
    _rule(
        "a total mistyped",
        "CEBD-1302",
        _ORDER,
        "line.totalPrice",
        {"line.totalPrice": _more("9")},
        offered=True,
    ),
    _rule("a total mistyped, in a list", "CEBD-1302", _LIST, "line.totalPrice", {"line.totalPrice": _more("9")}),
    _rule(
        "a total mistyped where the head agrees with it",
        "CEBD-1302",
        _ORDER,
        "line.totalPrice",
        {"line.totalPrice": _more("9"), "head.goodsValue": _more("9")},
    ),
    _rule(
        "a goods value mistyped",
        "CEBD-1303",
        _ORDER,
        "head.goodsValue",
        {"head.goodsValue": _more("10")},
        offered=True,
    ),
    _rule(
        "a goods value with the tax in it",
        "CEBD-1303",
        _ORDER,
        "head.goodsValue",
        {"head.goodsValue": _more("7"), "head.acturalPaid": _more("5")},
    ),
    _rule(
        "goods numbers with a gap",
        "CEBD-1304",
        (*_PRICED, "CEB711"),
        "line.gnum",
        {"line.gnum": _more("1")},
        last_line=True,
    ),
    _rule(
        "a goods number twice",
        "CEBD-1304",
        (*_PRICED, "CEB711"),
        "line.gnum",
        {"line.gnum": _more("-1")},
        last_line=True,
    ),
    _rule(
        "heavier without packing than with it", "CEBD-1305", _LIST, "head.netWeight", {"head.netWeight": _more("50")}
    ),
    _rule("an order over the limit", "CEBD-1307", _ORDER, "head.goodsValue", _dear("2600", "2")),
    _rule("a list over the limit", "CEBD-1307", _LIST, "line.totalPrice", _dear("2600", "2")),
    _rule(
        "a piece over the limit of a year", "CEBD-1307", _ORDER, "head.goodsValue", _dear("26001", "1"), need=_one_line
    ),
    _rule("a single piece over the limit", "CEBD-1308", _ORDER, "head.goodsValue", _dear("5001", "1"), need=_one_line),
    _rule(
        "a single piece over the limit, in a list",
        "CEBD-1308",
        _LIST,
        "line.totalPrice",
        _dear("5001", "1"),
        need=_one_line,
    ),
)
SIGNS = (
    _rule("a quantity of 0", "CEBD-1317", _PRICED, "line.qty", {"line.qty": "0"}, then=_add_up),
    _rule("a negative discount", "CEBD-1317", _ORDER, "head.discount", {"head.discount": "-5"}, then=_pay),
    _rule("a negative freight", "CEBD-1317", (*_PRICED, "CEB511"), "head.freight", {"head.freight": "-1"}, then=_pay),
    _rule("a weight of 0", "CEBD-1317", _LIST, "head.netWeight", {"head.netWeight": "0"}),
    _rule("a parcel that weighs nothing", "CEBD-1317", ("CEB511",), "head.weight", {"head.weight": "0"}),
    _rule("a negative legal quantity", "CEBD-1317", _LIST, "line.qty1", {"line.qty1": "-1"}),
    _rule("a negative payment", "CEBD-1317", ("CEB411",), "head.amountPaid", {"head.amountPaid": "-20"}),
    _rule("nothing returned", "CEBD-1317", ("CEB625",), "line.qty", {"line.qty": "0"}),
)
TRADE = (
    *(
        _rule(f"bonded import without {name}", "CEBD-1311", _LIST, f"head.{name}", {f"head.{name}": None}, need=_bonded)
        for name in ("emsNo", "areaCode", "areaName")
    ),
    _rule(
        "bonded import without itemRecordNo",
        "CEBD-1311",
        _LIST,
        "line.itemRecordNo",
        {"line.itemRecordNo": None},
        need=_bonded,
    ),
    *(
        _rule(f"direct import without {name}", "CEBD-1312", _LIST, f"head.{name}", {f"head.{name}": None}, need=_direct)
        for name in ("trafNo", "voyageNo", "billNo")
    ),
    _rule("bonded import from abroad", "CEBD-1313", _LIST, "head.country", {"head.country": "601"}, need=_bonded),
    _rule(
        "a second unit without its quantity", "CEBD-1314", _LIST, "line.qty2", {"line.unit2": "011", "line.qty2": None}
    ),
    _rule(
        "a second quantity without its unit", "CEBD-1314", _LIST, "line.unit2", {"line.qty2": "2", "line.unit2": None}
    ),
    _rule("a waybill of two parcels", "CEBD-1315", ("CEB511",), "head.packNo", {"head.packNo": "2"}),
    _rule("a list without a parcel", "CEBD-1315", _LIST, "head.packNo", {"head.packNo": "0"}),
    _rule("a commodity code of nines", "CEBD-1333", _LIST, "line.gcode", {"line.gcode": "9999999999"}),
    _rule(
        "a guarantor that has no part in the list",
        "CEBD-1330",
        _LIST,
        "head.assureCode",
        {"head.assureCode": "9900000077"},
    ),
    _rule(
        "a cancellation at another customs office than the list's",
        "CEBD-1331",
        ("CEB623",),
        "head.customsCode",
        {"head.customsCode": "5141"},
    ),
    _rule("a gift without a price", "CEBD-1329", _ORDER, "line.price", _dear("0", "1")),
    _rule(
        "a commodity code with a letter", "CEBD-1324", (*_LIST, "CEB625"), "line.gcode", {"line.gcode": "330499009X"}
    ),
    _rule("an enterprise code of six characters", "CEBD-1325", _PRICED, "head.ebcCode", {"head.ebcCode": "990000"}),
    _rule(
        "an enterprise code of eleven characters",
        "CEBD-1325",
        ("CEB511",),
        "head.logisticsCode",
        {"head.logisticsCode": "99000000033"},
    ),
    _rule(
        "a list number without its serial",
        "CEBD-1326",
        ("CEB623", "CEB625"),
        "head.invtNo",
        {"head.invtNo": "52082026I0001"},
    ),
)
DATES = (
    _number("head.declTime", _LIST, "CEBD-1316", "a day in February that is not", "20260230"),
    _number("head.ieDate", _LIST, "CEBD-1316", "a thirteenth month", "20261301"),
    _number("head.declTime", _LIST, "CEBD-1316", "a day before the trade began", "20110105"),
    _number("head.declTime", _LIST, "CEBD-1316", "a day far ahead", "20960105"),
    _number("head.payTime", ("CEB411",), "CEBD-1316", "a time of 25 hours", "20260104251500"),
    _number("head.payTime", ("CEB411",), "CEBD-1316", "a time far ahead", "20960104101500"),
    _number("head.logisticsTime", ("CEB513",), "CEBD-1316", "a minute of 61", "20260109106100"),
)
KINDS = (
    *AMOUNTS,
    *SIGNS,
    *TRADE,
    *DATES,
    *_identity(_ORDER, "head.buyerIdNumber"),
    *_identity(_LIST, "head.buyerIdNumber"),
    *_identity(("CEB411",), "head.payerIdNumber"),
    *_identity(("CEB623",), "head.buyerIdNumber"),
)
