"""Rows of one record are brought together; a file that makes all its rows one record does not fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cebd.documents.reading.rows.grouping import Adjacent, NumberComesBack, gathered
from cebd.documents.workbooks.unreadable import Unreadable

Row = list[object]


def number_of(row: Row) -> str:
    return str(row[0])


def numbered(rows: list[Row]) -> list[tuple[int, Row]]:
    return list(enumerate(rows, 1))


def adjacent(rows: Iterable[tuple[int, Row]], number_of: Callable[[Row], str]) -> Iterator[list[tuple[int, Row]]]:
    """The records of these rows, as they come to their ends."""
    current = Adjacent(number_of)
    for numbered_row in rows:
        if ended := current.add(numbered_row):
            yield ended
    if ended := current.end():
        yield ended


def test_rows_that_follow_each_other_with_one_number_are_one_record() -> None:
    rows = numbered([["A"], ["A"], ["B"], [""], [""], ["C"]])
    assert [[number for number, _ in one] for one in adjacent(rows, number_of)] == [[1, 2], [3], [4], [5], [6]]


def test_a_number_that_comes_back_is_noticed() -> None:
    with pytest.raises(NumberComesBack):
        list(adjacent(numbered([["A"], ["B"], ["A"]]), number_of))


def test_rows_that_stand_apart_are_gathered_in_the_order_in_which_their_numbers_come() -> None:
    rows = numbered([["B"], ["A"], [""], ["B"], [""]])
    found = gathered(rows, number_of, alone=True).values()
    assert [[number for number, _ in one] for one in found] == [[1, 4], [2], [3], [5]]


def test_lines_without_a_number_are_gathered_under_none() -> None:
    found = gathered(numbered([["A"], [""], [""]]), number_of, alone=False)
    assert {key: [number for number, _ in one] for key, one in found.items()} == {"A": [1], "": [2, 3]}


@given(st.lists(st.sampled_from(["A", "B", "C", ""]), max_size=30))
def test_no_row_is_lost_or_doubled(numbers: list[str]) -> None:
    rows = numbered([[number] for number in numbers])
    found = [row for one in gathered(rows, number_of, alone=True).values() for row in one]
    assert sorted(number for number, _ in found) == list(range(1, len(numbers) + 1))
    try:
        assert [row for one in adjacent(rows, number_of) for row in one] == rows
    except NumberComesBack:
        assert [a for a, b in zip(numbers, [*numbers[1:], None], strict=True) if a and a != b] != list(
            dict.fromkeys(number for number in numbers if number)
        )


def test_a_record_of_twenty_thousand_rows_is_read_and_of_one_more_refused() -> None:
    row: Row = ["A", "x"]
    assert [len(one) for one in adjacent([(number, row) for number in range(1, 20_001)], number_of)] == [20_000]
    with pytest.raises(Unreadable, match="from row 1 on, too many rows have the same number A"):
        list(adjacent([(number, row) for number in range(1, 20_002)], number_of))


def test_a_record_of_too_many_letters_is_refused_before_it_is_held() -> None:
    row: Row = ["A", *["x" * 30_000] * 20]
    taken = 0

    def rows() -> Iterator[tuple[int, Row]]:
        nonlocal taken
        for taken in range(1, 100_000):
            yield taken, row

    with pytest.raises(Unreadable, match="too many rows"):
        list(adjacent(rows(), number_of))
    assert taken < 250
    with pytest.raises(Unreadable, match="sort them by number first"):
        gathered(rows(), number_of, alone=True)
    assert taken < 250


def test_a_hundred_thousand_ordinary_rows_may_stand_apart() -> None:
    row: Row = ["A", *["fifteen letters"] * 40]
    assert len(gathered([(number, row) for number in range(100_000)], number_of, alone=True)["A"]) == 100_000
