"""The tax bills of a month: a row for each bill, the sums of what is due by who stands for the tax and by payment note, and the goods.

Columns have the names and the order of the electronic tax bill (816); taxes that a void bill names are owed by nobody and are in no sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from cebd.customs.code_book import meanings
from cebd.customs.statuses import TAX
from cebd.messages.description import Field, message_type
from cebd.receipts.statements.tables import Cell, Column, Row, Table
from cebd.records.key import bare_number, parts_of
from cebd.store.statements.tax_bills import Bill

_BILL = "CEB816"
VOID = "3"
TAXES = ("customsTax", "valueAddedTax", "consumptionTax")
_STATES = {"1": ("已生成 issued", None), "2": ("已汇总 consolidated", "C6EFCE"), VOID: ("作废 void", "D9D9D9")}
_OTHERS = ("assureCode", "ebcCode", "logisticsCode", "agentCode", "customsCode", "note")
_OF_GOODS = ("gnum", "gcode", "taxPrice", *TAXES)
_WIDTHS = {"note": 30.0, "taxNo": 26.0, "entDutyNo": 24.0, "gnum": 10.0, "gcode": 14.0, "customsCode": 14.0}


def tax_bill_tables(bills: Iterable[Bill], until: str, note: str = "") -> Iterator[Table]:
    """The sheets; `until`: the time of this state of things, as people write it; `note`: that the station is on trial."""
    known = list(bills)
    void = sum(bill.status == VOID for bill in known)
    about = (
        f"电子税单{note} {len(known)} 张，其中作废 {void} 张（不计入合计）；截至 {until}",
        f"{len(known)} electronic tax bills, {void} of them void (in no sum); as of {until}",
    )
    yield Table("税单 Tax bills", bill_columns(), map(bill_row, known), about)
    yield Table("合计 Sums", SUM_COLUMNS, sums(known))
    lines = _columns(message_type(_BILL).line_fields, _OF_GOODS)
    goods = (Row((bill.number, bill.list_number, *_line(line)), _colour(bill)) for bill in known for line in bill.lines)
    yield Table("表体 Goods", (_named("taxNo"), _named("invtNo"), *lines), goods)


def bill_columns() -> tuple[Column, ...]:
    """The columns of the sheet of bills."""
    return (
        _named("taxNo"),
        Column("税单状态\nStatus", 18, name="status"),
        _named("invtNo"),
        Column("订单编号\nOrder", 24, name="orderNo"),
        Column("企业内部编号\ncopNo", 24),
        Column("物流运单编号\nWaybill", 22, name="logisticsNo"),
        *(_named(name) for name in TAXES),
        Column("税款合计（元）\nTax in all", 16, "amount", "tax"),
        _named("entDutyNo"),
        *(_named(name) for name in _OTHERS),
        Column("生成时间\nFirst seen", 20, name="first"),
        Column("最近回执时间\nLatest word", 20, name="last"),
        Column("来源文件\nFile", 30, name="file"),
    )


def bill_row(bill: Bill) -> Row:
    """A bill in these columns."""
    head = bill.head
    cells: tuple[Cell, ...] = (
        bill.number,
        state_of_bill(bill),
        bill.list_number,
        bare_number(bill.order),
        parts_of(bill.key)[0],
        bare_number(bill.waybill),
        *(amount(head.get(name)) for name in TAXES),
        total(bill),
        head.get("entDutyNo"),
        *(head.get(name) for name in _OTHERS),
        bill.first[:19].replace("T", " "),
        bill.last[:19].replace("T", " "),
        bill.file,
    )
    return Row(cells, _colour(bill))


def state_of_bill(bill: Bill) -> str:
    """The word for its status."""
    known = _STATES.get(bill.status)
    if known is not None:
        return known[0]
    entry = next(iter(meanings(f"{TAX}{bill.status}")), None)
    return f"{bill.status} {entry.zh}" if entry is not None else bill.status


def total(bill: Bill) -> Decimal:
    """The three taxes together."""
    return taxes_in(bill.head)


def taxes_in(texts: Mapping[str, str]) -> Decimal:
    """The three taxes together, of the head of a bill, in yuan."""
    return sum((amount(texts.get(name)) or Decimal() for name in TAXES), Decimal())


def amount(text: str | None) -> Decimal | None:
    """An amount of customs; None for none, and for what is no number."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


@dataclass
class _Sum:
    bills: int = 0
    taxes: list[Decimal] = field(default_factory=lambda: [Decimal()] * len(TAXES))

    def add(self, bill: Bill) -> None:
        self.bills += 1
        self.taxes = [
            before + (amount(bill.head.get(name)) or Decimal()) for before, name in zip(self.taxes, TAXES, strict=True)
        ]

    def row(self, what: str, of: str, colour: str | None = None) -> Row:
        return Row((what, of, self.bills, *self.taxes, sum(self.taxes, Decimal())), colour)


SUM_COLUMNS = (
    Column("项目\nWhat", 34),
    Column("编号\nNumber", 26),
    Column("税单张数\nBills", 12, "count"),
    *(
        Column(heading, 16, "amount")
        for heading in ("应征关税\nCustoms duty", "应征增值税\nVAT", "应征消费税\nConsumption")
    ),
    Column("税款合计（元）\nIn all", 16, "amount"),
)


def sums(bills: Sequence[Bill]) -> Iterator[Row]:
    """All valid bills, then by status, by who stands for the tax, and by payment note."""
    owed = [bill for bill in bills if bill.status != VOID]
    yield _summed(owed).row("全部有效税单 all valid bills", "", "E2EFDA")
    groups = (
        ("其中 of them", state_of_bill),
        ("税款担保企业 guarantor", lambda bill: bill.head.get("assureCode", "")),
        ("缴款书 payment note", lambda bill: bill.head.get("entDutyNo", "")),
    )
    for what, name_of in groups:
        by_name: dict[str, list[Bill]] = {}
        for bill in owed:
            by_name.setdefault(name_of(bill), []).append(bill)
        for name, some in sorted(by_name.items()):
            yield _summed(some).row(what, name or "（未注明 none given）")


def _summed(bills: Iterable[Bill]) -> _Sum:
    of_all = _Sum()
    for bill in bills:
        of_all.add(bill)
    return of_all


def _line(line: object) -> Iterator[Cell]:
    assert isinstance(line, dict)  # noqa: S101  as the store has it
    for name in _OF_GOODS:
        text = line.get(name)
        yield amount(text) if name in (*TAXES, "taxPrice") else text


def _colour(bill: Bill) -> str | None:
    return _STATES.get(bill.status, ("", "FFE0B2"))[1]


def _named(name: str) -> Column:
    (column,) = _columns(message_type(_BILL).head_fields, (name,))
    return column


def _columns(fields: Sequence[Field], names: Sequence[str]) -> list[Column]:
    by_name = {one.name: one for one in fields}
    return [
        Column(
            f"{by_name[name].zh}\n{by_name[name].en}",
            _WIDTHS.get(name, 22.0 if name.endswith(("No", "Code")) else 16.0),
            "amount" if name in (*TAXES, "taxPrice") else "text",
            name,
        )
        for name in names
    ]
