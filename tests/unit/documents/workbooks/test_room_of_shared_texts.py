"""Shared texts that were read are kept for the next cells, in a room that no workbook can make larger."""

from __future__ import annotations

import tracemalloc
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cebd.documents.workbooks.xlsx import plain_texts
from cebd.documents.workbooks.xlsx.archive import MIB
from cebd.documents.workbooks.xlsx.plain_texts import PlainTexts
from cebd.documents.workbooks.xlsx.shared_strings import SharedTexts

_ROOM, _ONE_BLOCK = 2 * MIB, 12 * MIB  # of a block: its bytes, its texts in one, its texts
_COUNT = 60_000


def _texts_of(text: str) -> SharedTexts:
    element = b"<is><t>%b</t></is>" % text.encode()
    starts = array("I", range(0, len(element) * (_COUNT + 1), len(element)))
    return SharedTexts(bytearray(element * _COUNT), starts, len(element))


@contextmanager
def _at_most(most: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["a" * 200, "😀" + "a" * 200], ids=["one byte a sign", "four bytes a sign"])
def test_cells_that_ask_all_over_the_texts_do_not_keep_them_all(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_texts, "_MAX_KEPT_BYTES", _ROOM)
    texts = PlainTexts(_texts_of(text), lambda _cells: [])
    with _at_most(_ROOM + _ONE_BLOCK):
        for _ in range(3):
            asked = range(0, _COUNT, 500)
            assert texts.texts(asked) == [text] * len(asked)


def test_texts_that_were_forgotten_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_texts, "_MAX_KEPT_BYTES", 0)
    numbered = [b"<is><t>%d</t></is>" % number for number in range(10_000)]
    starts = array("I", [0])
    for element in numbered:
        starts.append(starts[-1] + len(element))
    texts = PlainTexts(SharedTexts(bytearray(b"".join(numbered)), starts, len(numbered[-1])), lambda _cells: [])
    for asked in ([3, 9_999, 5_000], [5_001, 4], [3, 9_999], list(range(4_000, 4_200))):
        assert texts.texts(asked) == list(map(str, asked))
