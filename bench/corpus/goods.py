"""Invented orders and inventory lists that are right: every amount adds up, every code is in its table, every person is nobody."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from corpus.sheets import Record

# Name, model, commodity code, unit, legal unit, weight in kg of one, price.
_GOODS = (
    ("婴儿配方奶粉一段", "900克/罐", "1901101000", "122", "035", "0.9", "93"),
    ("复合维生素片", "60片/瓶", "2106909090", "142", "035", "0.2", "128.5"),
    ("保湿面霜", "50毫升/瓶", "3304990039", "142", "035", "0.05", "215"),
    ("特级初榨橄榄油", "750毫升/瓶", "1509200000", "142", "035", "0.75", "68.9"),
    ("蜂蜜", "500克/瓶", "0409000000", "142", "035", "0.5", "45.5"),
    ("纸尿裤(M号)", "M号 64片/包", "9619001100", "125", "035", "2.1", "119"),
    ("电动牙刷", "型号X1 & 刷头2支", "8509809000", "012", "035", "0.35", "299"),
    ("儿童绘本", "精装/册", "4901990000", "131", "035", "0.4", "36"),
)
_COUNTRIES = ("601", "609", "303", "502", "116", "305")
_DISTRICTS = ("5208", "5141", "0208", "5349", "2244")
_SURNAMES, _NAMES = "赵钱孙李周吴郑王冯陈", "一二三四五六七八九十"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(number: int, born: date | None = None) -> str:
    """An identity number with its check digit (GB 11643), of a district that does not exist."""
    day = born or date(1960, 1, 1) + timedelta(days=number * 37 % 14_000)
    return with_check_digit(f"999999{day:%Y%m%d}{number % 1000:03d}")


def with_check_digit(digits: str) -> str:
    """The seventeen digits and their check digit: ISO 7064 MOD 11-2."""
    return digits + "10X98765432"[sum(weight * int(one) for weight, one in zip(_WEIGHTS, digits, strict=True)) % 11]


def plain(amount: Decimal) -> str:
    """Without zeros at the end, never as 1E+2."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def an_order(rng: Random, number: int, lines: int) -> Record:
    goods = [a_line(rng, nth) for nth in range(1, lines + 1)]
    value = sum((Decimal(str(one["totalPrice"])) for one in goods), Decimal())
    freight, discount = Decimal(rng.choice(("0", "0", "12", "8.5"))), Decimal(rng.choice(("0", "0", "5")))
    tax = (value * Decimal("0.091")).quantize(Decimal("0.01"))
    head = {
        "orderNo": f"DD{number:010d}",
        **platform_and_shop(),
        "goodsValue": plain(value),
        "freight": plain(freight),
        "discount": plain(discount),
        "taxTotal": plain(tax),
        "acturalPaid": plain(value + freight + tax - discount),
        "currency": "142",
        "buyerRegNo": f"U{number:08d}",
        **buyer(number),
        "payCode": "9900000004",
        "payName": "测试支付有限公司",
        "payTransactionId": f"ZF{number:012d}",
        "consignee": name_of(number + 7),
        "consigneeTelephone": f"139{number % 10**8:08d}",
        "consigneeAddress": _address(number),
        "consigneeDistrict": "110101",
    }
    names = ("gnum", "itemNo", "itemName", "gmodel", "barCode", "unit", "qty", "price", "totalPrice", "country")
    return Record(head, [{name: one[name] for name in names} for one in goods])


def an_inventory(rng: Random, number: int, lines: int, trade_mode: str = "") -> Record:
    goods = [a_line(rng, nth) for nth in range(1, lines + 1)]
    net = sum((Decimal(str(one["qty1"])) for one in goods), Decimal())
    mode = trade_mode or rng.choice(("9610", "1210"))
    bonded = mode == "1210"
    head = {
        "orderNo": f"DD{number:010d}",
        "copNo": f"NB{number:010d}",
        **platform_and_shop(),
        "logisticsNo": f"YD{number:010d}",
        **carrier(),
        "assureCode": "9900000002",
        "emsNo": f"T5141W{number % 10**6:06d}" if bonded else None,
        "declTime": "20260105",
        "customsCode": rng.choice(_DISTRICTS),
        "portCode": rng.choice(_DISTRICTS),
        "ieDate": "20260104",
        **buyer(number),
        "consigneeAddress": _address(number),
        "agentCode": "9900000002",
        "agentName": "测试电商有限公司",
        "areaCode": "9900000005" if bonded else None,
        "areaName": "测试仓储有限公司" if bonded else None,
        "tradeMode": mode,
        "trafMode": "Y" if bonded else rng.choice("245"),
        "trafNo": None if bonded else "CZ3082",
        "voyageNo": None if bonded else "CZ3082",
        "billNo": None if bonded else f"784-{number % 10**7:08d}",
        "country": "142" if bonded else rng.choice(_COUNTRIES),
        "freight": rng.choice(("0", "12")),
        "insuredFee": "0",
        "currency": "142",
        "wrapType": "2",
        "packNo": "1",
        "grossWeight": plain(net + Decimal("0.3")),
        "netWeight": plain(net),
    }
    made = [{"itemRecordNo": f"{nth:06d}" if bonded else None} for nth in range(1, lines + 1)]
    return Record(head, [one | line for one, line in zip(made, goods, strict=True)])


def a_line(rng: Random, nth: int) -> dict[str, str | None]:
    name, model, gcode, unit, unit1, weight, price = rng.choice(_GOODS)
    quantity = rng.randint(1, 3)
    second = rng.random() < 0.3
    return {
        "gnum": str(nth),
        "itemNo": f"SKU{rng.randint(0, 9999):04d}",
        "itemName": name,
        "gcode": gcode,
        "gname": name,
        "gmodel": model,
        "barCode": f"69{rng.randint(0, 10**10):011d}",
        "unit": unit,
        "qty": str(quantity),
        "unit1": unit1,
        "qty1": plain(Decimal(weight) * quantity),
        "unit2": "011" if second else None,
        "qty2": str(quantity) if second else None,
        "price": plain(Decimal(price)),
        "totalPrice": plain(Decimal(price) * quantity),
        "country": rng.choice(_COUNTRIES),
    }


def platform_and_shop() -> dict[str, str]:
    return {
        "ebpCode": "9900000001",
        "ebpName": "测试平台有限公司",
        "ebcCode": "9900000002",
        "ebcName": "测试电商有限公司",
    }


def carrier() -> dict[str, str]:
    return {"logisticsCode": "9900000003", "logisticsName": "测试物流有限公司"}


def buyer(number: int) -> dict[str, str]:
    return {
        "buyerName": name_of(number),
        "buyerTelephone": f"138{number % 10**8:08d}",
        "buyerIdType": "1",
        "buyerIdNumber": identity_number(number),
    }


def name_of(number: int) -> str:
    return f"{_SURNAMES[number % 10]}试{_NAMES[number // 10 % 10]}"


def _address(number: int) -> str:
    return f"测试省示例市样本区{number % 200 + 1}号{number % 30 + 1}栋{number % 28 + 1}01室"
