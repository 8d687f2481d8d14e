"""A new card takes over on the day that the settings name: `status` says it before and after, and the old card is not missed any more."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from builders.clocks import StillClock
from builders.settings_files import GOOD, mistakes_of
from cebd.clock import CST
from cebd.settings import load_settings
from cebd.signing.duty import on_duty, relieved
from cebd.signing.taking_over import name_cards
from cebd.station.failures import Failures
from cebd.station.ways_out.ways_out import WaysOut
from cebd.store.conditions import Conditions
from cebd.store.store import Store

DAY = date(2026, 12, 1)
BEFORE, AFTER = date(2026, 11, 30), date(2026, 12, 1)
OLD_AND_NEW = {"old": None, "new": DAY}


@pytest.mark.parametrize(
    ("days", "today", "signs"),
    [
        ({"a": None, "b": None}, BEFORE, ("a", "b")),
        (OLD_AND_NEW, BEFORE, ("old",)),
        (OLD_AND_NEW, AFTER, ("new",)),
        ({"old": None, "new": DAY, "too": DAY}, AFTER, ("new", "too")),
        ({"old": None, "new": DAY, "newer": date(2027, 6, 1)}, AFTER, ("new",)),
        ({"old": None, "new": DAY, "newer": date(2027, 6, 1)}, date(2027, 6, 1), ("newer",)),
        ({"only": DAY}, BEFORE, ("only",)),  # there is nobody to take over from
    ],
)
def test_the_old_card_signs_until_the_day_and_the_new_one_from_then_on(
    days: dict[str, date | None], today: date, signs: tuple[str, ...]
) -> None:
    assert on_duty(days, days, today) == signs


def test_a_card_is_relieved_only_where_no_enterprise_needs_it_any_more() -> None:
    assert relieved([("old", "new")], OLD_AND_NEW, BEFORE) == set()
    assert relieved([("old", "new")], OLD_AND_NEW, AFTER) == {"old"}
    assert relieved([("old", "new"), ("old",)], OLD_AND_NEW, AFTER) == set()


def test_status_says_it_before_and_after_until_the_old_card_is_out_of_the_settings(store: Store) -> None:
    clock = StillClock()
    conditions = Conditions(store, clock)

    def said(moment: datetime, signers: tuple[str, ...] = ("old", "new")) -> list[tuple[str, str]]:
        clock.moment = moment
        name_cards({"one": signers}, OLD_AND_NEW, clock, conditions)
        return [(one.problem.id, one.problem.en) for one in conditions.current()]

    midnight = datetime(2026, 12, 1, tzinfo=CST)
    assert said(midnight - timedelta(seconds=1)) == [
        ("CEBD-1528", "one: from 2026-12-01 on new signs; until then old does")
    ]
    assert said(midnight) == [("CEBD-1529", "one: since 2026-12-01 new signs; old is not used any more")]
    assert said(midnight, ("new",)) == []


def test_a_station_asks_for_the_card_that_signs_today_and_for_no_other(store: Store, tmp_path: Path) -> None:
    text = GOOD.replace('signer = "s"', 'signer = ["s", "new"]')
    text += '[signer.new]\ntype = "software"\nkey = "new.pem"\ntakes_over = 2026-12-01\n'
    (tmp_path / "cebd.toml").write_text(text, encoding="utf-8")
    settings = load_settings(tmp_path / "cebd.toml")
    clock = StillClock()
    conditions = Conditions(store, clock)
    ways = WaysOut(settings, store, clock, conditions, Failures(conditions), {})

    def missed(moment: datetime) -> list[str]:
        clock.moment = moment
        for watcher in ways.watchers().values():
            watcher.look(threading.Event())
            assert watcher.is_at_rest()
        return [one.key for one in conditions.current()]

    midnight = datetime(2026, 12, 1, tzinfo=CST)
    assert missed(midnight - timedelta(seconds=1)) == ["signer:s"]  # neither key file is there
    assert missed(midnight) == ["signer:new"]


def test_a_day_in_quotes_or_none_at_all_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "cebd.toml").write_text(GOOD.replace('key = "k.pem"', 'key = "k.pem"\ntakes_over = "soon"'), "utf-8")
    assert mistakes_of(tmp_path / "cebd.toml") == [
        "line 16: signer.s.takes_over: must be a day without quotes: 2027-01-01"
    ]
