"""A certificate that is about to end is named 60, 30, 15, 7 and 1 days before, and nothing is signed with one that has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from builders.certificates import DAY, Authority, rsa_key
from builders.clocks import StillClock
from cebd.clock import CST
from cebd.signing.certificate_watch import watch_certificates
from cebd.signing.known_token import KnownToken
from cebd.signing.signer import Certificate
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.tokens import Identity

KEY = rsa_key("the enterprise's")


class Watched:
    """A signer `eport` that signed with a certificate; the clock stands as many days before its end as a test says."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = StillClock()
        self.conditions = Conditions(store, self.clock)
        self.ends = self.signs_with(0xA1, 300)

    def signs_with(self, number: int, days: int) -> datetime:
        issued = Authority().issue(KEY.public_key(), number, ends=days * DAY)
        KnownToken(self.store, self.clock, "eport", f"{number:02x}").before_use("0001", "m", Certificate(issued))
        return issued.not_valid_after_utc

    def days_before_the_end(self, days: float, signers: tuple[str, ...] = ("eport",)) -> list[tuple[str, str]]:
        """Look at that time: the conditions that stand, by id, with their English text."""
        self.clock.moment = self.ends - timedelta(days=days)
        watch_certificates(self.store, self.clock, self.conditions, signers)
        return [(one.problem.id, one.problem.en) for one in self.conditions.current()]


@pytest.fixture
def watched(store: Store) -> Watched:
    return Watched(store)


@pytest.mark.parametrize(
    ("days", "problem", "stage"),
    [(60, "CEBD-1523", 60), (31, "CEBD-1523", 60), (30, "CEBD-1523", 30), (15, "CEBD-1523", 15), (8, "CEBD-1523", 15),
     (7, "CEBD-1524", 7), (2, "CEBD-1524", 7), (1, "CEBD-1524", 1), (0.01, "CEBD-1524", 1)],
)  # fmt: skip
def test_it_is_named_with_its_number_its_end_and_how_near_that_is(
    watched: Watched, days: float, problem: str, stage: int
) -> None:
    [(found, text)] = watched.days_before_the_end(days)
    assert found == problem
    assert "The certificate a1 of signer eport ends on 20" in text
    assert f"within {stage} days" in text
    [condition] = watched.conditions.current()
    assert (condition.key, condition.party) == ("certificate:eport", Party.ADMINISTRATOR)


@pytest.mark.parametrize(
    "days", [60.01, 200, 0, -5], ids=["before the first stage", "long before", "at its end", "after"]
)
def test_long_before_and_after_its_end_there_is_nothing_to_name(watched: Watched, days: float) -> None:
    assert watched.days_before_the_end(days) == []


def test_the_log_names_each_stage_once(watched: Watched) -> None:
    with capture_logs() as logs:
        for quarters in range(70 * 4, -2, -1):
            watched.days_before_the_end(quarters / 4)
    assert [entry["within_days"] for entry in logs if entry["event"] == "certificate ends soon"] == [60, 30, 15, 7, 1]


def test_a_renewed_certificate_ends_it(watched: Watched) -> None:
    assert watched.days_before_the_end(7)
    watched.signs_with(0xA2, 700)
    assert watched.days_before_the_end(7) == []


def test_a_signer_that_left_the_settings_is_not_watched(watched: Watched) -> None:
    assert watched.days_before_the_end(7)
    assert watched.days_before_the_end(7, ("another",)) == []


def test_the_list_of_tokens_counts_the_whole_days_that_are_left() -> None:
    identity = Identity("0001", "m", valid_until="2026-12-11T00:00:00+08:00")
    assert identity.days_left(datetime(2026, 12, 1, tzinfo=CST)) == 10
    assert identity.days_left(datetime(2026, 12, 10, 12, tzinfo=CST)) == 0
    assert identity.days_left(datetime(2026, 12, 11, 12, tzinfo=CST)) == -1
    assert Identity("0001", "m").days_left(datetime(2026, 12, 1, tzinfo=CST)) is None
