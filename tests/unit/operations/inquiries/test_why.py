"""`cebd why FILE`: which rule took, ignored or refused a file, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.declared import a_drop
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.operations.inquiries.why import Verdict, why
from cebd.problems.problem import problem
from cebd.settings import Settings, load_settings
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store


@dataclass
class Here:
    """A station's settings, store and inbox, without a daemon."""

    settings: Settings
    store: Store
    inbox: Path

    def lies(self, name: str) -> None:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    def told(self, file: str) -> Verdict:
        (verdict,) = why(self.settings, file)
        return verdict


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = new_station(tmp_path / "station", port=2222)
    settings = load_settings(made.settings)
    with closing(open_store(settings.store_dir)) as store:
        yield Here(settings, store, made.inbox)


def test_of_a_file_that_was_taken_it_says_as_what_and_where_it_is_now(here: Here) -> None:
    a_drop(here.store, "orders.xlsx", enterprise="trial", records=7)
    told = here.told("orders.xlsx")
    assert (told.verdict, told.enterprise, told.to_do) == ("taken", "trial", None)
    for word in ("CEB311", "7", "done/2026-03-04/orders.xlsx"):
        assert word in told.rule.zh
        assert word in told.rule.en


def test_of_a_file_with_the_same_content_it_names_the_first_one(here: Here) -> None:
    first = a_drop(here.store, "orders.xlsx", enterprise="trial")
    a_drop(here.store, "again.xlsx", enterprise="trial", repeat_of=first)
    told = here.told("again.xlsx")
    assert told.verdict == "repeated"
    assert f"orders.xlsx（编号 {first}）" in told.rule.zh
    assert f"orders.xlsx (number {first})" in told.rule.en


def test_of_a_file_kept_back_and_of_one_without_a_good_row_it_says_what_to_do(here: Here) -> None:
    a_drop(here.store, "held.xlsx", enterprise="trial", outcome="hold")
    a_drop(here.store, "bad.xlsx", enterprise="trial", outcome="error")
    for name, verdict in (("held.xlsx", "held"), ("bad.xlsx", "refused")):
        told = here.told(name)
        assert told.verdict == verdict
        assert told.to_do is not None
        assert "改正" in told.to_do.zh


@pytest.mark.parametrize("name", ["~$orders.xlsx", ".orders.xlsx", "orders.xlsx.part"])
def test_of_a_name_that_is_ignored_it_says_why_and_how_to_have_it_declared(here: Here, name: str) -> None:
    here.lies(name)
    told = here.told(name)
    assert told.verdict == "ignored"
    assert name in told.rule.zh
    assert told.to_do is not None
    assert "改名" in told.to_do.zh


def test_of_a_file_that_lies_in_the_inbox_it_says_what_keeps_it_there(here: Here) -> None:
    here.lies("fresh.xlsx")
    here.lies("open.xlsx")
    Conditions(here.store, StillClock()).note(
        "file:trial:inbox/open.xlsx", problem("CEBD-1742", value="open.xlsx", reason="in use"), Party.OPERATOR
    )
    assert here.told("fresh.xlsx").verdict == "waiting"
    told = here.told("open.xlsx")
    assert told.verdict == "waiting"
    assert "CEBD-1742" in told.rule.zh
    assert told.since is not None


def test_of_a_file_that_nobody_knows_it_names_the_inboxes_where_it_was_looked_for(here: Here) -> None:
    told = here.told("nowhere.xlsx")
    assert told.verdict == "unknown"
    assert str(here.inbox) in told.rule.zh


def test_a_file_that_was_taken_and_lies_there_again_has_both_told_the_present_one_first(here: Here) -> None:
    a_drop(here.store, "orders.xlsx", enterprise="trial")
    here.lies("orders.xlsx")
    assert [one.verdict for one in why(here.settings, "orders.xlsx")] == ["waiting", "taken"]
