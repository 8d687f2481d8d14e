"""Whatever our checks of cells let through, lxml lets through by the schema: so a message's texts need not be held against it again.

Every field of every declaration, import and export, gets texts at and around each of its limits, with all that settings may tolerate and
with code tables of its own. `proof.py` decides at work, from the facets, which fields are proved: here it is shown to be right about the
facets as they are, and to notice each facet that asks for more.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator

import pytest
from lxml import etree

from builders.field_texts import tables_of, texts_of
from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS
from cebd.documents.reading.cells.proof import Unproved, is_implied, unproved_fields
from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.cells.whole_column import judged
from cebd.messages.compose import element
from cebd.messages.description import CEB, Field, MessageType, declarations, message_types
from cebd.messages.schema_files import message_schemas
from cebd.messages.simple_types import SimpleType, text_types
from cebd.problems.problem import CONFIGURABLE_CODES

XS = "http://www.w3.org/2001/XMLSchema"
CODES = [message.code for export in (False, True) for message in declarations(export=export)]


def read_fields(message: MessageType) -> Iterator[Field]:
    """The fields of head and lines that are read from cells."""
    yield from (field for field in message.head_fields if field.name not in GENERATED_FIELDS)
    yield from message.line_fields


def declared(field: Field) -> list[etree._Element]:
    """The elements that are declared for these texts, as another parser reads them.

    Each text comes as a cell alone, as a copied value, and in columns that are judged as a whole.
    """
    column = Column(field, 0, None, CONFIGURABLE_CODES, tables_of(field))
    texts = list(texts_of(field))
    xml = [reading.xml for text in texts for reading in (column.read([text]), column.judge_text(text.strip()))]
    for cells in (texts, [text for text in texts if "\0" not in text], texts[:40]):
        whole = judged(column, cells)
        elements = list(map(column.element, whole.texts)) if whole.elements is None else whole.elements
        xml += [one for place, one in enumerate(elements) if place not in whole.wrong]
    return list(etree.fromstring(f'<r xmlns:ceb="{CEB}">{"".join(dict.fromkeys(xml))}</r>'.encode()))


def schema_of(field: Field, type_and_fixed: etree._Element, fixed: str | None) -> etree.XMLSchema:
    """A schema of one element."""
    whole = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS}, targetNamespace=CEB)
    leaf = etree.SubElement(whole, f"{{{XS}}}element", name=field.name)
    if fixed is not None:
        leaf.set("fixed", fixed)
    leaf.append(type_and_fixed)
    return etree.XMLSchema(whole)


def schema_in_file(message: MessageType, field: Field) -> etree.XMLSchema:
    """The schema of that element, its type taken out of the message's schema as it stands there."""
    part = message.line if field.part == "line" else message.head or message.record
    path = f"//xs:element[@name='{part}']/xs:complexType/xs:sequence/xs:element[@name='{field.name}']"
    (found,) = etree.parse(message_schemas()[message.code]).xpath(path, namespaces={"xs": XS})
    return schema_of(field, copy.deepcopy(found.find(f"{{{XS}}}simpleType")), found.get("fixed"))


def schema_of_type(field: Field, asked: SimpleType) -> etree.XMLSchema:
    simple = etree.Element(f"{{{XS}}}simpleType")
    restriction = etree.SubElement(simple, f"{{{XS}}}restriction", base=f"xs:{asked.base}")
    for name, value in asked.facets:
        etree.SubElement(restriction, f"{{{XS}}}{name}", value=value)
    return schema_of(field, simple, asked.fixed)


def asked_of(message: MessageType, field: Field) -> SimpleType:
    types = text_types(message)
    assert types is not None
    found = (types.line if field.part == "line" else types.head)[field.name]
    assert found is not None
    return found


@pytest.mark.parametrize("code", CODES)
def test_the_schema_takes_every_text_that_a_cell_may_declare(code: str) -> None:
    message = message_types()[code]
    for field in read_fields(message):
        schema, elements = schema_in_file(message, field), declared(field)
        refused = [(field.name, one.text) for one in elements if not schema.validate(one)]
        assert refused == []
        assert len(elements) >= (1 if field.fixed else 10), field.name


@pytest.mark.parametrize("code", CODES)
def test_every_field_of_every_declaration_is_proved(code: str) -> None:
    """Where a field is not, each message with it is parsed and checked whole, which takes most of the time of a conversion."""
    assert unproved_fields(message_types()[code]) == Unproved(frozenset(), frozenset(), frame=False)


