"""Whatever a cell of the operator's holds: the receipt workbook shows it, and reading that back gives the same cell."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.examples import examples
from builders.receipt_rows import Rows, a_record, book_of
from cebd.documents.workbooks.sheets import read_sheets

_TEXTS = (
    st.text("a&<>\"' %_x04值\n", min_size=1, max_size=6),
    st.from_regex(r"[0-9]{1,25}", fullmatch=True, alphabet="0123456789"),
    st.from_regex(r"(_x[0-9A-F]{4})+_", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), min_size=1),
)
_NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**15) + 1, 10**15 - 1).map(float),
)


@st.composite
def tables(draw: Any) -> list[list[Any]]:
    """Rows of as many cells each; a column has texts of one kind, the same all the way down, or anything."""
    count = draw(st.integers(1, 4))
    many = {"min_size": count, "max_size": count}
    of_a_kind = [st.lists(kind, **many) for kind in (*_TEXTS, st.one_of(*_TEXTS, *_NUMBERS))]
    column = st.one_of(*of_a_kind, st.one_of(*_TEXTS).map(lambda text: [text] * count))
    return list(map(list, zip(*draw(st.lists(column, min_size=1, max_size=5)), strict=True)))


FRONT = 5  # columns of cebd's before the operator's


@given(tables())
@settings(max_examples=examples(30, 500), deadline=None)
def test_whatever_a_cell_holds_it_is_read_back_as_it_was(rows: list[list[Any]]) -> None:
    with TemporaryDirectory() as folder:
        records = [a_record("rejected" if number % 2 else "sent", number) for number in range(2, len(rows) + 2)]
        book_of(Path(folder), records, Rows("订单", ["列"] * len(rows[0]), *rows))
        sheet = read_sheets(Path(folder) / "x.receipt.xlsx")[0]
        read = [row[FRONT : FRONT + len(rows[0])] for row in list(sheet.rows())[1:]]
    assert read == rows
    assert [[type(cell) for cell in row] for row in read] == [[type(cell) for cell in row] for row in rows]
