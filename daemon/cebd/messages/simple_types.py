"""What a schema asks of the texts in a record, as the schema says it: the base type and facets of each element.

It is read apart from the descriptions (`cebd.messages.description`), which take from a schema what they know of: held against it, they show
whether there is more. A type that is written in another way than those of our schemas is None: nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from cebd.messages.description import MessageType
from cebd.messages.schema_files import message_schemas

_XS = "{http://www.w3.org/2001/XMLSchema}"
_ATTRIBUTES = frozenset(("name", "minOccurs", "maxOccurs", "default", "fixed", "use"))  # of an element or attribute
_ACROSS_ELEMENTS = (f"{_XS}unique", f"{_XS}key", f"{_XS}keyref")


@dataclass(frozen=True, slots=True)
class SimpleType:
    """What texts an element takes. `base` is a type of XML Schema (`string`); `facets` are names with their values, such as `maxLength`
    and `60`; `fixed` is the only text, where there is but one.
    """

    base: str
    facets: tuple[tuple[str, str], ...]
    fixed: str | None


@dataclass(frozen=True, slots=True)
class TextTypes:
    """The types of the texts of a message, by the names of the elements: those of a record's head and of its lines, and that of the
    root's attribute guid.
    """

    head: Mapping[str, SimpleType | None]
    line: Mapping[str, SimpleType | None]
    guid: SimpleType | None


def text_types(message: MessageType) -> TextTypes | None:
    """The types of a message's texts.

    None where the schema asks something of several elements together (that a text is unique, say): then no text can be judged alone.
    """
    schema = etree.parse(message_schemas()[message.code]).getroot()
    if next(schema.iter(*_ACROSS_ELEMENTS), None) is not None:
        return None
    root = _complex_type(schema, message.root)
    record = _sequence(_complex_type(_sequence(root), message.record))
    return TextTypes(
        _texts(record if message.head is None else _sequence(_complex_type(record, message.head))),
        _texts(_sequence(_complex_type(record, message.line))) if message.line is not None else {},
        next((_simple_type(one) for one in root.iterfind(f"{_XS}attribute[@name='guid']")), None),
    )


def _complex_type(parent: etree._Element, name: str) -> etree._Element:
    """The type of the child element of that name. Raises KeyError."""
    found = parent.find(f"{_XS}element[@name='{name}']/{_XS}complexType")
    if found is None:
        raise KeyError(name)
    return found


def _sequence(complex_type: etree._Element) -> etree._Element:
    """Raises KeyError."""
    found = complex_type.find(f"{_XS}sequence")
    if found is None:
        raise KeyError("sequence")
    return found


def _texts(sequence: etree._Element) -> dict[str, SimpleType | None]:
    types: dict[str, SimpleType | None] = {}
    for element in sequence.iterfind(f"{_XS}element[@name]"):
        name = element.get("name", "")
        types[name] = None if name in types else _simple_type(element)
    return types


def _simple_type(element: etree._Element) -> SimpleType | None:
    restriction = element.find(f"{_XS}simpleType/{_XS}restriction")
    if restriction is None or not _ATTRIBUTES.issuperset(map(str, element.attrib)):
        return None
    base = str(restriction.get("base", ""))
    facets = []
    for facet in restriction.iterchildren("*"):
        value = facet.get("value")
        if value is None:
            return None
        facets.append((etree.QName(facet).localname, str(value)))
    prefix, _, name = base.rpartition(":")
    if restriction.nsmap.get(prefix or None) != _XS.strip("{}"):
        return None
    return SimpleType(name, tuple(facets), element.get("fixed"))
