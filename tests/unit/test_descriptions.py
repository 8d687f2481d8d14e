"""Message descriptions: what the schemas say, as values."""

from __future__ import annotations

from cebd.messages.description import message_type


def test_an_order_is_found_by_code_and_by_name() -> None:
    assert message_type("order") is message_type("CEB311") is message_type("CEB311Message")


def test_an_inventory_list_answers_to_its_number_within_the_enterprise() -> None:
    assert message_type("inventory").key == ("copNo", "agentCode")
    assert message_type("CEB622").match == ("copNo", "agentCode")


def test_receipts_are_not_declarations() -> None:
    assert message_type("CEB312").role == "receipt"
    assert message_type("CEB900").role == "refusal"
