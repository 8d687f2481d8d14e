"""Amounts that follow from others: offered, and only where the parts are known."""

from __future__ import annotations

import pytest

from cebd.documents.workbooks.entered import Cell, Document
from cebd.operations.console.drafts.sums import sums

VALUE, PAID = Cell(0, None, "goodsValue"), Cell(0, None, "acturalPaid")


def test_an_order_adds_up_its_lines_freight_tax_and_discount() -> None:
    lines = ({"qty": "2", "price": "1.05"}, {"qty": "1", "price": "3", "totalPrice": "3"})
    head = {"freight": "10", "taxTotal": "0.5", "discount": "0.6"}
    assert sums("CEB311", Document(head, lines)) == {Cell(0, 0, "totalPrice"): "2.1", VALUE: "5.1", PAID: "15"}


def test_what_is_right_already_is_not_offered() -> None:
    head = {"goodsValue": "2.10", "acturalPaid": "2.1"}
    assert sums("CEB311", Document(head, ({"qty": "2", "price": "1.05", "totalPrice": "2.1000"},))) == {}


@pytest.mark.parametrize("quantity", ["", "two", "1e9", "²", "-", "1" * 30])
def test_nothing_is_offered_of_parts_that_are_no_amounts(quantity: str) -> None:
    assert sums("CEB311", Document({}, ({"qty": quantity, "price": "1"},))) == {}


def test_a_list_multiplies_its_lines_and_other_documents_have_no_sums() -> None:
    line = {"qty": "3", "price": "0.33333"}
    assert sums("CEB621", Document({}, (line,))) == {Cell(0, 0, "totalPrice"): "0.99999"}
    assert sums("CEB411", Document({"amountPaid": "1"}, ())) == {}
