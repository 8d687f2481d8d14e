"""Records that come as columns: those that are all right are made together, what is out of the ordinary is read row by row."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from builders.clocks import StillClock
from builders.odd_sheets import OddSheet, right_sheet
from builders.two_ways import two_ways
from cebd.documents.reading.layouts import recognise
from cebd.documents.reading.record_form import RecordForm
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.side_by_side import SideBySide
from cebd.documents.workbooks.chunks import Rows, as_columns
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.messages.description import message_type
from cebd.records.record import Record

Change = Callable[[OddSheet], object]


def column(odd: OddSheet, key: str, *cells: Any) -> None:
    """Put the cells into that column, from the first row of data on; an Ellipsis leaves its cell as it is."""
    for row, cell in zip(odd.rows[1:], cells, strict=False):
        if cell is not ...:
            row[odd.keys.index(key)] = cell


def apart(odd: OddSheet, lines: int = 1) -> list[int]:
    """The numbers of the rows that are read row by row, of all that stand side by side."""
    layout = recognise([odd.sheet], message_type(odd.kind), {})
    read: list[int] = []

    def row_by_row(rows: list[Numbered]) -> Record:
        read.extend(number for number, _ in rows)
        return Record("", (), "", "", layout.head.sheet.name, (), "", b"", ())  # type: ignore[arg-type]  # nobody looks at it

    form = RecordForm(layout, odd.options, StillClock().now())
    cells = as_columns(Rows(2, odd.rows[1:])).cells
    rows = DataColumns(range(2, len(odd.rows) + 1), cells)
    counts = [lines] * ((len(odd.rows) - 1) // lines)
    assert len(list(SideBySide(form, odd.options.figures, row_by_row).records(rows, counts, ()))) == len(counts)
    return read


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("kind", ["order", "inventory", "payment", "waybill", "waybill-status", "cancel", "return"])
def test_of_records_that_are_right_no_row_is_looked_at(kind: str, lines: int) -> None:
    odd = right_sheet(kind, 70, lines)
    assert apart(odd, lines if any(key.startswith("line.") for key in odd.keys) else 1) == []


def test_of_records_that_are_wrong_no_other_is_looked_at() -> None:
    odd = right_sheet("order", 80)
    column(odd, "head.freight", ..., "包邮")  # a cell
    column(odd, "head.acturalPaid", *[...] * 70, "1.00")  # a rule
    column(odd, "line.unit", *[...] * 30, "箱子")  # a code
    column(odd, "head.buyerName", *[...] * 50, "")  # a text that is missing
    assert apart(odd) == [3, 32, 52, 72]


def test_amounts_as_numbers_and_texts_with_signs_are_nothing_out_of_the_ordinary() -> None:
    odd = right_sheet("order", 80)
    for key in ("head.goodsValue", "head.taxTotal", "head.acturalPaid", "line.price", "line.qty", "line.totalPrice"):
        column(odd, key, *(float(row[odd.keys.index(key)]) for row in odd.rows[1:]))
    column(odd, "head.consigneeAddress", *(f"示例路{number}号 <{number}> & 3-201室" for number in range(80)))
    column(odd, "line.gmodel", *(f"{number}% \\ %s" for number in range(40)))
    assert apart(odd) == []
    [both] = two_ways([odd.sheet], [200], odd.options)
    assert both.is_equal and both.by_columns.ready == 80


def lines_left_out(odd: OddSheet) -> None:
    odd.settings = {"defaults": {"line.gnum": "1", "line.logisticsNo": "YD1"}}
    for key in odd.keys:
        if key.startswith("line."):
            column(odd, key, ..., "")


def too_many_lines(odd: OddSheet) -> None:
    odd.rows[3:4] = [list(odd.rows[3]) for _ in range(100)]


def copies(odd: OddSheet) -> None:
    odd.settings = {"defaults": {"buyerRegNo": "{buyerTelephone}", "buyerTelephone": "{consignee}"}}
    column(odd, "head.buyerRegNo", "", ..., "", "", "")
    column(odd, "head.buyerTelephone", ..., "", "", "")
    column(odd, "head.consignee", ..., ..., "")


def stored_only(odd: OddSheet) -> None:
    odd.settings = {"defaults": {"appStatus": "1"}}


def tolerated(odd: OddSheet) -> None:
    odd.settings = {"severities": {"CEBD-1203": "warning"}}
    column(odd, "line.unit", ..., "999")


def another_head(odd: OddSheet) -> None:
    column(odd, "head.buyerName", ..., ..., ..., "别人")


def summed(odd: OddSheet) -> None:
    odd.settings = {"sum_per_order": ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")}


def two_without_a_number(odd: OddSheet) -> None:
    column(odd, "head.orderNo", ..., True, True, "#N/A", "#N/A")


def a_number_that_comes_back(odd: OddSheet) -> None:
    column(odd, "head.orderNo", *[...] * 40, "T0000000001")


def an_example_typed_over(odd: OddSheet) -> None:
    column(odd, "head.ebpName", ..., EXAMPLE)


def a_row_of_totals(odd: OddSheet) -> None:
    odd.rows.insert(9, ["合计", *[""] * (len(odd.keys) - 2), "12.00"])


def a_column_without_a_heading(odd: OddSheet) -> None:
    odd.rows[0] = [*odd.rows[0], ""]
    odd.rows[1:] = [[*row, "x" if number == 7 else ""] for number, row in enumerate(odd.rows[1:])]


def a_column_of_percent_signs(odd: OddSheet) -> None:
    column(odd, "head.ebpName", *["100 %"] * 80)


def numbers_beyond_doubt_and_others(odd: OddSheet) -> None:
    column(odd, "head.ebpName", *(float(number * 37) / 4 for number in range(76)), 1e16, -0.0, 1234567890123.4567, 1e-7)


CASES: list[tuple[str, int, Change, str]] = [
    ("export-arrival", 1, lines_left_out, ""),
    ("return", 1, too_many_lines, "CEBD-1012"),
    ("order", 1, copies, "CEBD-1201"),
    ("order", 1, stored_only, "CEBD-1340"),
    ("order", 1, tolerated, "CEBD-1203"),
    ("order", 2, another_head, "CEBD-1013"),
    ("order", 2, summed, "CEBD-1303"),
    ("order", 1, two_without_a_number, "CEBD-1211"),
    ("order", 1, a_number_that_comes_back, ""),
    ("order", 1, an_example_typed_over, "CEBD-1030"),
    ("order", 1, a_row_of_totals, ""),
    ("order", 1, a_column_without_a_heading, ""),
    ("order", 1, a_column_of_percent_signs, ""),
    ("order", 1, numbers_beyond_doubt_and_others, "CEBD-1205"),
]


@pytest.mark.parametrize(("kind", "lines", "change", "said"), CASES, ids=[change.__name__ for _, _, change, _ in CASES])
def test_what_is_out_of_the_ordinary_is_said_as_it_is_row_by_row(
    kind: str, lines: int, change: Change, said: str
) -> None:
    odd = right_sheet(kind, 80, lines)
    change(odd)
    [both] = two_ways([odd.sheet], [300], odd.options, message_type(kind))
    assert both.is_equal, both.differences()[0]
    assert not said or said in {problem.id for record in both.by_columns.records for problem in record.problems}


def test_rows_of_one_record_that_stand_in_two_chunks_are_one_record() -> None:
    odd = right_sheet("inventory", 60, 3)
    for size in (16, 17, 100):
        [both] = two_ways([odd.sheet], [size], odd.options)
        assert both.is_equal and both.by_columns.ready == 60
        assert all(one.rows[-1] + 1 == other.rows[0] for one, other in pairwise(both.by_columns.records))
