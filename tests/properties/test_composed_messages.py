"""Whatever stands in its fields, a composed message is canonical, fits its schema and says what was given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from builders.examples import examples
from cebd.messages.compose import Sender, compose, element, new_guid
from cebd.messages.description import CEB, Field, MessageType, declarations, message_type
from cebd.messages.schema import flaws, parse_xml

SENDER = Sender("4407961999", "示例 & <公司>", "DXPENT0000010001")


LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r")


def c14n(content: bytes) -> bytes:
    return etree.tostring(etree.fromstring(content).getroottree(), method="c14n", with_comments=False)


def a_value(field: Field) -> st.SearchStrategy[str]:
    """A text that fits the field."""
    if field.closed:
        return st.sampled_from(field.closed)
    if field.kind == "decimal":
        return st.decimals(min_value=-(10**13), max_value=10**13, places=5).map(lambda amount: format(amount, "f"))
    if field.kind == "int":
        return st.integers(0, 10**9 - 1).map(str)
    longest = min(field.max_length or 40, 40)
    return st.text(LETTERS, min_size=max(field.min_length, 1), max_size=max(longest, field.min_length))


@st.composite
def records(draw: st.DrawFn, message: MessageType) -> tuple[str, list[tuple[str, str]]]:
    """A record's XML, and the texts that were put in."""
    given_texts: list[tuple[str, str]] = []

    def part(name: str | None, fields: tuple[Field, ...]) -> str:
        inner = []
        for field in fields:
            if field.required or draw(st.booleans()):
                text = draw(a_value(field))
                given_texts.append((field.name, text))
                inner.append(element(field.name, text))
        return f"<ceb:{name}>{''.join(inner)}</ceb:{name}>" if name else "".join(inner)

    lines = draw(st.integers(1, 2)) if message.line else 0
    body = part(message.head, message.head_fields)
    body += "".join(part(message.line, message.line_fields) for _ in range(lines))
    return f"<ceb:{message.record}>{body}</ceb:{message.record}>", given_texts


@pytest.mark.parametrize("code", [one.code for one in declarations()])
@settings(max_examples=examples(20, 500))
@given(data=st.data())
def test_a_composed_message_is_canonical_and_fits_its_schema(code: str, data: st.DataObject) -> None:
    message = message_type(code)
    made = data.draw(st.lists(records(message), min_size=1, max_size=min(2, message.max_records)))
    content = compose(message, new_guid(), [xml for xml, _ in made], SENDER)
    assert content == c14n(content)
    root = parse_xml(content)
    assert flaws(root, unsigned=True) == []
    leaves = [(etree.QName(one).localname, one.text or "") for one in root.iter(f"{{{CEB}}}*") if len(one) == 0]
    assert leaves[:-4] == [text for _, texts in made for text in texts]
