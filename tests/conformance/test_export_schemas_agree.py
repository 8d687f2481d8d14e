"""The project's export schemas and the official one accept and refuse the same messages."""

from __future__ import annotations

from itertools import chain

import pytest
from lxml import etree

from builders.papers import PAPERS, needs_official, official_schema
from builders.schema_agreement import disagreements
from builders.schema_mutations import built_message, counts_at_the_limits, mutations, values_at_the_limits
from cebd.messages.description import message_types
from cebd.messages.schema import flaws

pytestmark = needs_official

ROOTS = [f"{code}Message" for code in message_types(export=True)]
PER_MESSAGE = 500


def customs_accept(root: etree._Element) -> bool:
    return official_schema("export-business-202205.xsd").validate(root)


def we_accept(root: etree._Element) -> bool:
    return not flaws(root)


def built(name: str) -> etree._Element:
    return built_message(PAPERS / "fields-export.csv", name)


def test_every_message_of_the_official_table_is_described() -> None:
    lines = (PAPERS / "fields-export.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert sorted({line.partition(",")[0] for line in lines}) == ROOTS


@pytest.mark.parametrize("name", ROOTS)
def test_a_message_with_every_field_of_the_table_is_accepted_by_both(name: str) -> None:
    message = built(name)
    assert customs_accept(message), official_schema("export-business-202205.xsd").error_log
    assert we_accept(message), flaws(message)


@pytest.mark.parametrize("name", ROOTS)
def test_both_schemas_judge_changed_messages_alike(name: str) -> None:
    found, judged = disagreements(mutations(built(name), PER_MESSAGE, seed=0), customs_accept)
    assert found == []
    assert min(judged.values()) > PER_MESSAGE // 20, judged


@pytest.mark.parametrize("name", ROOTS)
def test_both_schemas_draw_every_limit_at_the_same_place(name: str) -> None:
    at_the_limits = chain(values_at_the_limits(built(name)), counts_at_the_limits(built(name)))
    assert disagreements(at_the_limits, customs_accept)[0] == []
