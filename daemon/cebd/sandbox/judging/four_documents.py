"""Customs put the four documents of an import together when the list is declared: what it says is held against what they have by then.

| is held against | what | answer |
| --- | --- | --- |
| the order | goods line by line: number, quantity, unit, price, total, currency; how many | 100 `[Code:1322;…]` |
| the order's payment | the payment company, where the order names one | 100 `[Code:13035;…]` |
| | the amount; of several payments the one that the order names, else all together | 100, a code was not seen |
| the buyer's year | 26,000 RMB in all | 100 `[Code:1313;…]` |

Nobody has seen a list come back for its waybill. The ledger keeps of each document what is asked here (`stated`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from cebd.clock import CST
from cebd.sandbox.answering.replies import Name, Reply, waits_for
from cebd.sandbox.ledger import Entry

ORDER, PAYMENT, LIST = "CEB311", "CEB411", "CEB621"
_LIMIT_OF_A_YEAR = Decimal(26_000)
_GOODS = "[Code:1322;Desc:订单清单表体商品项不一致]"
_COMPANY = "[Code:13035;Desc:支付企业不一致]"
_AMOUNT = "订单实际支付金额与支付单支付金额不一致"
_YEAR = "[Code:1313;Desc:超过年度限额]"
_RETURNED = "100"
Texts = Mapping[str, str]
Key = tuple[str, ...]


def stated(code: str, head: Texts, lines: Sequence[Texts], now: datetime) -> Entry:
    """What the ledger keeps of a document; empty where nothing is asked of it."""
    awaited = waits_for(code)
    name = () if awaited is None else awaited.name_in(head)
    company, payment = head.get("payCode", ""), head.get("payTransactionId", "")
    match code:
        case "CEB311":
            paid = head["acturalPaid"]
            return {"name": name, "goods": _goods(lines), "company": company, "paid": paid, "by": payment}
        case "CEB411":
            return {"name": name, "company": company, "paid": head["amountPaid"], "by": payment}
        case "CEB621":
            year = f"{now.astimezone(CST):%Y} {head['buyerIdNumber'].upper()}"
            worth = sum((Decimal(line["totalPrice"]) for line in lines), Decimal())
            worth += Decimal(head.get("freight") or 0) + Decimal(head.get("insuredFee") or 0)
            return {"goods": _goods(lines), "year": year, "worth": str(worth)}
    return {}


class StatedDocuments:
    """What the documents known so far have stated; grows with the ledger."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, Name], dict[Key, Entry]] = {}  # orders and payments, by how a list names them
        self._bought: dict[str, Decimal] = {}  # by the buyer's year
        self._counted: dict[Key, Entry] = {}  # lists in it
        self._key_of: dict[str, Key] = {}  # of a list, by customs' number

    def learn(self, code: str, key: Key, entry: Entry, number: str) -> None:
        """A document was taken, changed or deleted. `number`: customs' own of a list."""
        said: Entry = entry["stated"]
        is_gone = bool(entry.get("deleted"))
        if code == LIST:
            self._uncount(key)
            if not is_gone:
                self._key_of[number] = key
                self._counted[key] = said
                self._bought[said["year"]] = self.bought(said["year"]) + Decimal(said["worth"])
            return
        documents = self._by_name.setdefault((code, tuple(said["name"])), {})
        documents.pop(key, None)
        if not is_gone:
            documents[key] = said

    def forget_list(self, number: str) -> None:
        """The list was cancelled: its buyer's year has room again."""
        self._uncount(self._key_of.pop(number, ()))

    def bought(self, year: str, without: Key = ()) -> Decimal:
        """What was declared in a buyer's year; `without` a list that is declared anew."""
        counted = self._counted.get(without)
        own = Decimal(counted["worth"]) if counted is not None and counted["year"] == year else Decimal()
        return self._bought.get(year, Decimal()) - own

    def against(self, key: Key, listed: Entry, names: Collection[Name], bought_here: Decimal) -> Reply | None:
        """Why a list is returned that states this and names others so. `bought_here`: in its message, by the same buyer, before it."""
        orders, payments = (
            [said for name in names for said in self._by_name.get((code, name), {}).values()]
            for code in (ORDER, PAYMENT)
        )
        reasons = []
        for order in orders[:1]:
            reasons += _against_order(order, listed)
            reasons += _against_payment(order, payments)
        if self.bought(listed["year"], key) + bought_here + Decimal(listed["worth"]) > _LIMIT_OF_A_YEAR:
            reasons.append(_YEAR)
        return (_RETURNED, ",".join(reasons)) if reasons else None

    def _uncount(self, key: Key) -> None:
        counted = self._counted.pop(key, None)
        if counted is not None:
            self._bought[counted["year"]] -= Decimal(counted["worth"])


def _against_order(order: Entry, listed: Entry) -> list[str]:
    return [] if order["goods"] == listed["goods"] else [_GOODS]


def _against_payment(order: Entry, payments: Sequence[Entry]) -> list[str]:
    named = [payment for payment in payments if payment["by"] == order["by"]] or payments
    if not named:
        return []
    reasons = []
    if order["company"] and not any(_may_be_one(order["company"], payment["company"]) for payment in named):
        reasons.append(_COMPANY)
    if sum(Decimal(payment["paid"]) for payment in named) != Decimal(order["paid"]):
        reasons.append(_AMOUNT)
    return reasons


def _may_be_one(code: str, other: str) -> bool:
    """An enterprise has a customs registration (10 digits) and a credit code (18 characters)."""
    return code == other or len(code) != len(other)


def _goods(lines: Sequence[Texts]) -> str:
    """A digest of the goods lines."""
    told = [
        (
            *(str(Decimal(line[name]).normalize()) for name in ("gnum", "qty", "price", "totalPrice")),
            *(line[name] for name in ("unit", "currency")),
        )
        for line in lines
    ]
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()
