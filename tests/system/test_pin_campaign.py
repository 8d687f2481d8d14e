"""Whatever is killed, restored or lied about: no PIN fails twice, and no token locks. Many more runs: `./dev soak pin`."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.libraries import needs_compiler
from builders.softhsm import needs_softhsm
from soak.pin import campaign, station_run

pytestmark = [needs_softhsm, needs_compiler]


@pytest.mark.parametrize(("kind", "runs"), [("pkcs11", 45), ("skf", 45), ("control", 12)])
def test_no_pin_fails_twice_and_no_token_locks(kind: str, runs: int) -> None:
    told = campaign(20260304, runs, 1, kind=kind)
    assert told.runs == runs
    assert not told.broken
    assert min(told.killed, told.logged_in, sum(told.refused.values())) > 0.3 * runs


def test_a_guard_that_forgets_is_found_out() -> None:
    """As if what is remembered lay in the store."""
    assert campaign(20260304, 12, 1, forgets=True).broken


def test_a_whole_station_that_is_killed_restored_and_given_a_new_store_keeps_the_promise(tmp_path: Path) -> None:
    assert station_run(tmp_path, seed=17) is None
