"""The reconciliation of a day: do the orders, payments, waybills and lists that were dropped on it agree, and was each answered?

A purchase is what its documents have in common: the order number with its platform; a waybill belongs to the list that names it, else to
the order that it names. The files of the day say which purchases are looked at; their other documents are those of any day, and of any
enterprise of the station. A kind that the enterprise never declared here is not missed: somebody else declares it.

Export documents and applications have no purchase here: they are counted, and named where something is wrong with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cebd.customs.statuses import rests
from cebd.problems.problem import problem
from cebd.receipts.publishing.book.remarks import word_of
from cebd.receipts.publishing.drop_receipt import records_of
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.key import KEY_SEPARATOR, bare_number
from cebd.records.states import State
from cebd.store.across.earlier.declared import declares
from cebd.store.drops import Drop
from cebd.store.statements.day import DayRecord, documents, files_of_day, records_of_files
from cebd.store.transaction import Transaction

ORDER, PAYMENT, WAYBILL, LIST = KINDS = ("CEB311", "CEB411", "CEB511", "CEB621")
_NAMES = {
    ORDER: ("订单", "order"),
    PAYMENT: ("支付单", "payment"),
    WAYBILL: ("运单", "waybill"),
    LIST: ("清单", "inventory list"),
}
# What is said of a record that is neither at its end nor has a problem of its own: these problems.
_UNDER_WAY = {
    State.HELD: "CEBD-1754",
    State.READY: "CEBD-1755",
    State.SIGNED: "CEBD-1755",
    State.IN_DOUBT: "CEBD-1748",
    State.SENT: "CEBD-1756",
}
_NOTHING_DECLARED = (State.REJECTED, State.REFUSED, State.HELD)


class Finding(NamedTuple):
    """Something to be looked after. `number`: of the order, else the document's own; `what` and `to_do` in Chinese and English."""

    type: str
    number: str
    state: str
    what: str
    to_do: str
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """The documents of an order by type; `missing`: the kinds that should be there."""

    order: str
    documents: Mapping[str, DayRecord]
    missing: Sequence[str]

    @property
    def agrees(self) -> bool:
        """Whether all that should be there was declared and answered, and nothing was refused."""
        return not self.missing and all(
            record.status is not None and record.state not in _NOTHING_DECLARED for record in self.documents.values()
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Of a type, how many rows of the day are in each state; `repeated`: declared before; `answered`: have a receipt."""

    type: str
    by_state: Mapping[State, int]
    answered: int

    @property
    def rows(self) -> int:
        return sum(self.by_state.values())

    @property
    def repeated(self) -> int:
        return self.by_state.get(State.REPEAT, 0)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day of an enterprise. `files`: how many were dropped."""

    enterprise: str
    day: str
    files: int
    tallies: Sequence[Tally]
    purchases: Sequence[Purchase]
    findings: Sequence[Finding]

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "enterprise": self.enterprise,
            "day": self.day,
            "files": self.files,
            "types": {
                tally.type: {"rows": tally.rows, "answered": tally.answered, **dict(sorted(tally.by_state.items()))}
                for tally in self.tallies
            },
            "purchases": len(self.purchases),
            "agreeing": sum(purchase.agrees for purchase in self.purchases),
            "exceptions": [finding._asdict() for finding in self.findings],
        }


def reconcile(transaction: Transaction, enterprise: str, day: str) -> Reconciliation:
    """The day as it stands now."""
    files = files_of_day(transaction, enterprise, day)
    own = [drop for drop in files if drop.repeat_of is None]
    of_day = list(records_of_files(transaction, own))
    purchases = _purchases(transaction, enterprise, of_day)
    findings = [*_of_records(transaction, own, of_day), *_of_purchases(purchases)]
    return Reconciliation(enterprise, day, len(files), _tallies(of_day), purchases, findings)


def count_records(transaction: Transaction, enterprise: str, day: str) -> int:
    """How many records the day has, more or less: whether its statement is large."""
    return sum(drop.records or 0 for drop in files_of_day(transaction, enterprise, day))


def name_of(type_: str) -> tuple[str, str]:
    """What a document is called, in Chinese and English; other types have their code."""
    return _NAMES.get(type_, (type_, type_))


def _tallies(of_day: Sequence[DayRecord]) -> list[Tally]:
    states: dict[str, Counter[State]] = {kind: Counter() for kind in KINDS}
    answered: Counter[str] = Counter()
    for record in of_day:
        states.setdefault(record.type, Counter())[record.state] += 1
        answered[record.type] += record.status is not None
    return [Tally(type_, by_state, answered[type_]) for type_, by_state in states.items()]


# Purchases


