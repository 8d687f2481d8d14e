"""The numbers that customs give a declaration, as columns of the receipt workbook: text, so that they can be copied and looked up.

A message type has the columns that its receipts can fill: preNo, customs' own number (invtNo, rkdNo, sumNo), and for lists those of their
tax bills (816, 818): number, taxes, duty payment note. Of several bills of a list the latest valid bill is shown; if all are void, the
latest bill, marked as void and without taxes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cebd.customs.statuses import TAX
from cebd.messages.description import message_types
from cebd.messages.relations import customs_number, customs_numbers
from cebd.messages.returns import elements_of_bill
from cebd.messages.schema_files import kept_with_schemas
from cebd.receipts.publishing.book.own_columns import LANGUAGES, Language, in_language, own_heading
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.states import ReturnedStatus

_OF_A_BILL = ("taxNo", "customsTax", "valueAddedTax", "consumptionTax", "entDutyNo")
_TAXES = ("customsTax", "valueAddedTax", "consumptionTax")
_VOID = "3"
NUMBER_WIDTH, TAX_WIDTH = 24.0, 20.0


@kept_with_schemas
@cache
def number_headings(code: str | None, language: Language = "zh") -> dict[str, str]:
    """The headings of the number columns for that message, each with its element's name."""
    types = message_types()
    if code is None or code not in types or types[code].receipt is None:
        return {}
    receipt = types[types[code].receipt or ""]
    fields = [field for field in receipt.head_fields if field.name in ("preNo", customs_number(code))]
    bills = [notice for notice in types.values() if f"{notice.mark}:" == TAX and notice.answers == code]
    for bill in bills[:1]:
        by_name = {field.name: field for field in bill.head_fields}
        fields += [by_name[name] for name in _OF_A_BILL if name in by_name]
    return {own_heading(in_language(field.zh, field.en, language)): field.name for field in fields}


@kept_with_schemas
@cache
def all_number_headings() -> frozenset[str]:
    """Every heading of a number column that a receipt may have, or had in earlier versions."""
    headings: set[str] = set()
    for export in (False, True):
        for message in message_types(export=export).values():
            headings |= {heading for language in LANGUAGES for heading in number_headings(message.code, language)}
            headings |= {f"{heading} {name}" for heading, name in number_headings(message.code).items()}
    return frozenset(headings)


def number_width(name: str) -> float:
    """Of the column of that element, in characters."""
    return TAX_WIDTH if name in _TAXES else NUMBER_WIDTH


def bill_of(history: Iterable[ReturnedStatus]) -> dict[str, str] | None:
    """The latest tax bill of a list by element, with its `status`; `history` in the order of time. None: there is no bill yet."""
    bills: dict[str | None, dict[str, str]] = {}
    for returned in history:
        if returned.status.startswith(TAX):
            values = elements_of_bill(returned.info)
            bill = bills.pop(values.get("taxNo"), {})
            bill |= {name: values[name] for name in _OF_A_BILL if name in values}
            bills[values.get("taxNo")] = bill | {"status": returned.status.removeprefix(TAX)}
    latest = list(bills.values())
    return next((bill for bill in reversed(latest) if bill["status"] != _VOID), latest[-1] if latest else None)


def numbers_in(record: ReceiptRecord, language: Language = "zh") -> dict[str, str]:
    """The numbers of a record by element, as the workbook shows them; for an edited row, the declared record's numbers."""
    numbers = record.numbers
    if record.customs is None and record.declared is not None:
        numbers = record.declared.numbers
    values = numbers.as_json() if numbers is not None else {}
    shown = {name: str(values[name]) for name in ("preNo", *sorted(customs_numbers())) if values.get(name)}
    bill = record.tax_bill or {}
    shown |= {name: bill[name] for name in _OF_A_BILL if bill.get(name)}
    if bill.get("status") == _VOID:
        shown = {name: text for name, text in shown.items() if name not in _TAXES}
        shown["taxNo"] = f"{shown.get('taxNo', '')} {in_language('作废', 'void', language)}".strip()
    return shown
