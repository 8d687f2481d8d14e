"""A state has one name, whoever tells it: the receipt's column, or a problem that speaks of an earlier declaration."""

from __future__ import annotations

import pytest

from cebd.receipts.publishing.book.styles import WORDS
from cebd.records.states import STATES_IN_CHINESE, State


@pytest.mark.parametrize("state", [State.REJECTED, State.HELD, State.READY, State.SIGNED, State.SENT, State.IN_DOUBT])
def test_a_problem_calls_a_state_as_the_receipt_does(state: State) -> None:
    assert STATES_IN_CHINESE[state] == WORDS[state].zh
