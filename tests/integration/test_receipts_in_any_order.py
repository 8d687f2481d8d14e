"""Receipts come by three channels in any order, a fifth of them twice, with garbage among them."""

from __future__ import annotations

import random
from pathlib import Path

from builders.channel_sides import ClientFolders, DxpFolders, Folders
from builders.unordered import in_any_order, in_order, receipts_about


def test_lists_end_as_they_do_when_each_receipt_comes_once_and_in_its_order(tmp_path: Path) -> None:
    """Ten thousand of them, by other kinds of channels too: `./dev soak unordered`."""
    chance = random.Random(7)
    lists = [f"L{number}" for number in range(30)]
    receipts = receipts_about(lists, chance)
    for name in ("plain", "dxp", "client", "ordered", "unordered"):
        (tmp_path / name).mkdir()
    sides = {
        "a": Folders(tmp_path / "plain"),
        "b": DxpFolders(tmp_path / "dxp"),
        "c": ClientFolders(tmp_path / "client"),
    }
    expected = in_order(tmp_path / "ordered", lists, receipts)
    found, stored = in_any_order(tmp_path / "unordered", lists, receipts, sides, chance)
    assert found == expected
    assert len({state for state, *_ in found.values()}) > 2  # they did not all end alike
    # One that comes by two channels is stored twice, and says nothing new.
    assert stored["applied"] >= len(set(receipts))
    assert stored["unreadable"] >= 1
    assert set(stored) == {"applied", "unreadable"}
