"""The message descriptions: every field can be spoken of, every table and sample fits."""

from __future__ import annotations

import pytest
from lxml import etree

from cebd.documents.reading.cells.values import fitting
from cebd.messages.description import CEB, Field, MessageType, declarations, message_type, message_types
from cebd.messages.schema import flaws, parse_xml
from cebd.messages.schema_files import schema_dir
from cebd.rules.codes.tables import PUBLISHED

EVERY = list(message_types().values())
FIELDS = [(message, field) for message in EVERY for field in (*message.head_fields, *message.line_fields)]


def named(value: object) -> str:
    return (
        value.code
        if isinstance(value, MessageType)
        else f"{value.part}-{value.name}"
        if isinstance(value, Field)
        else ""
    )


@pytest.mark.parametrize(("message", "field"), FIELDS, ids=named)
def test_every_field_has_a_chinese_and_an_english_label(message: MessageType, field: Field) -> None:
    assert any("\u4e00" <= letter <= "\u9fff" for letter in field.zh)
    assert field.en.isascii()
    assert field.en


@pytest.mark.parametrize(("message", "field"), FIELDS, ids=named)
def test_samples_and_defaults_fit_their_field(message: MessageType, field: Field) -> None:
    for text in (field.sample, field.default, *field.closed):
        assert text is None or fitting(field)(text) is None


@pytest.mark.parametrize("message", declarations(), ids=named)
def test_no_heading_means_two_fields_of_one_part(message: MessageType) -> None:
    for fields in (message.head_fields, message.line_fields):
        headings = [heading for field in fields for heading in {field.name, field.zh, field.en, *field.aliases}]
        assert sorted(headings) == sorted(set(headings))


@pytest.mark.parametrize("message", EVERY, ids=named)
def test_keys_are_fields_of_the_message(message: MessageType) -> None:
    names = {field.name for field in message.head_fields}
    assert {*message.key, *message.match} <= names
    assert message.group in (None, *names)
    assert set(message.group_else) <= names


@pytest.mark.parametrize("message", declarations(), ids=named)
def test_a_declaration_and_its_receipt_know_each_other(message: MessageType) -> None:
    assert message.receipt is not None
    receipt = message_type(message.receipt)
    assert (receipt.role, receipt.answers) == ("receipt", message.code)
    assert receipt.match == message.key


@pytest.mark.parametrize("path", sorted(schema_dir().glob("codes/*.csv")), ids=lambda path: path.stem)
def test_code_tables_have_no_blank_code_and_no_blank_name(path: object) -> None:
    table = PUBLISHED[path.stem].names  # type: ignore[attr-defined]
    assert table
    assert all(code and code == code.strip() and name for code, name in table.items())


def test_currency_is_yuan_and_nothing_else() -> None:
    for message, part in (("order", "head"), ("order", "line"), ("inventory", "head"), ("inventory", "line")):
        field = message_type(message).field(part, "currency")  # type: ignore[arg-type]
        assert (field.closed, field.default) == (("142",), "142")


def test_an_order_holds_99_lines_and_a_message_100_records() -> None:
    assert [(one.max_records, one.max_lines) for one in declarations() if one.name in ("order", "inventory")] == [
        (100, 99)
    ] * 2


def test_a_list_must_be_signed_and_an_order_need_not() -> None:
    assert message_type("inventory").must_sign
    assert not message_type("order").must_sign


def test_a_flaw_names_its_line_and_element() -> None:
    content = f'<ceb:CEB312Message xmlns:ceb="{CEB}" guid="{"G" * 36}" version="1.0">\n<ceb:Other/></ceb:CEB312Message>'
    (flaw,) = flaws(parse_xml(content.encode()))
    assert (flaw.line, flaw.path) == (2, "/ceb:CEB312Message/ceb:Other")
    assert "Other" in flaw.reason


def test_checking_an_unsigned_message_leaves_it_unsigned() -> None:
    root = parse_xml(f'<ceb:CEB621Message xmlns:ceb="{CEB}"/>'.encode())
    flaws(root, unsigned=True)
    assert etree.tostring(root) == f'<ceb:CEB621Message xmlns:ceb="{CEB}"/>'.encode()
