"""Amounts that follow from others of a document: offered beside their fields, never filled in. The rules judge what is declared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from cebd.documents.workbooks.entered import Cell, Document

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,10})?")
_WITH_LINE_TOTALS = ("CEB311", "CEB621")
Texts = Mapping[str, str]


def sums(type_: str, document: Document) -> dict[Cell, str]:
    """By cell (of the first document) what its amount comes to, where the parts are there and the cell says something else."""
    if type_ not in _WITH_LINE_TOTALS:
        return {}
    found: dict[Cell, Decimal] = {}
    totals = [_line_total(line) for line in document.lines]
    for nth, total in enumerate(totals):
        if total is not None:
            found[Cell(0, nth, "totalPrice")] = total
    if type_ == "CEB311":
        found |= _of_order(document, totals)
    return {cell: _text(amount) for cell, amount in found.items() if _stated(document, cell) != amount}


def _of_order(document: Document, totals: Sequence[Decimal | None]) -> dict[Cell, Decimal]:
    """`goodsValue` is what the lines come to; `acturalPaid` that with freight and tax, less the discount (announcement 2016/26)."""
    stated = [_number(line.get("totalPrice")) for line in document.lines if line]
    lines = [said if said is not None else total for said, total in zip(stated, totals, strict=False)]
    if not lines or any(amount is None for amount in lines):
        return {}
    value = sum((amount for amount in lines if amount is not None), Decimal())
    found = {Cell(0, None, "goodsValue"): value}
    parts = [_number(document.head.get(name) or "0") for name in ("freight", "taxTotal", "discount")]
    if all(part is not None for part in parts):
        freight, tax, discount = (part or Decimal() for part in parts)
        found[Cell(0, None, "acturalPaid")] = value + freight + tax - discount
    return found


def _line_total(line: Texts) -> Decimal | None:
    quantity, price = _number(line.get("qty")), _number(line.get("price"))
    return None if quantity is None or price is None else quantity * price


def _stated(document: Document, cell: Cell) -> Decimal | None:
    texts = document.head if cell.line is None else document.lines[cell.line]
    return _number(texts.get(cell.field))


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text.strip()) else None


def _text(amount: Decimal) -> str:
    """Without zeros at the end; at most five decimals, as the messages have them."""
    text = format(amount.quantize(Decimal("1.00000")), "f").rstrip("0").rstrip(".")
    return text or "0"
