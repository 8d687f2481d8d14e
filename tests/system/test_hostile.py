"""A sample of the hostile campaign: odd things of many kinds while orders go through; every promise still holds."""

from __future__ import annotations

from pathlib import Path

from soak.hostile import campaign, stays_cut


def test_ten_odd_things_while_twenty_orders_go_through(tmp_path: Path) -> None:
    outcome = campaign(tmp_path, seed=3, orders=20, odd=10, runs=2, without=(stays_cut,))
    assert outcome.as_promised(), outcome.broken
