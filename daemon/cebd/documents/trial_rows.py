"""Rows of invented orders and inventory lists, for the demonstration, the benchmarks and the tests.

Every value is made from the row's number, the identity numbers too (their check digits are right, their persons do not exist).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

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
        tax = (value * Decimal("0.091")).quantize(Decimal("0.01"))
        head = {
            "orderNo": f"{prefix}{number:010d}",
            "ebpCode": "4407961999",
            "ebpName": "示例跨境电子商务有限公司",
            "ebcCode": "4407961999",
            "ebcName": "示例跨境电子商务有限公司",
            "goodsValue": str(value),
            "freight": "0",
            "discount": "0",
            "taxTotal": str(tax),
            "acturalPaid": str(value + tax),
            "buyerRegNo": f"U{number:08d}",
            **_buyer(number),
            "consignee": _name(number),
            "consigneeTelephone": _telephone(number),
            "consigneeAddress": _address(number),
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
            "ebpCode": "4407961999",
            "ebpName": "示例跨境电子商务有限公司",
            "ebcCode": "4407961999",
            "ebcName": "示例跨境电子商务有限公司",
            "logisticsNo": f"YD{number:010d}",
            "logisticsCode": "4407961888",
            "logisticsName": "示例物流有限公司",
            "assureCode": "4407961999",
            "declTime": "20260105",
            "customsCode": "5208",
            "portCode": "5208",
            "ieDate": "20260105",
            **_buyer(number),
            "consigneeAddress": _address(number),
            "agentCode": "4407961999",
            "agentName": "示例跨境电子商务有限公司",
            "tradeMode": "9610",
            "trafMode": "5",
            "trafNo": "CZ3082",
            "voyageNo": "CZ3082",
            "billNo": f"784-{number % 10_000_000:08d}",
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
        sheet.column_dimensions[_letter(index)].width = 18
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


def _letter(index: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(index + 1)


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


def _buyer(number: int) -> Line:
    return {
        "buyerName": _name(number),
        "buyerTelephone": _telephone(number),
        "buyerIdNumber": identity_number(number),
    }


def _name(number: int) -> str:
    return f"{_SURNAMES[number % 10]}试{'一二三四五六七八九十'[number // 10 % 10]}"


def _telephone(number: int) -> str:
    return f"138{number % 100_000_000:08d}"


def _address(number: int) -> str:
    return f"测试省示例市样本区{number % 200 + 1}号{number % 30 + 1}栋{number % 28 + 1}01室"
