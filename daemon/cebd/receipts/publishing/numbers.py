"""The numbers that customs give a declaration, as columns of the receipt workbook: text, so that they can be copied and looked up.

A column is there when the receipts of the message can tell it: preNo and invtNo of lists and applications, rkdNo of warehouse entries,
and of lists what their tax bills say (816, 818): number, taxes, duty payment note. What is told of several bills of one list is that of the
latest that stands; where all are void it is called void and has no taxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cebd.customs.statuses import TAX
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.messages.description import message_types
from cebd.messages.returns import told_of_bill
from cebd.records.states import ReturnedStatus

_OF_CUSTOMS = ("preNo", "invtNo", "rkdNo")
_OF_A_BILL = ("taxNo", "customsTax", "valueAddedTax", "consumptionTax", "entDutyNo")
_TAXES = ("customsTax", "valueAddedTax", "consumptionTax")
_VOID = "3"
NUMBER_WIDTH, TAX_WIDTH = 24.0, 20.0


@cache
def number_headings(code: str | None) -> dict[str, str]:
    """The headings of the number columns for that message, each with its element's name."""
    known = message_types()
    if code is None or code not in known or known[code].receipt is None:
        return {}
    receipt = known[known[code].receipt or ""]
    told = [field for field in receipt.head_fields if field.name in _OF_CUSTOMS]
    bills = [one for one in known.values() if one.role == "notice" and one.answers == code]
    for bill in bills[:1]:
        by_name = {field.name: field for field in bill.head_fields}
        told += [by_name[name] for name in _OF_A_BILL if name in by_name]
    return {f"{OWN_HEADING} {field.zh} {field.name}": field.name for field in told}


@cache
def all_number_headings() -> frozenset[str]:
    """Every heading of a number column that a receipt may have."""
    codes = [one.code for export in (False, True) for one in message_types(export=export).values()]
    return frozenset(heading for code in codes for heading in number_headings(code))


def heading_width(heading: str) -> float:
    return TAX_WIDTH if heading.rpartition(" ")[2] in _TAXES else NUMBER_WIDTH


def bill_of(past: Iterable[ReturnedStatus]) -> dict[str, str] | None:
    """What the latest tax bill of a list says by element, with its `status`; `past` in the order of time. None: there is no bill yet."""
    bills: dict[str | None, dict[str, str]] = {}
    for told in past:
        if told.status.startswith(TAX):
            said = told_of_bill(told.info)
            bill = bills.pop(said.get("taxNo"), {})
            bill |= {name: said[name] for name in _OF_A_BILL if name in said}
            bills[said.get("taxNo")] = bill | {"status": told.status.removeprefix(TAX)}
    latest = list(bills.values())
    return next((bill for bill in reversed(latest) if bill["status"] != _VOID), latest[-1] if latest else None)


def numbers_in(record: Mapping[str, Any]) -> dict[str, str]:
    """The numbers of a record of the receipt JSON by element, as the workbook shows them."""
    declared = record.get("declared") or {}
    customs, bill = record["customs"] or declared.get("customs") or {}, record.get("taxBill") or {}
    shown = {name: str(customs[name]) for name in _OF_CUSTOMS if customs.get(name)}
    shown |= {name: bill[name] for name in _OF_A_BILL if bill.get(name)}
    if bill.get("status") == _VOID:
        shown = {name: text for name, text in shown.items() if name not in _TAXES}
        shown["taxNo"] = f"{shown.get('taxNo', '')} 作废 void".strip()
    return shown
