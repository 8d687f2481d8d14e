"""Rules of the waybill (CEB511) and of its status (CEB513)."""

from __future__ import annotations

from collections.abc import Iterator

from cebd.rules.amounts import amounts_have_sign
from cebd.rules.dates import dates_exist
from cebd.rules.masked import nobody_is_masked
from cebd.rules.placeholders import something_is_said
from cebd.rules.registrations import enterprise_codes
from cebd.rules.rule import RecordTexts, Violation, rule


@rule(
    "CEBD-1315",
    source="specification chapter 3, packNo of 511: limited to 1",
    screen=lambda columns: columns.heads_where("packNo", lambda number: number and int(number) != 1),
)
def waybill_is_one_parcel(record: RecordTexts) -> Iterator[Violation]:
    """packNo is 1: an order in several parcels has as many waybills."""
    number = record.head.get("packNo")
    if number and int(number) != 1:
        yield Violation("CEBD-1315", "head", -1, "packNo", {"must_zh": "限定为 1", "must_en": "must be 1"})


RULES = (
    waybill_is_one_parcel,
    dates_exist("appTime"),
    amounts_have_sign(above_zero=("weight",), not_below=("freight", "insuredFee")),
    enterprise_codes("logisticsCode"),
    nobody_is_masked("consignee", "consigneeTelephone", "consigneeAddress"),
    something_is_said(head=("logisticsNo", "orderNo", "consignee", "consigneeTelephone", "consigneeAddress")),
)

STATUS_RULES = (
    dates_exist("appTime", "logisticsTime"),
    enterprise_codes("logisticsCode"),
)
