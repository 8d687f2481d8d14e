"""Rules of the applications that follow a list: cancelling it (CEB623), returning goods of it (CEB625)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cebd.rules.amounts import amounts_have_sign
from cebd.rules.dates import dates_exist
from cebd.rules.goods import commodity_codes_are_digits
from cebd.rules.identity import identity_rules
from cebd.rules.masked import nobody_is_masked
from cebd.rules.registrations import declarant_is_the_enterprise, enterprise_codes, list_number_is_formed
from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule

_DISTRICT_DIGITS = 4

_BOTH = (
    *identity_rules("buyerIdType", "buyerIdNumber"),
    dates_exist("appTime"),
    enterprise_codes("ebcCode", "logisticsCode", "agentCode"),
    declarant_is_the_enterprise,
    list_number_is_formed,
    nobody_is_masked("buyerName", "buyerTelephone"),
)


def _of_other_districts(columns: RecordColumns) -> Iterable[int]:
    both = zip(columns.head("customsCode"), columns.head("invtNo"), strict=True)
    return [at for at, (district, number) in enumerate(both) if _is_another_district(district, number)]


@rule("CEBD-1331", source="specification chapter 3, customsCode and invtNo of 623", screen=_of_other_districts)
def cancelled_where_it_was_declared(record: RecordTexts) -> Iterator[Violation]:
    """customsCode is the district that the list's number begins with. Not asked of a return: it may be made in another district."""
    district, number = record.head.get("customsCode", ""), record.head.get("invtNo", "")
    if _is_another_district(district, number):
        yield Violation("CEBD-1331", "head", -1, "customsCode", {"list": number})


def _is_another_district(district: str, number: str) -> bool:
    return district != "" and number != "" and number[:_DISTRICT_DIGITS] != district


CANCEL_RULES = (*_BOTH, cancelled_where_it_was_declared)
RETURN_RULES = (*_BOTH, amounts_have_sign(line_above_zero=("qty",)), commodity_codes_are_digits)