def stricter(asked: SimpleType, field: Field) -> Iterator[SimpleType]:
    """The type with one facet that asks for more than it does."""
    facets = dict(asked.facets)

    def with_facets(**changed: object) -> SimpleType:
        return SimpleType(
            asked.base, tuple((name, str(value)) for name, value in (facets | changed).items()), asked.fixed
        )

    yield SimpleType(asked.base, asked.facets, "7" * max(field.min_length, 1))  # the only text
    if asked.fixed is not None:
        return
    yield with_facets(pattern="nobody writes this")
    yield with_facets(enumeration="7" * max(field.min_length, 1))
    if field.kind != "text":
        yield with_facets(maxInclusive="0")
        yield with_facets(totalDigits=int(facets.get("totalDigits", 3)) - 1)
        yield SimpleType("boolean", (), None)
        if "fractionDigits" in facets:
            yield with_facets(fractionDigits=int(facets["fractionDigits"]) - 1)
        return
    yield SimpleType("NCName", (), None)
    if "length" in facets:
        yield with_facets(length=int(facets["length"]) + 1)
    longest = int(facets.get("maxLength", 0))
    if longest > max(int(facets.get("minLength", 0)), 1):
        yield with_facets(maxLength=longest - 1)
        yield with_facets(minLength=max(field.min_length, 1) + 1)
    if field.min_length > 3:
        yield with_facets(whiteSpace="collapse")


def test_a_facet_that_asks_for_more_than_a_cell_must_hold_is_noticed() -> None:
    """lxml, too, refuses some text that the cell declares: so each stricter type is one that must not count as proved."""
    of_type: dict[object, tuple[MessageType, Field]] = {}
    for code in CODES:
        message = message_types()[code]
        for field in read_fields(message):
            of_type.setdefault((asked_of(message, field), field.kind, field.closed), (message, field))
    assert len(of_type) > 50
    facets = set()
    for message, field in of_type.values():
        asked, elements = asked_of(message, field), declared(field)
        assert is_implied(field, asked)
        for more in stricter(asked, field):
            assert not is_implied(field, more), (message.code, field.name, more)
            schema = schema_of_type(field, more)
            assert not all(map(schema.validate, elements)), (message.code, field.name, more)
            facets |= set(more.facets) - set(asked.facets)
    assert {name for name, _ in facets} == {
        *("length", "minLength", "maxLength", "pattern", "enumeration", "whiteSpace"),
        *("maxInclusive", "totalDigits", "fractionDigits"),
    }


def test_a_type_written_in_another_way_proves_nothing() -> None:
    assert not is_implied(message_types()["CEB311"].field("head", "note"), None)


def test_each_character_that_a_cell_may_declare_is_taken_by_xml_and_written_as_the_canonical_form_has_it() -> None:
    """All 1,114,112 of them: what holds of each holds of every text, for both read a text one character after the other."""
    address = Column(message_types()["CEB311"].field("head", "consigneeAddress"), 0, None, CONFIGURABLE_CODES)
    assert address.field.max_length is not None
    alone = [chr(number) for number in range(0x10000)]
    at_once = address.field.max_length - 2
    groups = [
        "".join(map(chr, range(at, min(at + at_once, sys.maxunicode + 1))))
        for at in range(0x10000, sys.maxunicode + 1, at_once)
    ]
    readings = [address.judge_text(f"a{characters}a") for characters in (*alone, *groups)]
    refused = [number for number, reading in enumerate(readings) if not reading.xml]
    assert 2048 < len(refused) < 2200  # the surrogates, controls, and those few that are named in cells
    body = "".join(reading.xml for reading in readings)
    content = f'<ceb:r xmlns:ceb="{CEB}">{body}</ceb:r>'.encode()
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True))
    assert etree.tostring(root.getroottree(), method="c14n", with_comments=False) == content
    assert "".join(root.itertext()) == "".join(reading.text for reading in readings if reading.xml)


def test_the_canonical_form_has_line_ends_and_brackets_as_they_are_written_here() -> None:
    texts = ["\r\n", "]]>", "&lt;", "a\rb\n\rc", '&&amp;<>\t"']
    content = f'<ceb:r xmlns:ceb="{CEB}">{"".join(element("t", text) for text in texts)}</ceb:r>'.encode()
    root = etree.fromstring(content)
    assert etree.tostring(root.getroottree(), method="c14n", with_comments=False) == content
    assert [one.text for one in root] == texts
