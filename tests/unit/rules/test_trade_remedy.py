"""The note of goods under trade remedies: put together in the form that customs read, whatever else it says."""

from __future__ import annotations

import pytest

from cebd.rules.trade_remedy import TradeRemedy, note_with, remedy_in

WHOLE = TradeRemedy("某化工", "ACME Chemicals", "0.3", "0.105", "1", "SF2024000123", "2")


def test_a_note_keeps_what_it_says_and_gets_the_form_at_its_end() -> None:
    assert note_with("易碎", WHOLE) == "易碎|<某化工><ACME Chemicals><0.3><0.105><1>||SF2024000123,2|"
    assert note_with("", TradeRemedy(maker="ACME")) == "|<><ACME><><><>|"


def test_written_again_it_takes_the_place_of_what_it_said_before() -> None:
    first = note_with("易碎", WHOLE)
    assert first is not None
    assert remedy_in(first) == WHOLE
    assert note_with(first, WHOLE._replace(anti_dumping="0.5")) == first.replace("<0.3>", "<0.5>")


@pytest.mark.parametrize(
    "wrong",
    [{"anti_dumping": "30%"}, {"maker": "a<b"}, {"undertaking": "2"}, {"item": ""}, {"document": "a,b"}, {"item": "x"}],
)
def test_what_customs_would_not_read_is_not_written(wrong: dict[str, str]) -> None:
    assert note_with("易碎", WHOLE._replace(**wrong)) is None


def test_a_note_about_other_things_says_nothing_of_it() -> None:
    assert remedy_in("易碎 |<x>|") is None
