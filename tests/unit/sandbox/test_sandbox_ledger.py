"""The ledger holds whole arrivals, whatever moment the power went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cebd.sandbox.ledger import NAME, append, mend_ledger, read_ledger


def an_arrival(name: str, count: int) -> list[dict[str, Any]]:
    return [{"file": name, "key": {"orderNo": f"单{number}"}} for number in range(count)]


def files(folder: Path) -> list[str]:
    return [entry["file"] for entry in read_ledger(folder)]


def test_what_was_entered_is_read_again(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == []
    append(tmp_path, an_arrival("a", 2))
    append(tmp_path, an_arrival("b", 1))
    assert files(tmp_path) == ["a", "a", "b"]
    assert read_ledger(tmp_path)[1]["key"] == {"orderNo": "单1"}


def test_an_arrival_cut_anywhere_is_left_out_whole_and_the_next_one_is_not_glued_to_it(tmp_path: Path) -> None:
    append(tmp_path, an_arrival("a", 2))
    before = (tmp_path / NAME).read_bytes()
    append(tmp_path, an_arrival("b", 3))
    whole = (tmp_path / NAME).read_bytes()
    for cut in range(len(before), len(whole)):
        (tmp_path / NAME).write_bytes(whole[:cut])
        assert files(tmp_path) == ["a", "a"]
        mend_ledger(tmp_path)
        assert (tmp_path / NAME).read_bytes() == before
        append(tmp_path, an_arrival("c", 1))
        assert files(tmp_path) == ["a", "a", "c"]


def test_a_whole_ledger_is_not_touched(tmp_path: Path) -> None:
    mend_ledger(tmp_path)
    assert not (tmp_path / NAME).exists()
    append(tmp_path, an_arrival("a", 2))
    before = (tmp_path / NAME).read_bytes()
    mend_ledger(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_line_separator_inside_a_key_is_no_end_of_a_line(tmp_path: Path) -> None:
    append(tmp_path, [{"file": "a", "key": {"orderNo": "x\u2028y\x85z"}}])
    assert read_ledger(tmp_path)[0]["key"]["orderNo"] == "x\u2028y\x85z"
