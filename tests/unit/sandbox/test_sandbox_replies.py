"""What the schemas have the simulated customs side say means to cebd what it is meant to: two descriptions, made apart, agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.added_types import add_stock_counts, types_from
from cebd.customs.statuses import already_there, rests, state_for
from cebd.messages.description import MessageType, declarations
from cebd.records.states import FINAL, State
from cebd.sandbox.answering import replies

EVERY = [*declarations(), *declarations(export=True)]


@pytest.mark.parametrize("message", EVERY, ids=lambda message: message.code)
def test_the_life_of_a_declaration_ends_well_and_its_errors_refuse(message: MessageType) -> None:
    agree_on(message.code)


def test_so_it_is_with_a_type_that_was_added(tmp_path: Path) -> None:
    with types_from(add_stock_counts(tmp_path)):
        agree_on("CEB911")


def agree_on(code: str) -> None:
    assert replies.answers(code)
    *on_its_way, (last, _) = replies.life(code, "1", stored=False)
    assert state_for(code, last) is State.SUCCEEDED
    [(first, _)] = replies.life(code, "1", stored=False, waiting=True)
    assert rests(code, first) == (replies.waits_for(code) is not None)
    assert state_for(code, on_its_way[0][0]) not in FINAL
    assert already_there(code, *replies.already_there(code, "X1"))
    for reply in (replies.not_there(code, "X1"), replies.bad_signature(code, "X1")):
        assert state_for(code, reply[0]) is State.REFUSED
        assert not already_there(code, *reply)
