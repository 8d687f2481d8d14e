"""Rows of every declaration, invented, for the demonstration, the benchmarks and the tests.

Every value is made from the row's number, the identity numbers too (their check digits are right, their persons do not exist). What has
the same number belongs together: an order, its payment, its waybill and that waybill's status, its inventory list, and the application
to cancel that list or to return its goods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from cebd.cell_names import column_letters
from cebd.messages.description import MessageType, message_type

Line = dict[str, str]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GOODS = (
    ("婴儿配方奶粉一段", "900克/罐", "1901101000", "122", "93.00", "0.9"),
    ("复合维生素片", "60片/瓶", "2106909090", "142", "128.50", "0.2"),
    ("保湿面霜", "50毫升/瓶", "3304990039", "142", "215.00", "0.1"),
    ("橄榄油", "750毫升/瓶", "1509200000", "142", "68.90", "0.8"),
)
_SURNAMES = "赵钱孙李周吴郑王冯陈"
_PLATFORM = {"ebpCode": "4407961999", "ebpName": "示例跨境电子商务有限公司"}
_SELLER = {"ebcCode": "4407961999", "ebcName": "示例跨境电子商务有限公司"}
_CARRIER = {"logisticsCode": "4407961888", "logisticsName": "示例物流有限公司"}
_DECLARANT = {"agentCode": "4407961999", "agentName": "示例跨境电子商务有限公司"}
_FLIGHT = {"trafMode": "5", "trafNo": "CZ3082", "voyageNo": "CZ3082"}
_PLACES = ("110101", "310101", "440103", "330102", "510104")


def identity_number(number: int) -> str:
    """An identity number of nobody, with its check digit (GB 11643)."""
    born = date(1960, 1, 1) + timedelta(days=number * 37 % 14_000)
    digits = f"{_PLACES[number % 5]}{born:%Y%m%d}{number % 1000:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return digits + "10X98765432"[total % 11]


def order_rows(count: int, *, first: int = 1, lines: int = 1, prefix: str = "T") -> Iterator[Line]:
    """Flat rows of `count` orders: head fields repeated on each goods line, keys `head.NAME` and `line.NAME`."""
    for number in range(first, first + count):
        goods = list(_goods_lines(number, lines))
        value = sum((Decimal(line["totalPrice"]) for line in goods), Decimal())
        head = {
            "orderNo": f"{prefix}{number:010d}",
            **_PLATFORM,
            **_SELLER,
            "goodsValue": str(value),
            "freight": "0",
            "discount": "0",
            "taxTotal": str(_tax(value)),
            "acturalPaid": str(value + _tax(value)),
            "buyerRegNo": f"U{number:08d}",
            **_buyer(number),
            **_consignee(number),
        }
        names = ("gnum", "itemNo", "itemName", "gmodel", "unit", "qty", "price", "totalPrice", "country")
        for line in goods:
            yield {f"head.{name}": text for name, text in head.items()} | {f"line.{n}": line[n] for n in names}


def inventory_rows(count: int, *, first: int = 1, lines: int = 1, prefix: str = "T") -> Iterator[Line]:
    """Flat rows of `count` inventory lists, each for the order of the same number."""
    for number in range(first, first + count):
        goods = list(_goods_lines(number, lines))
        net = sum((Decimal(line["qty1"]) for line in goods), Decimal())
        head = {
            "copNo": f"C{prefix}{number:010d}",
            "orderNo": f"{prefix}{number:010d}",
            **_PLATFORM,
            **_SELLER,
            "logisticsNo": f"YD{number:010d}",
            **_CARRIER,
            "assureCode": "4407961999",
            "declTime": "20260105",
            "customsCode": "5208",
            "portCode": "5208",
            "ieDate": "20260105",
            **_buyer(number),
            "consigneeAddress": _address(number),
            **_DECLARANT,
            "tradeMode": "9610",
            **_FLIGHT,
            "billNo": _bill(number),
            "country": "601",
            "freight": "0",
            "insuredFee": "0",
            "wrapType": "2",
            "packNo": "1",
            "grossWeight": str(net + Decimal("0.3")),
            "netWeight": str(net),
        }
        names = ("gnum", "itemNo", "gcode", "gname", "gmodel", "country", "qty", "unit", "qty1", "unit1", "price")
        for line in goods:
            row = {f"head.{name}": text for name, text in head.items()}
            yield row | {f"line.{name}": line[name] for name in (*names, "totalPrice")}


def payment_rows(count: int, *, first: int = 1, lines: int = 1, prefix: str = "T") -> Iterator[Line]:
    """The payments of the orders of the same numbers; `lines`: how many goods lines such an order has."""
    for number in range(first, first + count):
        value = sum((Decimal(line["totalPrice"]) for line in _goods_lines(number, lines)), Decimal())
        buyer = _buyer(number)
        yield _head(
            payCode="4407961777",
            payName="示例支付有限公司",
            payTransactionId=f"PAY{prefix}{number:012d}",
            orderNo=f"{prefix}{number:010d}",
            **_PLATFORM,
            payerIdNumber=buyer["buyerIdNumber"],
            payerName=buyer["buyerName"],
            telephone=buyer["buyerTelephone"],
            amountPaid=str(value + _tax(value)),
            payTime=f"20260104{number % 24:02d}{number % 60:02d}00",
        )


def waybill_rows(count: int, *, first: int = 1, lines: int = 1, prefix: str = "T") -> Iterator[Line]:
    """The waybills of the orders of the same numbers."""
    for number in range(first, first + count):
        goods = list(_goods_lines(number, lines))
        net = sum((Decimal(line["qty1"]) for line in goods), Decimal())
        yield _head(
            **_CARRIER,
            logisticsNo=f"YD{number:010d}",
            billNo=_bill(number),
            orderNo=f"{prefix}{number:010d}",
            freight="0",
            insuredFee="0",
            weight=str(net + Decimal("0.3")),
            packNo="1",
            goodsInfo="；".join(f"{line['gname']} {line['qty']}件" for line in goods)[:200],
            **_consignee(number),
        )


def waybill_status_rows(count: int, *, first: int = 1) -> Iterator[Line]:
    """That the waybills of the same numbers were signed for."""
    for number in range(first, first + count):
        time = f"20260109{number % 24:02d}{number % 60:02d}00"
        yield _head(**_CARRIER, logisticsNo=f"YD{number:010d}", logisticsStatus="S", logisticsTime=time)


def cancel_rows(
    count: int, *, first: int = 1, prefix: str = "T", numbers: Mapping[str, str] | None = None
) -> Iterator[Line]:
    """Applications to cancel the inventory lists of the same numbers.

    `numbers`: what customs numbered these lists (invtNo by copNo); without it they are numbered as `invented_list_number` has it.
    """
    for number in range(first, first + count):
        yield _application(f"X{prefix}{number:010d}", number, prefix, numbers, "消费者取消订单")


def return_rows(
    count: int, *, first: int = 1, lines: int = 1, prefix: str = "T", numbers: Mapping[str, str] | None = None
) -> Iterator[Line]:
    """Applications to return all goods of the inventory lists of the same numbers. `numbers`: see `cancel_rows`."""
    for number in range(first, first + count):
        head = _application(f"R{prefix}{number:010d}", number, prefix, numbers, "消费者七天无理由退货")
        for line in _goods_lines(number, lines):
            yield head | {f"line.{name}": line[name] for name in ("gnum", "gcode", "gname", "qty", "unit")}


def delivery_rows(count: int, *, first: int = 1, lines: int = 1, prefix: str = "T") -> Iterator[Line]:
    """Entries into the warehouse: the waybills of the numbers from `first` on, `lines` of them in each entry."""
    for nth in range(count):
        start = first + nth * lines
        head = _head(
            customsCode="5208",
            copNo=f"D{prefix}{start:010d}",
            operatorCode="4407961666",
            operatorName="示例监管场所有限公司",
            ieFlag="I",
            **_FLIGHT,
            billNo=_bill(start),
            **_CARRIER,
            unloadLocation=f"A-{nth % 90 + 10}",
        )
        for gnum, number in enumerate(range(start, start + lines), 1):
            yield head | {"line.gnum": str(gnum), "line.logisticsNo": f"YD{number:010d}"}


def invented_list_number(number: int) -> str:
    """The number of an inventory list as customs form it: district, year, I for import, nine digits."""
    return f"52082026I{number:09d}"


def heading(message: MessageType, key: str) -> str:
    """The heading that names the field beyond doubt: its Chinese label, with the element's name in brackets."""
    part, _, name = key.partition(".")
    field = message.field("head" if part == "head" else "line", name)
    parent = (message.head or message.record) if part == "head" else message.line
    return f"{field.zh}\n{parent}/{name}"


