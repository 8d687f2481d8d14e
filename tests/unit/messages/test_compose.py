"""Composing: what is written is canonical already, fits its schema, and says what was given."""

from __future__ import annotations

import pytest
from lxml import etree

from cebd.messages.compose import Sender, compose, element, escape, new_guid
from cebd.messages.description import CEB, message_type
from cebd.messages.schema import parse_xml

SENDER = Sender("4407961999", "示例 & <公司>", "DXPENT0000010001")


def test_the_sender_stands_after_the_records() -> None:
    root = parse_xml(compose(message_type("order"), new_guid(), [], SENDER))
    transfer = root.find(f"{{{CEB}}}BaseTransfer")
    assert transfer is not None
    texts = {etree.QName(one).localname: one.text for one in transfer}
    assert texts == {
        "copCode": "4407961999",
        "copName": "示例 & <公司>",
        "dxpMode": "DXP",
        "dxpId": "DXPENT0000010001",
    }


@pytest.mark.parametrize(
    ("text", "written"),
    [("a&b<c>d", "a&amp;b&lt;c&gt;d"), ("\r\n\t", "&#xD;\n\t"), ("\"'", "\"'"), ("&amp;", "&amp;amp;"), ("𠀀", "𠀀")],
)
def test_characters_are_written_as_the_canonical_form_has_them(text: str, written: str) -> None:
    assert escape(text) == written


def test_an_empty_element_has_a_start_and_an_end() -> None:
    assert element("note", "") == "<ceb:note></ceb:note>"


def test_guids_are_36_characters_in_upper_case_and_differ() -> None:
    guids = {new_guid() for _ in range(100)}
    assert len(guids) == 100
    assert all(len(guid) == 36 and guid == guid.upper() for guid in guids)
