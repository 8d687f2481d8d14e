"""Refusals by the dozen are one trouble, of the enterprise that they concern; they are forgotten after an hour."""

from __future__ import annotations

from pathlib import Path

from builders.clocks import StillClock
from builders.declared import a_receipt, a_return, an_open_store, declare, settle
from cebd.receipts.refusals import Refusals
from cebd.store.conditions import Conditions
from cebd.store.store import Store


class Desk:
    def __init__(self, store: Store) -> None:
        self.store, self.seconds = store, 0.0
        self.conditions = Conditions(store, StillClock())
        self.refusals = Refusals(store, self.conditions, lambda: self.seconds)
        self.refusals.begin()

    def refused(self, *numbers: str, enterprise: str = "甲") -> None:
        declare(self.store, *numbers, enterprise=enterprise)
        settle(self.store, a_receipt(*(a_return(number, "-301008", "093000") for number in numbers)))
        self.refusals.look(something_new=True)

    def said(self) -> dict[str, str]:
        return {condition.key: condition.problem.zh for condition in self.conditions.current()}


def test_a_dozen_refusals_within_an_hour_are_named_with_their_most_frequent_code(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        desk = Desk(store)
        desk.refused(*(f"A{number}" for number in range(11)))
        assert desk.said() == {}
        desk.refused("A11")
        assert list(desk.said()) == ["refusals:甲"]
        assert "12 单" in desk.said()["refusals:甲"]
        assert "-301008" in desk.said()["refusals:甲"]


def test_they_are_forgotten_after_an_hour(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        desk = Desk(store)
        desk.refused(*(f"A{number}" for number in range(12)))
        desk.seconds = 3601.0
        desk.refusals.look(something_new=False)
        assert desk.said() == {}


def test_what_was_refused_before_the_start_is_not_counted(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        Desk(store).refused(*(f"A{number}" for number in range(12)))
        later = Desk(store)
        later.refused("B1")
        assert later.said() == {}