def _purchases(transaction: Transaction, enterprise: str, of_day: Sequence[DayRecord]) -> list[Purchase]:
    expected = [kind for kind in KINDS if declares(transaction, enterprise, kind)]
    declared = [record for record in of_day if record.state is not State.REPEAT]
    waybills = {record.key: record for record in declared if record.type == WAYBILL}
    lists_of_waybills = documents(transaction, LIST, "waybill_no", list(waybills))
    named = [*declared, *lists_of_waybills.values()]
    orders = list(dict.fromkeys(one.order_no for one in named if one.type in (ORDER, PAYMENT, LIST) and one.order_no))
    found = {kind: documents(transaction, kind, "order_no", orders) for kind in (ORDER, PAYMENT, LIST)}
    of_lists = documents(
        transaction, WAYBILL, "key", [one.waybill_no for one in found[LIST].values() if one.waybill_no]
    )
    by_order = documents(transaction, WAYBILL, "order_no", [f"{bare_number(order)}{KEY_SEPARATOR}" for order in orders])
    purchases = []
    taken: set[str] = set()
    for order in orders:
        documents_of_it = {kind: found[kind][order] for kind in (ORDER, PAYMENT, LIST) if order in found[kind]}
        listed = documents_of_it.get(LIST)
        waybill = of_lists.get(listed.waybill_no) if listed is not None and listed.waybill_no else None
        waybill = waybill or by_order.get(f"{bare_number(order)}{KEY_SEPARATOR}")
        if waybill is not None:
            documents_of_it[WAYBILL] = waybill
            taken.add(waybill.key)
        missing = [kind for kind in expected if kind not in documents_of_it]
        purchases.append(Purchase(bare_number(order), documents_of_it, missing))
    for key, waybill in waybills.items():
        if key not in taken:
            missing = [kind for kind in expected if kind != WAYBILL]
            purchases.append(Purchase(bare_number(waybill.order_no or ""), {WAYBILL: waybill}, missing))
    return purchases


def _of_purchases(purchases: Sequence[Purchase]) -> Iterator[Finding]:
    for purchase in purchases:
        for kind in purchase.missing:
            there = [name_of(one) for one in KINDS if one in purchase.documents]
            zh, en = name_of(kind)
            there_zh, there_en = "、".join(one for one, _ in there), ", ".join(one for _, one in there)
            said = problem(_MISSING[kind], zh=zh, en=en, there_zh=there_zh, there_en=there_en)
            number = purchase.order or _number(purchase.documents[WAYBILL])
            yield Finding(kind, number, "缺 missing", *_texts(said.zh, said.en, said.fix_zh, said.fix_en), "", None)


_MISSING = {ORDER: "CEBD-1757", PAYMENT: "CEBD-1757", WAYBILL: "CEBD-1757", LIST: "CEBD-1758"}


# Records


def _of_records(transaction: Transaction, files: Sequence[Drop], of_day: Sequence[DayRecord]) -> Iterator[Finding]:
    orders = {(record.type, record.key): bare_number(record.order_no or "") for record in of_day}
    for drop in files:
        for record in records_of(transaction, drop):
            texts = _said_of(record)
            if texts is not None:
                key = KEY_SEPARATOR.join(record.key.values())
                number = orders.get((record.type, key)) or _own_number(record)
                word = word_of(record).zh
                yield Finding(record.type, number, word, *texts, drop.name, record.place.row)


def _said_of(record: ReceiptRecord) -> tuple[str, str] | None:
    """What is wrong and what to do, as the receipt of the file has it; None where nothing is."""
    if record.state is State.SUCCEEDED or record.cancelled:
        return None
    said = [one for one in record.problems if one.severity != "notice"]
    customs = record.customs
    if not said and record.state in _UNDER_WAY:
        said = [problem(_UNDER_WAY[record.state])]
    if said:
        what, to_do = zip(*(_texts(one.zh, one.en, one.fix_zh, one.fix_en) for one in said), strict=True)
        return "\n".join(dict.fromkeys(what)), "\n".join(dict.fromkeys(to_do))
    if record.state is not State.ACKNOWLEDGED or customs is None or rests(record.type, customs.status):
        return None
    waits = problem("CEBD-1759", value=f"{customs.status} {customs.text_zh}", meaning=customs.text_en)
    advice = customs.advice
    to_do = (advice.next_zh, advice.next_en) if advice is not None and advice.next_zh else (waits.fix_zh, waits.fix_en)
    return _texts(waits.zh, waits.en, *to_do)


def _texts(zh: str, en: str, fix_zh: str, fix_en: str) -> tuple[str, str]:
    return f"{zh}\n{en}", f"{fix_zh}\n{fix_en}"


def _own_number(record: ReceiptRecord) -> str:
    named = ("orderNo", "copNo", "logisticsNo", "payTransactionId")
    return next((record.key[name] for name in named if record.key.get(name)), next(iter(record.key.values()), ""))


def _number(record: DayRecord) -> str:
    return bare_number(record.key)
