"""Message descriptions: what the schemas say, as values."""

from __future__ import annotations

from cebd.messages.description import declarations, message_type, message_types


def test_an_order_is_found_by_code_and_by_name() -> None:
    assert message_type("order") is message_type("CEB311") is message_type("CEB311Message")


def test_an_inventory_list_answers_to_its_number_within_the_enterprise() -> None:
    assert message_type("inventory").key == ("copNo", "agentCode")
    assert message_type("CEB622").match == ("copNo", "agentCode")


def test_receipts_are_not_declarations() -> None:
    assert message_type("CEB312").role == "receipt"
    assert message_type("CEB900").role == "refusal"


def test_every_field_of_every_message_has_labels_and_hints_in_both_languages() -> None:
    for message in message_types().values():
        for field in (*message.head_fields, *message.line_fields):
            assert field.zh and field.en and field.hint_zh and field.hint_en, (message.code, field.name)


def test_no_alias_is_a_sure_name_of_another_field_of_the_same_part() -> None:
    for message in declarations():
        for fields in (message.head_fields, message.line_fields):
            for field in fields:
                others = {spelling for one in fields if one is not field for spelling in (one.name, one.zh, one.en)}
                assert not others & set(field.aliases), (message.code, field.name)
