"""Work apart: one that hangs is waited for once, for a little, and keeps no other."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from cebd.apart import Apart, NoAnswer, answered


def test_one_that_hangs_keeps_no_other_waiting_and_is_not_begun_twice() -> None:
    apart, answers, done = Apart("test", patience=0.1), threading.Event(), []

    def hang() -> None:
        done.append("hangs")
        answers.wait(60)

    works = {"hangs": hang, "goes on": lambda: done.append("goes on")}
    assert list(apart.in_turn(works)) == ["hangs"]
    began = time.monotonic()
    assert apart.in_turn(works)["hangs"] >= 0.1
    assert time.monotonic() - began < 20
    assert done == ["hangs", "goes on", "goes on"]
    answers.set()
    while apart.at_it():
        time.sleep(0.01)
    assert not apart.in_turn(works)
    assert done.count("hangs") == 2


def test_what_one_raises_is_raised_once_all_had_their_turn() -> None:
    apart, done = Apart("test"), []

    def fail() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        apart.in_turn({"fails": fail, "goes on": lambda: done.append(1)})
    assert done == [1]
    assert not apart.in_turn({"fails": lambda: done.append(2)})
    assert done == [1, 2]


def test_no_answer_is_an_error_of_the_system(tmp_path: Path) -> None:
    answers = threading.Event()
    with pytest.raises(NoAnswer) as raised:
        answered(lambda: answers.wait(60), tmp_path, seconds=0.05)
    with pytest.raises(NoAnswer):
        answered(lambda: True, tmp_path, seconds=60)
    assert isinstance(raised.value, OSError)
    assert answered(lambda: 5, tmp_path / "another") == 5
    answers.set()
    with pytest.raises(KeyError):
        answered(lambda: {}["gone"], tmp_path / "another")
