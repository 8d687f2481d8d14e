"""Invented payments, waybills, their statuses, applications and warehouse entries that are right."""

from __future__ import annotations

from random import Random

from corpus.goods import a_line, buyer, carrier, identity_number, name_of, platform_and_shop
from corpus.sheets import Record


def a_payment(rng: Random, number: int, _lines: int) -> Record:
    head = {
        "payCode": "9900000004",
        "payName": "测试支付有限公司",
        "payTransactionId": f"ZF{number:012d}",
        "orderNo": f"DD{number:010d}",
        "ebpCode": "9900000001",
        "ebpName": "测试平台有限公司",
        "payerIdType": "1",
        "payerIdNumber": identity_number(number),
        "payerName": name_of(number),
        "telephone": f"138{number % 10**8:08d}",
        "amountPaid": f"{rng.randint(1, 4000)}.{rng.randint(10, 99)}",
        "currency": "142",
        "payTime": f"20260104{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}00",
    }
    return Record(head, [])


def a_waybill(rng: Random, number: int, _lines: int) -> Record:
    head = {
        **carrier(),
        "logisticsNo": f"YD{number:010d}",
        "billNo": f"784-{number % 10**7:08d}",
        "orderNo": f"DD{number:010d}",
        "freight": rng.choice(("0", "12")),
        "insuredFee": "0",
        "currency": "142",
        "weight": f"{rng.randint(1, 9)}.{rng.randint(1, 9)}",
        "packNo": "1",
        "goodsInfo": "保湿面霜 1瓶",
        "consignee": name_of(number),
        "consigneeAddress": f"测试省示例市样本区{number % 200 + 1}号",
        "consigneeTelephone": f"139{number % 10**8:08d}",
    }
    return Record(head, [])


def a_status(rng: Random, number: int, _lines: int) -> Record:
    time = f"20260109{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}00"
    return Record({**carrier(), "logisticsNo": f"YD{number:010d}", "logisticsStatus": "S", "logisticsTime": time}, [])


def a_cancellation(_rng: Random, number: int, _lines: int) -> Record:
    return Record(_application(number, "消费者取消订单"), [])


def a_return(rng: Random, number: int, lines: int) -> Record:
    names = ("gnum", "gcode", "gname", "qty", "unit")
    goods = [a_line(rng, nth) for nth in range(1, lines + 1)]
    return Record(_application(number, "七天无理由退货"), [{name: one[name] for name in names} for one in goods])


def a_delivery(_rng: Random, number: int, lines: int) -> Record:
    head = {
        "customsCode": "5208",
        "copNo": f"RK{number:010d}",
        "operatorCode": "9900000006",
        "operatorName": "测试监管场所有限公司",
        "ieFlag": "I",
        "trafMode": "5",
        "trafNo": "CZ3082",
        "voyageNo": "CZ3082",
        "billNo": f"784-{number % 10**7:08d}",
        **carrier(),
        "unloadLocation": "A-12",
    }
    parcels = range(number * 100, number * 100 + lines)
    return Record(head, [{"gnum": str(nth), "logisticsNo": f"YD{one:012d}"} for nth, one in enumerate(parcels, 1)])


def _application(number: int, reason: str) -> dict[str, str]:
    return {
        "customsCode": "5208",
        "orderNo": f"DD{number:010d}",
        **platform_and_shop(),
        "logisticsNo": f"YD{number:010d}",
        **carrier(),
        "copNo": f"SQ{number:010d}",
        "invtNo": f"52082026I{number % 10**9:09d}",
        **buyer(number),
        "agentCode": "9900000002",
        "agentName": "测试电商有限公司",
        "reason": reason,
    }
