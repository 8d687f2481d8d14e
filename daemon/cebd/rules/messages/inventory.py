"""Rules of the inventory list (CEB621)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cebd.records.amount import scaled
from cebd.rules.amounts import (
    LIMITS,
    amounts_have_sign,
    amounts_not_zero,
    lines_multiply,
    not_above_zero,
    over_limit,
)
from cebd.rules.dates import dates_exist
from cebd.rules.goods import (
    commodity_code_is_one,
    commodity_codes_are_digits,
    commodity_codes_are_listed,
    lines_are_numbered,
    trade_remedy_note_is_formed,
    units_are_those_of_the_code,
)
from cebd.rules.identity import identity_rules
from cebd.rules.masked import nobody_is_masked
from cebd.rules.placeholders import something_is_said
from cebd.rules.registrations import declarant_is_the_enterprise, enterprise_codes, list_number_is_formed
from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule

_Text = TypeVar("_Text")
_BONDED, _DIRECT = ("1210", "1239"), "9610"
_CHINA = "142"


def _net_over_gross(columns: RecordColumns) -> Iterable[int]:
    weights = zip(columns.head_amounts("netWeight"), columns.head_amounts("grossWeight"), strict=True)
    return [number for number, (net, gross) in enumerate(weights) if net > gross]


@rule(
    "CEBD-1305",
    source="specification chapter 3, netWeight of 621: the gross weight without the packing",
    screen=_net_over_gross,
)
def net_within_gross(record: RecordTexts) -> Iterator[Violation]:
    """netWeight <= grossWeight; equal where goods go without packing."""
    net, gross = record.head["netWeight"], record.head["grossWeight"]
    if scaled(net) > scaled(gross):
        yield Violation("CEBD-1305", "head", -1, "netWeight", {"gross": gross})


def _over_the_limit(columns: RecordColumns) -> Iterable[int]:
    sums = (columns.line_sums("totalPrice"), columns.head_amounts("freight"), columns.head_amounts("insuredFee"))
    limit = columns.figures.order_limit_scaled
    return [number for number, amounts in enumerate(zip(*sums, strict=True)) if sum(amounts) > limit]


@rule("CEBD-1307", "CEBD-1308", source=LIMITS, screen=_over_the_limit)
def list_is_within_the_limit(record: RecordTexts) -> Iterator[Violation]:
    """All totalPrice + freight + insuredFee is not over the limit of a single order; said on the dearest line, for the head has no sum."""
    head, lines = record.head, record.lines
    totals = [scaled(line["totalPrice"]) for line in lines]
    value = sum(totals) + scaled(head.get("freight", "")) + scaled(head.get("insuredFee", ""))
    if value > record.figures.order_limit_scaled and totals:
        yield from over_limit(record, value, "line", totals.index(max(totals)), "totalPrice")


_WAREHOUSE = ("emsNo", "areaCode", "areaName")
_TRANSPORT = ("trafNo", "voyageNo", "billNo")


def _bonded_without(columns: RecordColumns) -> Iterator[int]:
    bonded = set(columns.heads_where("tradeMode", _BONDED.__contains__))
    if bonded:
        for name in _WAREHOUSE:
            yield from bonded.intersection(columns.heads_where(name, lambda text: not text))
        yield from bonded.intersection(columns.heads_where("country", lambda text: text != _CHINA))
        yield from bonded.intersection(columns.lines_where("itemRecordNo", lambda text: not text))


@rule(
    "CEBD-1311",
    "CEBD-1313",
    source="specification chapter 3, 621: what bonded import must give; GACC 2016 No. 75 and 2018 No. 194: 1239 is one, too",
    screen=_bonded_without,
)
def bonded_import_names_its_warehouse(record: RecordTexts) -> Iterator[Violation]:
    """1210 and 1239 (bonded import A) need emsNo, areaCode, areaName and itemRecordNo on each line, and come from China (142)."""
    head = record.head
    mode = head.get("tradeMode")
    if mode not in _BONDED:
        return
    for name in _WAREHOUSE:
        if not head.get(name):
            yield Violation("CEBD-1311", "head", -1, name, {"mode": mode})
    if head.get("country") != _CHINA:
        yield Violation("CEBD-1313", "head", -1, "country", {"mode": mode, "expected": _CHINA})
    for number, line in enumerate(record.lines):
        if not line.get("itemRecordNo"):
            yield Violation("CEBD-1311", "line", number, "itemRecordNo", {"mode": mode})


def _direct_without(columns: RecordColumns) -> Iterator[int]:
    direct = set(columns.heads_where("tradeMode", lambda mode: mode == _DIRECT))
    if direct:
        for name in _TRANSPORT:
            yield from direct.intersection(columns.heads_where(name, lambda text: not text))


@rule("CEBD-1312", source="specification chapter 3, 621: what direct import (9610) must give", screen=_direct_without)
def direct_import_names_its_transport(record: RecordTexts) -> Iterator[Violation]:
    """9610 needs trafNo, voyageNo and billNo."""
    head = record.head
    if head.get("tradeMode") == _DIRECT:
        for name in _TRANSPORT:
            if not head.get(name):
                yield Violation("CEBD-1312", "head", -1, name, {})


def _half_a_second_unit(columns: RecordColumns) -> Iterator[int]:
    both = zip(columns.line("unit2"), columns.line("qty2"), columns.line_amounts("qty2"), strict=True)
    return columns.of_lines(
        line for line, (unit, text, quantity) in enumerate(both) if (unit or text) and not (unit and quantity > 0)
    )


@rule("CEBD-1314", "CEBD-1317", source="error -625009: second unit and quantity", screen=_half_a_second_unit)
def second_unit_has_its_quantity(record: RecordTexts) -> Iterator[Violation]:
    """unit2 and qty2 come together, said on the one that is missing. A qty2 of 0 without unit is one too many: it would be declared."""
    for number, line in enumerate(record.lines):
        unit, quantity = line.get("unit2"), line.get("qty2")
        if unit and not quantity:
            yield Violation("CEBD-1314", "line", number, "qty2", {})
        elif quantity and not unit:
            yield Violation("CEBD-1314", "line", number, "unit2", {})
        elif quantity and scaled(quantity) <= 0:
            yield not_above_zero("line", number, "qty2")


@rule(
    "CEBD-1315",
    source="specification chapter 3, packNo of 621",
    screen=lambda columns: columns.heads_where("packNo", lambda number: number and int(number) < 1),
)
def list_has_a_parcel(record: RecordTexts) -> Iterator[Violation]:
    """packNo is at least 1. The specification says 1; goods of one list that travel in several parcels are declared all the same."""
    number = record.head.get("packNo")
    if number and int(number) < 1:
        yield Violation("CEBD-1315", "head", -1, "packNo", {"must_zh": "至少为 1", "must_en": "must be at least 1"})


def _guarantors(head: Callable[[str], _Text]) -> Iterator[_Text]:
    return (head(name) for name in ("assureCode", "agentCode", "ebpCode", "ebcCode", "logisticsCode"))


def _is_a_stranger(guarantor: str, *others: str) -> bool:
    """Whether the code is of none of these; codes of another form (10 digits, 18 characters) may be of the same enterprise."""
    comparable = [code for code in others if len(code) == len(guarantor)]
    return guarantor != "" and comparable != [] and guarantor not in comparable


def _guaranteed_by_strangers(columns: RecordColumns) -> Iterable[int]:
    codes = zip(*_guarantors(columns.head), strict=True)
    return [at for at, of_record in enumerate(codes) if _is_a_stranger(*of_record)]


@rule("CEBD-1330", source="specification chapter 3, assureCode of 621", screen=_guaranteed_by_strangers)
def guarantor_stands_on_the_list(record: RecordTexts) -> Iterator[Violation]:
    """assureCode is that of the declarant, the platform, the e-commerce enterprise or the logistics company of the list."""
    if _is_a_stranger(*_guarantors(lambda name: record.head.get(name, ""))):
        yield Violation("CEBD-1330", "head", -1, "assureCode", {})


RULES = (
    lines_multiply,
    lines_are_numbered,
    net_within_gross,
    *identity_rules("buyerIdType", "buyerIdNumber"),
    list_is_within_the_limit,
    bonded_import_names_its_warehouse,
    direct_import_names_its_transport,
    second_unit_has_its_quantity,
    list_has_a_parcel,
    guarantor_stands_on_the_list,
    dates_exist("appTime", "declTime", "ieDate"),
    amounts_have_sign(
        above_zero=("grossWeight", "netWeight"),
        not_below=("freight", "insuredFee"),
        line_above_zero=("qty", "qty1"),
        line_not_below=("price", "totalPrice"),
    ),
    amounts_not_zero(line=("price",)),
    nobody_is_masked("buyerName", "buyerTelephone", "consigneeAddress"),
    something_is_said(
        head=("copNo", "orderNo", "logisticsNo", "buyerName", "buyerTelephone", "consigneeAddress"),
        line=("gname", "gmodel"),
    ),
    commodity_codes_are_digits,
    commodity_code_is_one,
    commodity_codes_are_listed,
    units_are_those_of_the_code,
    trade_remedy_note_is_formed,
    enterprise_codes("ebcCode", "logisticsCode", "assureCode", "agentCode", "areaCode"),
    declarant_is_the_enterprise,
    list_number_is_formed,
)
