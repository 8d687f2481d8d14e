"""Whatever a cell of the operator's holds: the receipt workbook shows it, and reading that back gives the same cell."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.receipt_rows import Rows, a_record, book_of
from cebd.documents.workbooks.sheets import read_sheets


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), min_size=1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.integers(-(10**15) + 1, 10**15 - 1).map(float)
        | st.from_regex(r"(_x[0-9A-F]{4})+_", fullmatch=True)
        | st.from_regex(r"[0-9]{1,25}", fullmatch=True, alphabet="0123456789"),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_cell_holds_it_is_read_back_as_it_was(values: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        book_of(Path(folder), [a_record("rejected", 2)], Rows("订单", ["列"] * len(values), values))
        (sheet,) = read_sheets(Path(folder) / "x.receipt.xlsx")
        read = list(sheet.rows())[1][: len(values)]
    assert read == values
    assert [type(cell) for cell in read] == [type(value) for value in values]
