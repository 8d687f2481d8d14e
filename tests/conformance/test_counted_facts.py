"""What the official schemas demand, counted: how many elements, how many of them required, what limits. The papers are no part of the
project; the facts counted of them are (`facts.json`), so that the project's schemas are held to them everywhere.

`PYTHONPATH=tests python tests/conformance/test_counted_facts.py` writes the facts anew from the papers that CEBD_OFFICIAL names.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from xmlschema.validators import XsdElement, XsdGroup

from builders.papers import OFFICIAL, needs_official
from cebd.messages.schema_files import schema_dir

FACTS = Path(__file__).with_name("facts.json")
FACETS = ("maxLength", "length", "totalDigits", "fractionDigits", "pattern", "enumeration")
XSD = "{http://www.w3.org/2001/XMLSchema}"


def counted(root: XsdElement) -> dict[str, int]:
    """Of a message's elements: how many there are, how many must be there, may repeat, and how often each kind of limit is set."""
    facts = {"elements": 0, "required": 0, "repeatable": 0, **{f"with {name}": 0 for name in FACETS}, "characters": 0}
    for element in _below(root):
        facts["elements"] += 1
        facts["required"] += element.min_occurs > 0
        facts["repeatable"] += element.max_occurs is None or element.max_occurs > 1
        limits = {
            str(name).removeprefix(XSD) for name in (element.type.facets if element.type.is_simple() else {}) if name
        }
        for name in FACETS:
            facts[f"with {name}"] += name in limits
        facts["characters"] += getattr(element.type, "max_length", None) or 0
    return facts


def _below(element: XsdElement) -> list[XsdElement]:
    if not isinstance(getattr(element.type, "content", None), XsdGroup):
        return []
    found = []
    for child in element.type.content.iter_elements():
        if isinstance(child, XsdElement) and "xmldsig" not in (child.target_namespace or "") and child.local_name:
            found += [child, *_below(child)]
    return found


@cache
def recorded() -> dict[str, dict[str, int]]:
    facts: dict[str, dict[str, int]] = json.loads(FACTS.read_text(encoding="utf-8"))
    return facts


def ours(code: str) -> dict[str, int]:
    [path] = schema_dir().glob(f"*/{code}Message.xsd")
    return counted(xmlschema.XMLSchema(str(path)).elements[f"{code}Message"])


def papers() -> dict[str, dict[str, int]]:
    """The facts of every message of the official import and export schema."""
    found: dict[str, Any] = {}
    for name in ("import", "export"):
        path = OFFICIAL / "xsd" / f"{name}-business-202205.xsd"
        for element in xmlschema.XMLSchema(str(path)).elements.values():
            if element.local_name.startswith("CEB") and element.local_name.endswith("Message"):
                found[element.local_name.removesuffix("Message")] = counted(element)
    return dict(sorted(found.items()))


@pytest.mark.parametrize("code", sorted(recorded()))
def test_each_schema_demands_as_much_as_the_official_one(code: str) -> None:
    assert ours(code) == recorded()[code]


@needs_official
def test_the_facts_are_those_of_the_papers() -> None:
    assert papers() == recorded()


if __name__ == "__main__":
    FACTS.write_text(json.dumps(papers(), indent=1) + "\n", encoding="utf-8")
