"""Names that we write fit every disk and Windows, and stay readable."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cebd.file_names import (
    NAME_BYTES,
    fitting,
    fitting_stem,
    numbered,
    path_as_text,
    path_from_text,
    readable,
    same_on_disk,
)

ANY_NAME = st.binary(min_size=1, max_size=255).map(os.fsdecode)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("订单 2026-11-26.xlsx", "订单 2026-11-26.xlsx"),
        ("订单 12:30.csv", "订单 12：30.csv"),
        ("日报?.csv", "日报？.csv"),
        ("a<b>|c*\"d\"\\e.xml", "a＜b＞｜c＊＂d＂＼e.xml"),
        ("two\nlines\t.csv", "two_lines_.csv"),
        ("gpj\u202exslx.csv", "gpjxslx.csv"),
        ("end. . ", "end"),
        (" in front.csv", "in front.csv"),
        ("CON.xlsx", "CON_.xlsx"),
        ("nul", "nul_"),
        ("com1.tar.gz", "com1_.tar.gz"),
        ("console.csv", "console.csv"),
        (os.fsdecode("订单0001.csv".encode("gbk")), "订单0001.csv"),
        (os.fsdecode(b"a\xff\xfe.csv"), "a_xFF_xFE.csv"),
        ("...", "_"),
    ],
)  # fmt: skip
def test_a_name_is_made_to_fit(theirs: str, ours: str) -> None:
    assert fitting(theirs) == ours
    assert fitting(ours) == ours


def test_a_long_name_keeps_its_beginning_its_end_and_its_ending() -> None:
    ours = fitting("单" * 60 + "二〇二六年十一月" + ".csv")
    assert len(ours.encode()) <= NAME_BYTES
    assert ours.startswith("单单单")
    assert ours.endswith("二〇二六年十一月.csv")


@settings(max_examples=400)
@given(ANY_NAME)
@example("\x00.\udc80")
@example("CON" + "单" * 100)
@example("a." + "." * 240)
def test_every_name_fits(name: str) -> None:
    for ours in (fitting(name), fitting_stem(name), numbered(name, 12)):
        assert 1 <= len(ours.encode()) <= NAME_BYTES
        assert not set(ours) & set('<>:"/\\|?*')
        assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in ours)
        assert ours == ours.strip()
        assert not ours.endswith(".")
        assert fitting(ours) == ours


@given(ANY_NAME)
def test_the_store_gives_a_path_back_to_the_byte(name: str) -> None:
    path = Path("inbox") / name.replace("/", "_").replace("\0", "_")
    stored = path_as_text(path)
    assert os.fsencode(path_from_text(stored)) == os.fsencode(path)
    stored.encode()
    readable(name).encode()


def test_names_that_differ_in_case_or_in_how_accents_are_written_are_one_on_some_disk() -> None:
    assert same_on_disk("Orders") == same_on_disk("orders")
    assert same_on_disk("Zoë") == same_on_disk(unicodedata.normalize("NFD", "ZOË"))


def test_a_number_goes_before_the_ending() -> None:
    assert [numbered("orders.csv", one) for one in (1, 2, 10)] == ["orders.csv", "orders-2.csv", "orders-10.csv"]
