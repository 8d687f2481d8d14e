"""CSV as programs write it: quotes that do not pair, characters that no text has, files put one behind the other."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.workbooks import ORDER, Opened, an_order, table
from cebd.documents.workbooks.unreadable import Unreadable

COLUMNS = list(ORDER)


def text_of(rows: list[list[Any]], ending: str = "\r\n", separator: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ending, delimiter=separator).writerows(rows)
    return text.getvalue()


def orders(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [an_order(f"D-{number:04}", **changes) for number in range(1, count + 1)]


def dropped(path: Path, text: str) -> Opened:
    path.write_bytes(text.encode())
    return Opened(path)


def refusal(path: Path, text: str) -> tuple[str, str | None, str | None]:
    with pytest.raises(Unreadable) as raised:
        dropped(path, text)
    return raised.value.problem.id, raised.value.problem.place.cell, raised.value.problem.value


def with_cell(rows: list[dict[str, Any]], row: int, heading: str, written: str) -> str:
    """The text of these rows, with that cell (row from 1) written as it is given."""
    rows[row - 1] = {**rows[row - 1], heading: "HERE"}
    return text_of(table(rows)).replace("HERE", written)


# Quotes


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_quote_that_is_never_closed_is_named_where_it_opens(tmp_path: Path, ending: str) -> None:
    text = with_cell(orders(300), 151, "商品规格型号", '"大号').replace("\r\n", ending)
    assert refusal(tmp_path / "o.csv", text) == ("CEBD-1070", "U152", "152")


@pytest.mark.parametrize("closing", range(3, 9))
@pytest.mark.parametrize("heading", ["订单编号", "电商平台名称", "商品规格型号", "原产国"])
def test_two_stray_quotes_with_rows_between_are_named_where_the_first_opens(
    tmp_path: Path, closing: int, heading: str
) -> None:
    rows = orders(8)
    text = with_cell(rows, 2, "商品规格型号", '"大号')
    text = "".join(
        line.replace(f"D-{closing:04}" if heading == "订单编号" else rows[0][heading], 'x"', 1)
        if line.startswith(f"D-{closing:04}")
        else line
        for line in text.splitlines(keepends=True)
    )
    assert refusal(tmp_path / "o.csv", text)[:2] == ("CEBD-1070", "U3")


def test_a_stray_quote_that_meets_a_cell_in_quotes_is_named_where_it_opens(tmp_path: Path) -> None:
    rows = orders(20)
    rows[15]["收货地址"] = "测试省, 测试市"
    assert refusal(tmp_path / "o.csv", with_cell(rows, 3, "商品规格型号", '"大号')) == ("CEBD-1070", "U4", "4")


def test_the_line_is_counted_through_cells_with_line_breaks(tmp_path: Path) -> None:
    rows = orders(9)
    rows[0]["收货地址"] = "测试省\n测试市"
    rows[3]["收货地址"] = "测试省\n测试市"
    problem = refusal(tmp_path / "o.csv", with_cell(rows, 4, "商品规格型号", '"大号'))
    assert problem == ("CEBD-1070", "U5", "7")  # the fifth row, whose last line is the seventh of the file


def test_rows_written_without_their_last_empty_cells_are_missed_all_the_same(tmp_path: Path) -> None:
    rows = [[*row, *([""] * 30)] for row in table(orders(6))]
    text = text_of(rows).replace("," * 30 + "\r\n", "\r\n")
    lines = text.split("\r\n")
    lines[0] += ",a" * 30
    lines[2] = lines[2].replace("规格1", '"规格1')
    lines[4] = lines[4].replace("测试电商有限公司", '测试"', 1)
    assert refusal(tmp_path / "o.csv", "\r\n".join(lines))[:2] == ("CEBD-1070", "U3")


@pytest.mark.parametrize(
    "address",
    [
        "测试省\n测试市测试路1号",
        "Rm 1203, Bldg 5\r\nTest Road 1, Test City",
        "a, b, c, d, e\n100020, Beijing, CN, x",
        "测试路1\r2\r3",
    ],
)
def test_an_address_with_line_breaks_and_commas_is_declared(tmp_path: Path, address: str) -> None:
    opened = dropped(tmp_path / "o.csv", text_of(table(orders(3, 收货地址=address))))
    assert opened.ready == ["D-0001", "D-0002", "D-0003"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(2, 12),
    st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), max_size=4),
    st.sampled_from([",", "\t", ";"]),
)
def test_no_row_goes_missing_without_a_word(
    tmp_path: Path, count: int, strays: list[tuple[int, bool]], separator: str
) -> None:
    text = text_of(table(orders(count, 收货地址="a, b\nc")), separator=separator)
    for place, at_a_cell in strays:
        at = place % len(text)
        if at_a_cell:
            at = text.find(separator, at) + 1
        text = text[:at] + '"' + text[at:]
    try:
        opened = dropped(tmp_path / "o.csv", text)
    except Unreadable:
        return
    said = [one for one in opened.problems if one.severity == "error"]
    assert said or sum(len(record.rows) for record in opened.records) >= count


# Characters that no text has


def test_a_zero_character_costs_its_row_and_is_named_with_its_cell(tmp_path: Path) -> None:
    rows = orders(3)
    rows[1]["收货地址"] = "测试\0路"
    rows[2]["数量"] = "\x012"
    opened = dropped(tmp_path / "o.csv", text_of(table(rows)))
    assert opened.ready == ["D-0001"]
    assert [opened.found(1), opened.found(2)] == [[("CEBD-1209", "Q3")], [("CEBD-1209", "X4")]]
    assert "Character 3 of" in opened.records[1].problems[0].en
    assert "U+0000" in opened.records[1].problems[0].zh
    assert "U+0001" in opened.records[2].problems[0].zh


def test_a_file_full_of_zeros_is_no_text(tmp_path: Path) -> None:
    text = text_of(table(orders(3)))
    with pytest.raises(Unreadable, match="zero bytes"):
        dropped(tmp_path / "o.csv", text + "\0" * 4096)
    (tmp_path / "o.csv").write_bytes(text.encode("utf-16-le"))
    with pytest.raises(Unreadable, match="zero bytes"):
        Opened(tmp_path / "o.csv")


# Files put one behind the other


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\r\n\x1a\x1a\x1a", "\r\n\x1a\r\n"])
def test_ctrl_z_at_the_end_is_no_record(tmp_path: Path, end: str) -> None:
    opened = dropped(tmp_path / "o.csv", text_of(table(orders(2))).removesuffix("\r\n") + end)
    assert (opened.ready, opened.said()) == (["D-0001", "D-0002"], ["CEBD-1016"])


@pytest.mark.parametrize("between", ["", "\ufeff", "\x1a", "\x1a\ufeff", "\r\n\ufeff"])
def test_two_files_joined_are_read_as_one(tmp_path: Path, between: str) -> None:
    first, second = text_of(table(orders(1))), text_of(table([an_order("D-0002")]))
    opened = dropped(tmp_path / "o.csv", "\ufeff" + first + between + second)
    assert (opened.ready, opened.said()) == (["D-0001", "D-0002"], ["CEBD-1016"])


def test_a_mark_between_files_hides_no_order(tmp_path: Path) -> None:
    text = text_of(table(orders(2))).replace("D-0002", "\ufeffD-0002")
    assert dropped(tmp_path / "o.csv", text).ready == ["D-0001", "D-0002"]


def test_other_headings_further_down_are_not_read_by_the_first_ones(tmp_path: Path) -> None:
    other = {heading: an_order("D-0002")[heading] for heading in sorted(COLUMNS)}
    text = text_of(table(orders(1))) + text_of(table([other]))
    assert refusal(tmp_path / "o.csv", text)[0] == "CEBD-1071"