def write_workbook(path: Path, code: str, rows: list[Line], title: str | None = None) -> None:
    """Write the rows as one flat sheet, every cell text, under Chinese headings."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    message = message_type(code)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(message.zh)
    keys = list(rows[0])
    for index in range(len(keys)):
        sheet.column_dimensions[column_letters(index)].width = 18
    if title is not None:
        sheet.append([title])
    headings = []
    for key in keys:
        cell = WriteOnlyCell(sheet, value=heading(message, key))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DDEBF7")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        headings.append(cell)
    sheet.append(headings)
    for row in rows:
        sheet.append([row[key] for key in keys])
    book.save(path)


def _goods_lines(number: int, lines: int) -> Iterator[Line]:
    for nth in range(lines):
        name, model, gcode, unit, price, weight = _GOODS[(number + nth) % len(_GOODS)]
        quantity = (number + nth) % 3 + 1
        yield {
            "gnum": str(nth + 1),
            "itemNo": f"SKU{(number + nth) % 400:04d}",
            "itemName": name,
            "gcode": gcode,
            "gname": name,
            "gmodel": model,
            "unit": unit,
            "qty": str(quantity),
            "unit1": "035",
            "qty1": str(Decimal(weight) * quantity),
            "price": price,
            "totalPrice": str(Decimal(price) * quantity),
            "country": ("601", "609", "303", "502")[(number + nth) % 4],
        }


def _head(**fields: str) -> Line:
    return {f"head.{name}": text for name, text in fields.items()}


def _application(cop_no: str, number: int, prefix: str, numbers: Mapping[str, str] | None, reason: str) -> Line:
    """The head of an application about an inventory list."""
    known = numbers[f"C{prefix}{number:010d}"] if numbers is not None else invented_list_number(number)
    return _head(
        customsCode="5208",
        orderNo=f"{prefix}{number:010d}",
        **_PLATFORM,
        **_SELLER,
        logisticsNo=f"YD{number:010d}",
        **_CARRIER,
        copNo=cop_no,
        invtNo=known,
        **_buyer(number),
        **_DECLARANT,
        reason=reason,
    )


def _tax(value: Decimal) -> Decimal:
    return (value * Decimal("0.091")).quantize(Decimal("0.01"))


def _bill(number: int) -> str:
    return f"784-{number % 10_000_000:08d}"


def _buyer(number: int) -> Line:
    return {
        "buyerName": _name(number),
        "buyerTelephone": _telephone(number),
        "buyerIdNumber": identity_number(number),
    }


def _consignee(number: int) -> Line:
    return {
        "consignee": _name(number),
        "consigneeTelephone": _telephone(number),
        "consigneeAddress": _address(number),
    }


def _name(number: int) -> str:
    return f"{_SURNAMES[number % 10]}试{'一二三四五六七八九十'[number // 10 % 10]}"


def _telephone(number: int) -> str:
    return f"138{number % 100_000_000:08d}"


def _address(number: int) -> str:
    return f"测试省示例市样本区{number % 200 + 1}号{number % 30 + 1}栋{number % 28 + 1}01室"
