"""What later declarations ask of a record is found where the schema of its message says."""

from __future__ import annotations

import pytest

from cebd.messages.description import message_type
from cebd.records.facts import NO_FACTS, Facts, buyer_of, facts_if_complete, facts_of

BUYER = {"buyerIdType": "1", "buyerIdNumber": "11010519491231002x"}


def test_of_an_order_its_number_its_buyer_and_its_worth_in_cents() -> None:
    head = {"orderNo": "D1", "ebpCode": "P", "goodsValue": "12.30", "freight": "1.5", **BUYER}
    facts = facts_of(message_type("order").facts, head, ())
    assert facts._replace(shared=None) == Facts(
        order_no="D1\x1fP", buyer=buyer_of("1", "11010519491231002X"), value=1380
    )


def test_of_a_list_what_it_speaks_of_and_the_worth_of_its_lines() -> None:
    head = {"orderNo": "D1", "ebpCode": "P", "ebcCode": "S", "logisticsNo": "W1", "logisticsCode": "L"}
    head |= {"freight": "1", "insuredFee": "", "buyerIdType": "2", "buyerIdNumber": "x"}
    facts = facts_of(message_type("inventory").facts, head, [{"totalPrice": "10"}, {"totalPrice": "2.5"}])
    assert facts._replace(shared=None) == Facts(order_no="D1\x1fP", enterprise="S", waybill_no="W1\x1fL", value=1350)


def test_of_a_return_application_its_list_and_its_goods() -> None:
    facts = facts_of(message_type("return").facts, {"invtNo": "N1"}, [{"gnum": "1", "gcode": "22", "qty": "3"}])
    assert facts == Facts(list_no="N1", lines=(("1", "22", "3"),))


def test_of_what_nothing_asks_for_and_of_a_record_that_lacks_an_element_there_is_none() -> None:
    assert facts_of(message_type("delivery").facts, {"copNo": "C1"}, ()) is NO_FACTS
    assert facts_if_complete(message_type("order").facts, {"orderNo": "D1"}, ()) is NO_FACTS
    amount = {"orderNo": "D1", "ebpCode": "P", "goodsValue": "much", "freight": "0"}
    assert facts_if_complete(message_type("order").facts, amount, ()) is NO_FACTS


def test_a_ready_record_without_an_element_that_its_schema_names_is_a_mistake_that_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        facts_of(message_type("order").facts, {"orderNo": "D1"}, ())
