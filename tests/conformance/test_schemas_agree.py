"""The project's schemas and the official ones accept and refuse the same messages."""

from __future__ import annotations

from itertools import chain

import pytest
from lxml import etree

from builders.papers import OFFICIAL, PAPERS, needs_official, official_schema
from builders.schema_agreement import disagreements
from builders.schema_mutations import built_message, counts_at_the_limits, mutations, values_at_the_limits
from cebd.messages.description import DXP, message_types
from cebd.messages.schema import flaws, parse_xml

pytestmark = needs_official

CODES = sorted(message_types())
ROOTS = [f"{code}Message" for code in CODES] + ["DxpMsg", "DxpRep", "DxpMsgSv"]
SAMPLES = sorted(path.stem for path in (OFFICIAL / "samples").glob("CEB*Message.xml"))
PER_MESSAGE = 2000


def customs_accept(root: etree._Element) -> bool:
    name = etree.QName(root)
    which = (
        "import-business"
        if name.namespace != DXP
        else "transfer-node"
        if name.localname == "DxpMsgSv"
        else "terminal-node"
    )
    return official_schema(f"{which}-202205.xsd").validate(root)


def we_accept(root: etree._Element) -> bool:
    return not flaws(root)


def built(name: str) -> etree._Element:
    return built_message(PAPERS / "fields-import.csv", name)


@pytest.mark.parametrize("name", SAMPLES)
def test_official_samples_are_accepted_by_both(name: str) -> None:
    sample = parse_xml((OFFICIAL / "samples" / f"{name}.xml").read_bytes())
    assert customs_accept(sample)
    assert we_accept(sample)


@pytest.mark.parametrize("name", ROOTS)
def test_a_message_with_every_field_of_the_table_is_accepted_by_both(name: str) -> None:
    message = built(name)
    assert customs_accept(message)
    assert we_accept(message), flaws(message)


@pytest.mark.parametrize("name", ROOTS)
def test_both_schemas_judge_changed_messages_alike(name: str) -> None:
    found_bases = bases(name)
    changed = (
        (f"seed {seed}, {what}", message)
        for seed, base in enumerate(found_bases)
        for what, message in mutations(base, PER_MESSAGE // len(found_bases), seed)
    )
    found, judged = disagreements(changed, customs_accept)
    assert found == []
    assert min(judged.values()) > PER_MESSAGE // 20, judged


@pytest.mark.parametrize("name", ROOTS)
def test_both_schemas_draw_every_limit_at_the_same_place(name: str) -> None:
    at_the_limits = chain(values_at_the_limits(built(name)), counts_at_the_limits(built(name)))
    assert disagreements(at_the_limits, customs_accept)[0] == []


def bases(name: str) -> list[etree._Element]:
    if name in SAMPLES:
        return [built(name), parse_xml((OFFICIAL / "samples" / f"{name}.xml").read_bytes())]
    return [built(name)]
