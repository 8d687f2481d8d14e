"""Damaged numbers are found again in what was declared before, where a second column says the same; else nothing is offered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.declared import AGENT, EBC, EBP, declare, remove_content
from cebd.declared.suggestions import EarlierValues
from cebd.declared.truncated_numbers import truncated_number
from cebd.messages.description import message_type
from cebd.problems.problem import Place, Problem, problem
from cebd.records.facts import buyer_of
from cebd.records.record import Record
from cebd.store.store import Store

INVENTORY = message_type("inventory")
NUMBER, NEXT = "20261234567890123", "20261234567890124"
IN_A_CELL = "2.02612345678901e+16"  # what Excel keeps of both
SHORTENED = "2.02612E+16"
SOMEBODY, SOMEBODY_ELSE = "999999199001010016", "999999199001010024"
LINES = [{"totalPrice": "20"}]
LIST = {
    "orderNo": IN_A_CELL,
    "ebpCode": EBP,
    "ebcCode": EBC,
    "logisticsNo": "W-1",
    "logisticsCode": AGENT,
    "copNo": "C-1",
    "agentCode": AGENT,
    "buyerIdType": "1",
    "buyerIdNumber": SOMEBODY,
    "freight": "0",
    "insuredFee": "0",
}


def buyer(identity: str) -> bytes | None:
    return buyer_of("1", identity)


def an_order_of(store: Store, number: str, identity: str = SOMEBODY, cents: int = 2000, **more: Any) -> None:
    declare(store, number, **{"buyer": buyer(identity), "value": cents, "active": True, **more})


def a_list_of(store: Store, number: str, **more: Any) -> None:
    declare(store, number, code="CEB621", active=True, **more)


def a_damaged(code: str, field: str, value: str, *, app_type: str = "1", id_: str = "") -> Record:
    return Record(
        code,
        ("C-1", AGENT),
        "G",
        app_type,
        Place("Sheet1", 2),
        (2,),
        "",
        b"",
        (the_problem(code, field, value, id_),),
    )


def the_problem(code: str, field: str, value: str, id_: str = "") -> Problem:
    id_ = id_ or ("CEBD-1217" if "E" in value else "CEBD-1205")
    return problem(id_, Place("Sheet1", 2, "A2"), field=message_type(code).field("head", field), value=value)


def offered(store: Store, record: Record, head: dict[str, str], enterprise: str = "甲") -> list[str | None]:
    with store.read() as connection:
        found = EarlierValues(connection, enterprise).suggest(record, head, LINES)
    assert [one.id for one in found.problems] == [one.id for one in record.problems]
    return [one.suggestion for one in found.problems]


def for_a_list(store: Store, value: str = IN_A_CELL, enterprise: str = "甲", **changes: str) -> str | None:
    return offered(store, a_damaged("CEB621", "orderNo", value), {**LIST, "orderNo": value, **changes}, enterprise)[0]


# The order of a list


def test_the_order_of_the_same_buyer_and_worth_gives_its_number_back(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store) == NUMBER


def test_a_buyer_may_order_the_same_again_so_six_digits_are_too_few(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, SHORTENED) is None


@pytest.mark.parametrize("value", [IN_A_CELL, SHORTENED])
def test_the_waybill_that_the_list_names_knows_the_order(store: Store, value: str) -> None:
    a_waybill_of(store, "W-1", NUMBER)
    an_order_of(store, NEXT)
    assert for_a_list(store, value) == NUMBER


def test_a_waybill_of_another_order_is_not_believed_and_stops_the_search(store: Store) -> None:
    a_waybill_of(store, "W-1", "30261234567890123")
    an_order_of(store, NUMBER)
    assert for_a_list(store) is None


def test_two_orders_that_agree_prove_nothing(store: Store) -> None:
    an_order_of(store, NUMBER)
    an_order_of(store, NEXT)
    assert for_a_list(store) is None


def test_of_two_orders_that_agree_the_buyer_tells_which(store: Store) -> None:
    an_order_of(store, NUMBER)
    an_order_of(store, NEXT, SOMEBODY_ELSE)
    assert for_a_list(store) == NUMBER
    assert for_a_list(store, buyerIdNumber=SOMEBODY_ELSE) == NEXT


def test_the_next_number_declared_so_far_is_not_taken_for_the_one_that_is_not(store: Store) -> None:
    an_order_of(store, NEXT, SOMEBODY_ELSE)
    assert for_a_list(store) is None


def test_an_order_worth_something_else_is_another(store: Store) -> None:
    an_order_of(store, NUMBER, cents=2500)
    assert for_a_list(store) is None
    assert for_a_list(store, freight="5") == NUMBER


def test_an_order_knows_of_no_insurance(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, insuredFee="3") == NUMBER


def test_where_the_worth_cannot_be_told_the_buyer_tells(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, freight="1,5") == NUMBER


@pytest.mark.parametrize("number", ["2026123456789012", "202612345678901234", "20261234567890223", "D0261234567890123"])
def test_other_digits_or_another_length_are_another_number(store: Store, number: str) -> None:
    an_order_of(store, number)
    assert for_a_list(store) is None


@pytest.mark.parametrize("field", ["ebpCode", "ebcCode"])
def test_the_order_of_another_platform_or_shop_is_another(store: Store, field: str) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, **{field: "9900000009"}) is None


def test_another_enterprises_orders_are_not_asked(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, enterprise="乙") is None


@pytest.mark.parametrize("columns", [{"active": False}, {"app_type": "3"}])
def test_an_order_that_was_rejected_or_deleted_proves_nothing(store: Store, columns: dict[str, Any]) -> None:
    an_order_of(store, NUMBER, **columns)
    assert for_a_list(store) is None


def test_an_order_that_is_on_another_list_is_not_this_lists(store: Store) -> None:
    an_order_of(store, NUMBER)
    a_list_of(store, "C-9", order_no=f"{NUMBER}\x1f{EBP}")
    assert for_a_list(store) is None


def test_a_buyer_without_identity_card_proves_nothing(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_list(store, buyerIdType="2") is None


# The order of a payment


PAYMENT = {"orderNo": IN_A_CELL, "ebpCode": EBP, "payerIdType": "1", "payerIdNumber": SOMEBODY, "amountPaid": "21.82"}


def for_a_payment(store: Store, **changes: str) -> str | None:
    return offered(store, a_damaged("CEB411", "orderNo", IN_A_CELL), {**PAYMENT, **changes})[0]


def test_the_order_that_the_payer_paid_as_much_for_gives_its_number_back(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_payment(store) == NUMBER
    assert for_a_payment(store, amountPaid="21.820") == NUMBER


def test_another_payer_or_amount_is_another_order(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert for_a_payment(store, payerIdNumber=SOMEBODY_ELSE) is None
    assert for_a_payment(store, amountPaid="21.83") is None
    assert for_a_payment(store, amountPaid="") is None


def test_an_order_that_is_paid_for_is_not_this_payments(store: Store) -> None:
    an_order_of(store, NUMBER)
    declare(store, "P-1", code="CEB411", order_no=f"{NUMBER}\x1f{EBP}", active=True)
    assert for_a_payment(store) is None


def test_an_order_whose_content_was_removed_years_ago_still_proves_it(store: Store) -> None:
    an_order_of(store, NUMBER)
    remove_content(store)
    assert for_a_payment(store) == NUMBER
    assert for_a_payment(store, amountPaid="21.83") is None


# The waybill of a list


WAYBILL, NEXT_WAYBILL = "7712345678901234567", "7712345678901234568"
WAYBILL_IN_A_CELL = "7.71234567890123e+18"


def a_waybill_of(store: Store, number: str, order: str) -> None:
    declare(store, number, code="CEB511", active=True, changes={"orderNo": order})


def for_its_waybill(store: Store, value: str = WAYBILL_IN_A_CELL, **changes: str) -> str | None:
    head = {**LIST, "orderNo": "D-1", "logisticsNo": value, **changes}
    return offered(store, a_damaged("CEB621", "logisticsNo", value), head)[0]


@pytest.mark.parametrize("value", [WAYBILL_IN_A_CELL, "7.71235E+18"])
def test_the_waybill_that_names_the_lists_order_gives_its_number_back(store: Store, value: str) -> None:
    a_waybill_of(store, WAYBILL, "D-1")
    a_waybill_of(store, NEXT_WAYBILL, "D-2")
    assert for_its_waybill(store, value) == WAYBILL
    assert for_its_waybill(store, value, orderNo="D-2") == NEXT_WAYBILL


def test_nothing_is_offered_where_nobody_knows_any_more_whose_the_other_waybill_was(store: Store) -> None:
    a_waybill_of(store, NEXT_WAYBILL, "D-1")
    remove_content(store, keeping=False)
    a_waybill_of(store, WAYBILL, "D-1")
    assert for_its_waybill(store) is None


def test_a_waybill_of_another_order_or_carrier_is_another(store: Store) -> None:
    a_waybill_of(store, WAYBILL, "D-1")
    assert for_its_waybill(store, orderNo="D-3") is None
    assert for_its_waybill(store, logisticsCode="9900000009") is None


def test_two_parcels_of_one_order_cannot_be_told_apart(store: Store) -> None:
    a_waybill_of(store, WAYBILL, "D-1")
    a_waybill_of(store, NEXT_WAYBILL, "D-1")
    assert for_its_waybill(store) is None
    a_list_of(store, "C-9", waybill_no=f"{WAYBILL}\x1f{AGENT}")
    assert for_its_waybill(store) == NEXT_WAYBILL


def test_order_and_waybill_damaged_in_one_row_are_found_one_after_the_other(store: Store) -> None:
    an_order_of(store, NUMBER)
    a_waybill_of(store, WAYBILL, NUMBER)
    record = a_damaged("CEB621", "logisticsNo", WAYBILL_IN_A_CELL)
    record = record.with_problems(the_problem("CEB621", "orderNo", IN_A_CELL))
    assert offered(store, record, {**LIST, "logisticsNo": WAYBILL_IN_A_CELL}) == [WAYBILL, NUMBER]


def test_while_the_order_is_not_known_the_waybill_is_not(store: Store) -> None:
    a_waybill_of(store, WAYBILL, NUMBER)
    record = a_damaged("CEB621", "logisticsNo", WAYBILL_IN_A_CELL)
    record = record.with_problems(the_problem("CEB621", "orderNo", IN_A_CELL))
    assert offered(store, record, {**LIST, "logisticsNo": WAYBILL_IN_A_CELL}) == [None, None]


# Totals of a list


def for_a_total(store: Store, *lines: tuple[str, str, str], **changes: str) -> str | None:
    texts = [{"price": price, "qty": qty, "totalPrice": total} for price, qty, total in lines]
    found = problem("CEBD-1302", Place("Sheet1", 2, "A2"), field=INVENTORY.field("line", "totalPrice"), expected="")
    record = a_damaged("CEB621", "orderNo", "D-1", id_="CEBD-1204")._replace(problems=(found,))
    with store.read() as connection:
        return (
            EarlierValues(connection, "甲")
            .suggest(record, {**LIST, "orderNo": "D-1", **changes}, texts)
            .problems[0]
            .suggestion
        )


def test_the_total_with_which_a_list_is_worth_what_its_order_is_is_offered(store: Store) -> None:
    an_order_of(store, "D-1", cents=2550)
    assert for_a_total(store, ("10", "2", "21"), ("5.5", "1", "5.5")) == "20"
    assert for_a_total(store, ("10", "2", "21"), ("2.5", "1", "2.5"), freight="3") == "20"


def test_no_total_is_offered_that_the_order_does_not_confirm(store: Store) -> None:
    assert for_a_total(store, ("10", "2", "21")) is None
    an_order_of(store, "D-1", cents=2100)
    assert for_a_total(store, ("10", "2", "21")) is None
    assert for_a_total(store, ("10", "2", "21"), orderNo="D-2") is None


def test_with_two_wrong_totals_or_parts_of_a_cent_none_is_offered(store: Store) -> None:
    an_order_of(store, "D-1", cents=2000)
    assert for_a_total(store, ("5", "2", "21"), ("5", "2", "22")) is None
    assert for_a_total(store, ("6.66667", "3", "21")) is None


# Applications, and changes of a list


@pytest.mark.parametrize("code", ["CEB623", "CEB625"])
def test_the_list_that_an_application_names_gives_its_numbers_back(store: Store, code: str) -> None:
    of_the_list = {"order_no": f"{NUMBER}\x1f{EBP}", "waybill_no": f"{WAYBILL}\x1f{AGENT}"}
    a_list_of(store, "C-9", invt_no="51412026I000000001", **of_the_list)
    head = {"orderNo": IN_A_CELL, "logisticsNo": WAYBILL_IN_A_CELL, "invtNo": "51412026I000000001"}
    record = a_damaged(code, "orderNo", IN_A_CELL)
    record = record.with_problems(the_problem(code, "logisticsNo", WAYBILL_IN_A_CELL))
    assert offered(store, record, head) == [NUMBER, WAYBILL]
    assert offered(store, record, {**head, "invtNo": "51412026I000000002"}) == [None, None]
    assert offered(store, record, {**head, "invtNo": ""}) == [None, None]


def test_a_number_that_the_named_list_does_not_have_is_not_offered(store: Store) -> None:
    a_list_of(store, "C-9", invt_no="51412026I000000001", order_no=f"D-1\x1f{EBP}")
    head = {"orderNo": IN_A_CELL, "invtNo": "51412026I000000001"}
    assert offered(store, a_damaged("CEB623", "orderNo", IN_A_CELL), head) == [None]


def test_a_list_that_is_changed_is_known_by_its_order(store: Store) -> None:
    a_list_of(store, NUMBER, order_no=f"D-1\x1f{EBP}")
    head = {**LIST, "orderNo": "D-1", "copNo": IN_A_CELL}
    assert offered(store, a_damaged("CEB621", "copNo", IN_A_CELL, app_type="2"), head) == [NUMBER]
    assert offered(store, a_damaged("CEB621", "copNo", IN_A_CELL, app_type="1"), head) == [None]
    assert offered(store, a_damaged("CEB621", "copNo", IN_A_CELL, app_type="2"), {**head, "orderNo": "D-2"}) == [None]


def test_other_problems_and_identity_numbers_are_left_as_they_are(store: Store) -> None:
    an_order_of(store, NUMBER)
    assert offered(store, a_damaged("CEB621", "buyerIdNumber", "9.99999199001010e+17"), LIST) == [None]
    assert offered(store, a_damaged("CEB621", "orderNo", NUMBER, id_="CEBD-1204"), LIST) == [None]
    assert offered(store, a_damaged("CEB513", "logisticsNo", WAYBILL_IN_A_CELL), LIST) == [None]


# The digits left


@given(st.integers(10**15, 10**30))
def test_a_number_agrees_with_what_any_program_leaves_of_it(number: int) -> None:
    digits = str(number)
    cut = digits[:15] + "0" * (len(digits) - 15)
    for kept in (float(cut), float(number), float(f"{number:.14e}")):
        left = truncated_number(the_problem("CEB621", "orderNo", repr(kept)))
        assert left is not None
        lowest, highest = left.bounds
        assert lowest <= number <= highest
        assert left.agrees(digits) or len(str(int(kept))) > len(digits)


@given(st.integers(10**15, 10**19), st.integers(2, 6))
def test_a_number_agrees_with_its_first_digits_shown_with_an_exponent(number: int, shown: int) -> None:
    text = f"{number:.{shown - 1}E}"
    left = truncated_number(the_problem("CEB621", "orderNo", text))
    assert left is not None
    if len(str(left.number)) == len(str(number)):  # not rounded up to a power of ten
        assert left.agrees(str(number))
        assert not left.agrees(str(number + 2 * 10 ** (len(str(number)) - shown)))


@pytest.mark.parametrize("value", ["-2.0e+16", "12345.6789012345678", "", "abc", "1E-05"])
def test_what_was_no_whole_number_leaves_nothing_to_go_by(value: str) -> None:
    assert truncated_number(the_problem("CEB621", "orderNo", value, "CEBD-1205")) is None


def test_half_a_number_shown_with_an_exponent_leaves_nothing_to_go_by() -> None:
    assert truncated_number(the_problem("CEB621", "orderNo", "1.2345E+02")) is None
