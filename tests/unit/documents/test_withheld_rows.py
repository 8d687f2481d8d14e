"""Rows that are hidden, filtered out or struck through: kept back with a word, never declared unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from builders.desk import Desk, orders
from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.trial.rows import write_workbook


def changed(path: Path, *, hide: tuple[int, ...] = (), strike: tuple[int, ...] = (), cells: int | None = None) -> Path:
    """The workbook with these rows hidden, or struck through in their first cells."""
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    for row in hide:
        sheet.row_dimensions[row].hidden = True
    for row in strike:
        for cell in sheet[row][:cells]:
            cell.font = Font(strike=True)
    book.save(path)
    return path


@pytest.fixture
def three(tmp_path: Path) -> Path:
    return a_workbook(tmp_path / "o.xlsx", table([an_order(f"D-{number}") for number in (1, 2, 3)]))


def kept_back(opened: Opened) -> list[tuple[str, int | None]]:
    return [(one.id, one.place.row) for record in opened.records for one in record.problems]


def test_a_hidden_row_is_not_declared(three: Path) -> None:
    opened = Opened(changed(three, hide=(3,)))
    assert opened.ready == ["D-1", "D-3"]
    assert kept_back(opened) == [("CEBD-1060", 3)]


def test_a_row_struck_through_is_not_declared(three: Path) -> None:
    opened = Opened(changed(three, strike=(2, 4)))
    assert opened.ready == ["D-2"]
    assert kept_back(opened) == [("CEBD-1060", 2), ("CEBD-1060", 4)]


def test_a_single_cell_struck_through_is_no_row(three: Path) -> None:
    assert Opened(changed(three, strike=(2, 3, 4), cells=3)).ready == ["D-1", "D-2", "D-3"]


def test_many_rows_read_in_columns_are_kept_back_all_the_same(tmp_path: Path) -> None:
    rows = table([an_order(f"D-{number}", 订购人姓名=f"测试{number}") for number in range(400)])
    path = a_workbook(tmp_path / "o.xlsx", rows)
    opened = Opened(changed(path, hide=(100, 101), strike=(200,)))
    assert kept_back(opened) == [("CEBD-1060", 100), ("CEBD-1060", 101), ("CEBD-1060", 200)]
    assert len(opened.ready) == 397


def test_an_order_with_one_hidden_line_is_kept_back_whole(tmp_path: Path) -> None:
    line = {"商品序号": "2", "单价": "0", "总价": "0"}
    path = a_workbook(tmp_path / "o.xlsx", table([an_order("D-1"), an_order("D-1", **line), an_order("D-2")]))
    opened = Opened(changed(path, hide=(3,)))
    assert opened.ready == ["D-2"]
    assert kept_back(opened) == [("CEBD-1060", 3)]


def test_of_the_mistakes_of_a_hidden_row_nothing_is_said(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "o.xlsx", table([an_order("D-1"), an_order("D-2", 订购人姓名="")]))
    assert kept_back(Opened(changed(path, hide=(3,)))) == [("CEBD-1060", 3)]


def test_a_hidden_row_without_data_is_not_mentioned(tmp_path: Path) -> None:
    rows = [*table([an_order("D-1")]), [""], ["", "合计"]]
    opened = Opened(changed(a_workbook(tmp_path / "o.xlsx", rows), hide=(3, 4)))
    assert (opened.ready, kept_back(opened)) == (["D-1"], [])


def test_settings_that_declare_hidden_rows_have_them_declared_and_said(three: Path) -> None:
    settings = some_settings()
    enterprise = settings.enterprise[0].model_copy(update={"hidden_rows": "declare"})
    opened = Opened(changed(three, hide=(3,), strike=(4,)), settings.model_copy(update={"enterprise": (enterprise,)}))
    assert opened.ready == ["D-1", "D-2", "D-3"]
    assert [(one.id, one.place.row) for one in opened.problems] == [("CEBD-1015", 3)]


# In the store


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def dropped(desk: Desk, count: int, *hidden: int) -> list[tuple[str, list[str]]]:
    desk.count += 1
    path = desk.folder / f"{desk.count}.xlsx"
    write_workbook(path, "order", orders(count))
    return [(row["state"], row["ids"]) for row in desk.convert(changed(path, hide=hidden))]


def said(desk: Desk) -> list[tuple[str, str]]:
    return [(one.id, one.zh) for one in desk.converted.problems]


def test_one_word_counts_the_rows_that_were_kept_back(desk: Desk) -> None:
    assert dropped(desk, 4, 3, 4) == [
        ("ready", []),
        ("rejected", ["CEBD-1060"]),
        ("rejected", ["CEBD-1060"]),
        ("ready", []),
    ]
    assert said(desk) == [("CEBD-1061", "2 行被隐藏、筛选或划掉，未申报（第一处在第 3 行）")]


def test_a_hidden_row_that_is_declared_already_is_unchanged_and_not_mentioned(desk: Desk) -> None:
    dropped(desk, 3)
    assert dropped(desk, 3, 2, 3) == [("repeat", ["CEBD-1403"])] * 3
    assert said(desk) == []


def test_the_rows_go_when_they_are_seen_again(desk: Desk) -> None:
    dropped(desk, 2, 3)
    assert dropped(desk, 2) == [("repeat", ["CEBD-1403"]), ("ready", [])]


def test_a_hidden_row_does_not_hold_a_file_whose_other_rows_are_good(desk: Desk) -> None:
    enterprise = desk.settings.enterprise[0].model_copy(update={"on_bad_rows": "hold-file"})
    desk.settings = desk.settings.model_copy(update={"enterprise": (enterprise,)})
    assert dropped(desk, 2, 3) == [("ready", []), ("rejected", ["CEBD-1060"])]
