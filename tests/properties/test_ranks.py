"""Whatever comes about a list, in whatever order: what customs said last of all counts, and is not undone by what ranks below."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from builders.customs_words import REPEATED, SAID, Word, counts
from builders.declared import a_list_return, a_receipt, an_open_store, declare, settle, the_record
from soak.histories import campaign


class AListAtCustoms(RuleBasedStateMachine):
    """A list that was handed over; receipts about it come one after the other."""

    @initialize(in_doubt=st.booleans())
    def hand_over(self, in_doubt: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = an_open_store(Path(self.folder.name))
        self.store = self.opened.__enter__()
        attempts = ("in_doubt",) if in_doubt else ()
        (self.mine,) = declare(self.store, "L1", code="CEB621", earlier_attempts=attempts)
        self.in_doubt = in_doubt
        self.said: list[Word] = []
        self.rank = -1

    @rule(status=st.sampled_from(SAID), second=st.sampled_from((0, 0, 1, 2, None)))
    def say(self, status: str, second: int | None) -> None:
        word = Word(status, second)
        self.said.append(word)
        settle(self.store, a_receipt(a_list_return("L1", word.status, word.time, word.info)))

    @rule()
    def say_again_what_was_said(self) -> None:
        for word in self.said[:1]:
            self.say(word.status, word.second)

    @invariant()
    def the_word_of_the_highest_rank_counts(self) -> None:
        if not getattr(self, "said", None):
            return
        record = the_record(self.store, self.mine)
        # After a hand-over in doubt "declared already" proves that it arrived, and decides nothing.
        deciding = [word for word in self.said if not (self.in_doubt and word.status == REPEATED[0])]
        wanted = (counts(deciding).status, counts(deciding).state) if deciding else (REPEATED[0], "acknowledged")
        assert (record["status"], record["state"]) == wanted

    @invariant()
    def nothing_falls_back(self) -> None:
        if getattr(self, "said", None):
            rank = Word(the_record(self.store, self.mine)["status"], 0).rank
            assert rank >= self.rank
            self.rank = rank

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()


TestAListAtCustoms = AListAtCustoms.TestCase
TestAListAtCustoms.settings = settings(
    max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_of_some_histories_none_falls_back_from_customs_word(tmp_path: Path) -> None:
    assert campaign(tmp_path, random.Random(7), 60) == []
